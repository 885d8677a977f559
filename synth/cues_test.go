package synth

import (
	"math"
	"testing"

	"github.com/gestalt-vision/gestalt/pixel"
)

// The tests of this file ask simple classifiers what the pictures tell. Chance is 1/16 = 6.25%.

// centroids is a classifier: the class whose mean, in units of each feature's deviation, is nearest.
func centroids(train, test [][]float64, trainClass, testClass []int) float64 {
	d := len(train[0])
	mean, scale := make([]float64, d), make([]float64, d)
	for _, f := range train {
		for k, v := range f {
			mean[k] += v / float64(len(train))
		}
	}
	for _, f := range train {
		for k, v := range f {
			scale[k] += (v - mean[k]) * (v - mean[k]) / float64(len(train))
		}
	}
	centre, count := make([][]float64, NumClasses), make([]float64, NumClasses)
	for i, f := range train {
		c := trainClass[i]
		if centre[c] == nil {
			centre[c] = make([]float64, d)
		}
		count[c]++
		for k, v := range f {
			centre[c][k] += (v - centre[c][k]) / count[c]
		}
	}
	right := 0
	for i, f := range test {
		best, at := math.Inf(1), -1
		for c := range centre {
			sum := 0.0
			for k, v := range f {
				sum += (v - centre[c][k]) * (v - centre[c][k]) / (scale[k] + 1e-12)
			}
			if sum < best {
				best, at = sum, c
			}
		}
		if at == testClass[i] {
			right++
		}
	}
	return float64(right) / float64(len(test))
}

// accuracy is that of the centroids of a feature, on other pictures than they are the means of.
func accuracy(t *testing.T, kind Kind, train, test int, feature func(i int, s *Set) []float64) float64 {
	t.Helper()
	collect := func(split string, n int) (features [][]float64, class []int) {
		s := open(t, kind, split, 64, n)
		for i := range n {
			features = append(features, feature(i, s))
			class = append(class, s.Truth(i).Class())
		}
		return features, class
	}
	a, ac := collect("train", train)
	b, bc := collect("val", test)
	return centroids(a, b, ac, bc)
}

func picture(i int, s *Set) *pixel.Image { m, _ := s.Picture(i); return m }

// TestColourTellsNothing: mean colour of the whole picture, and histograms of 64 colours, stay near chance.
func TestColourTellsNothing(t *testing.T) {
	mean := accuracy(t, IN, 1600, 1600, func(i int, s *Set) []float64 {
		m, sum := picture(i, s), make([]float64, 3)
		for p, v := range m.Pix {
			sum[p%3] += float64(v)
		}
		return sum
	})
	histogram := accuracy(t, IN, 1600, 1600, func(i int, s *Set) []float64 {
		m, bins := picture(i, s), make([]float64, 64)
		for p := 0; p < len(m.Pix); p += 3 {
			bins[m.Pix[p]>>6<<4|m.Pix[p+1]>>6<<2|m.Pix[p+2]>>6]++
		}
		return bins
	})
	t.Logf("mean colour %.1f%%, histogram %.1f%%", 100*mean, 100*histogram)
	if mean > 0.09 {
		t.Errorf("mean colour tells the class of %.1f%%", 100*mean)
	}
	if histogram > 0.12 {
		t.Errorf("histograms of colour tell the class of %.1f%%", 100*histogram)
	}
}

// TestBackgroundTellsNothing: colour, contrast and gradients of the border of the picture, which no object reaches.
func TestBackgroundTellsNothing(t *testing.T) {
	got := accuracy(t, IN, 1600, 1600, func(i int, s *Set) []float64 {
		m, f := picture(i, s), make([]float64, 9)
		for x := 1; x < m.W; x++ {
			for c := range 3 {
				v, last := float64(m.Pix[3*x+c]), float64(m.Pix[3*x-3+c])
				f[c] += v
				f[3+c] += v * v
				f[6+c] += (v - last) * (v - last)
			}
		}
		return f
	})
	t.Logf("%.1f%%", 100*got)
	if got > 0.09 {
		t.Errorf("the uppermost row tells the class of %.1f%%", 100*got)
	}
}

// spectra are the powers of differences of lightness over several distances along two axes, and of what is left
// of second differences, against the contrast: a small bank of filters.
func spectra(m *pixel.Image, of func(x, y int) bool) []float64 {
	var f []float64
	at := func(x, y int) float64 {
		p := m.Pix[3*(y*m.W+x):]
		return 0.299*float64(p[0]) + 0.587*float64(p[1]) + 0.114*float64(p[2])
	}
	// The pattern may be turned in any direction: powers along four axes are sorted, so that the order does not tell.
	for _, d := range []int{1, 2, 3, 4, 6, 8} {
		var powers []float64
		for _, axis := range [][2]int{{1, 0}, {0, 1}, {1, 1}, {1, -1}} {
			power, fourth, n := 0.0, 0.0, 1e-9
			for y := d; y < m.H-d; y++ {
				for x := d; x < m.W-d; x++ {
					dx, dy := axis[0]*d, axis[1]*d
					if of(x, y) && of(x+dx, y+dy) && of(x-dx, y-dy) {
						v := 2*at(x, y) - at(x+dx, y+dy) - at(x-dx, y-dy)
						power, fourth, n = power+v*v, fourth+v*v*v*v, n+1
					}
				}
			}
			powers = append(powers, math.Log(power/n+1), math.Log((fourth/n+1)/(power*power/n/n+1)))
		}
		low, high, sum, peaked := math.Inf(1), math.Inf(-1), 0.0, 0.0
		for k := 0; k < len(powers); k += 2 {
			low, high, sum, peaked = min(low, powers[k]), max(high, powers[k]), sum+powers[k], peaked+powers[k+1]
		}
		f = append(f, sum/4, high-low, peaked/4)
	}
	for k := len(f) - 3; k >= 3; k -= 3 { // against the next finer one: contrast drops out
		f[k] -= f[k-3]
	}
	return f[1:]
}

// TestTexturesAreTold: simple statistics of filters tell the families, wherever and however the pattern lies.
func TestTexturesAreTold(t *testing.T) {
	got := accuracy(t, Texture, 640, 320, func(i int, s *Set) []float64 {
		return spectra(picture(i, s), func(x, y int) bool { return true })
	})
	t.Logf("%.1f%%", 100*got)
	if got < 0.65 {
		t.Errorf("spectra tell the family of %.1f%% of the textures only", 100*got)
	}
}

// ringSpectrum are the magnitudes of the Fourier coefficients of the silhouette around its centroid, ring by ring: what does
// not change with place, size and turn.
func ringSpectrum(m *pixel.Image) []float64 {
	sum, cx, cy := 0.0, 0.0, 0.0
	for y := range m.H {
		for x := range m.W {
			ink := 1 - float64(m.Pix[3*(y*m.W+x)])/255
			sum, cx, cy = sum+ink, cx+ink*float64(x), cy+ink*float64(y)
		}
	}
	cx, cy = cx/sum, cy/sum
	side := math.Sqrt(sum)
	var f []float64
	for _, radius := range []float64{0.2, 0.35, 0.5, 0.65, 0.8, 0.95} {
		const steps = 72
		for order := range 7 {
			re, im := 0.0, 0.0
			for k := range steps {
				a := 2 * math.Pi * float64(k) / steps
				x, y := int(cx+radius*side*math.Cos(a)+0.5), int(cy+radius*side*math.Sin(a)+0.5)
				if x < 0 || y < 0 || x >= m.W || y >= m.H {
					continue
				}
				ink := 1 - float64(m.Pix[3*(y*m.W+x)])/255
				re, im = re+ink*math.Cos(float64(order)*a), im+ink*math.Sin(float64(order)*a)
			}
			f = append(f, math.Hypot(re, im)/steps)
		}
	}
	return f
}

// TestShapesAreTold: the silhouette alone tells the class.
func TestShapesAreTold(t *testing.T) {
	got := accuracy(t, Silhouette, 1600, 800, func(i int, s *Set) []float64 { return ringSpectrum(picture(i, s)) })
	t.Logf("%.1f%%", 100*got)
	if got < 0.8 {
		t.Errorf("Fourier descriptors tell the class of %.1f%% of the silhouettes only", 100*got)
	}
}

// TestAreaTellsNothing: objects of all classes are equally large.
func TestAreaTellsNothing(t *testing.T) {
	got := accuracy(t, Silhouette, 1600, 1600, func(i int, s *Set) []float64 {
		m, sum := picture(i, s), 0.0
		for _, v := range m.Pix {
			sum += 255 - float64(v)
		}
		return []float64{sum}
	})
	t.Logf("%.1f%%", 100*got)
	if got > 0.12 {
		t.Errorf("the area tells the class of %.1f%% of the silhouettes", 100*got)
	}
}
