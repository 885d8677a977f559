package style

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"

	"github.com/gestalt-vision/gestalt/dataset"
	"github.com/gestalt-vision/gestalt/pixel"
)

// cropper makes the pictures that a decoder is trained on: epoch by epoch each picture of a set once, in an order drawn
// anew, its shorter side resized to twice the size of a random crop (the paper: 512 and 256 pixels). Picture n is a
// function of set, seed, purpose and n alone. Its methods may be called from several goroutines.
type cropper struct {
	set     *dataset.Set
	size    int
	seed    uint64
	purpose uint64

	mu     sync.Mutex
	epoch  int
	order  []int          // of the epoch
	broken map[int]string // why a picture can't be used, by its index in the set
}

// Purposes of random numbers.
const (
	contentPurpose = 0x636f6e74656e74 // "content"
	stylePurpose   = 0x7374796c65730a // "styles"
)

func newCropper(set *dataset.Set, size int, seed, purpose uint64) *cropper {
	return &cropper{set: set, size: size, seed: seed, purpose: purpose, broken: map[int]string{}}
}

// put writes picture n, counted from the beginning of training, into a batch. One that is broken gives way to the next in
// order; it is an error when all are.
func (c *cropper) put(n int, dst []float32) error {
	for i := range c.set.Len() {
		at := c.at(n + i)
		reason := c.why(at)
		if reason == "" {
			m, err := c.read(at)
			if err == nil {
				c.crop(m, n, dst)
				return nil
			}
			reason = err.Error()
			c.mu.Lock()
			c.broken[at] = reason
			c.mu.Unlock()
		}
		if i == c.set.Len()-1 {
			return fmt.Errorf("style: no picture of %s can be used: %s: %s", c.set.Path(), c.set.Item(at).Key, reason)
		}
	}
	return fmt.Errorf("style: %s holds no pictures", c.set.Path())
}

func (c *cropper) why(at int) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.broken[at]
}

// at is the index of picture n.
func (c *cropper) at(n int) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	if epoch := n / c.set.Len(); c.order == nil || epoch != c.epoch {
		c.epoch = epoch
		c.order = rand.New(rand.NewPCG(c.seed^c.purpose, uint64(epoch))).Perm(c.set.Len())
	}
	return c.order[n%c.set.Len()]
}

func (c *cropper) read(at int) (*pixel.Image, error) {
	data, err := c.set.Read(at)
	if err != nil {
		return nil, err
	}
	m, _, err := pixel.Decode(data)
	if err != nil {
		return nil, err
	}
	return pixel.ResizeShort(m.RGB(), 2*c.size, pixel.Bilinear), nil
}

// crop writes a random window of size x size pixels.
func (c *cropper) crop(m *pixel.Image, n int, dst []float32) {
	random := rand.New(rand.NewPCG(c.seed^c.purpose, ^uint64(n)))
	left, top := random.IntN(m.W-c.size+1), random.IntN(m.H-c.size+1)
	for y := range c.size {
		for x, v := range m.Row(top + y)[3*left : 3*(left+c.size)] {
			dst[3*c.size*y+x] = float32(v) / 255
		}
	}
}

// identity tells sets apart, by the names and sizes of their files.
func (c *cropper) identity() string {
	sum := sha256.New()
	for i := range c.set.Len() {
		item := c.set.Item(i)
		fmt.Fprintf(sum, "%s\n%d\n", item.Key, item.Size)
	}
	return fmt.Sprintf("%d pictures %s", c.set.Len(), hex.EncodeToString(sum.Sum(nil)[:8]))
}

// unusable lists the broken pictures met so far, in the order of the set.
func (c *cropper) unusable() (all []BrokenPicture) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for at, reason := range c.broken {
		all = append(all, BrokenPicture{c.set.Item(at).Key, reason})
	}
	slices.SortFunc(all, func(a, b BrokenPicture) int {
		if a.Picture < b.Picture {
			return -1
		}
		return 1
	})
	return all
}
