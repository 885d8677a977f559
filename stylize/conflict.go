package stylize

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/rand/v2"

	"github.com/gestalt-vision/gestalt/dataset"
	"github.com/gestalt-vision/gestalt/style"
)

// Pair is a picture to be made of the shape of one picture and the texture of another.
type Pair struct {
	Content, Style int    // their places in Pictures and in Textures
	Name           string // of what is made: its key without extension
}

// CueConflicts pairs objects with textures of other categories among the 16, as Geirhos et al. (ICLR 2019, section 2.1)
// made their stimuli: for every shape and every other texture, perPair different pairs, drawn with the seed. They are
// called as theirs, cat/cat7-elephant3, number 7 of the cats with the texture of number 3 of the elephants, counted from 1
// in the order of the sets; so the measure of shape bias knows what they show. They are in the order of their categories,
// shapes before textures. Every picture's class or name must tell its category.
func CueConflicts(objects *dataset.Set, textures *style.Pictures, perPair int, seed uint64) ([]Pair, error) {
	if perPair < 1 {
		return nil, fmt.Errorf("stylize: %d cue conflicts of each pair of categories", perPair)
	}
	shapes, err := byCategory(objects.Len(), objects.Item)
	if err != nil {
		return nil, fmt.Errorf("stylize: %s: %w", objects.Path(), err)
	}
	cover, err := byCategory(textures.Len(), textures.Item)
	if err != nil {
		return nil, fmt.Errorf("stylize: the textures: %w", err)
	}
	var pairs []Pair
	for _, shape := range dataset.Categories {
		for _, texture := range dataset.Categories {
			if shape == texture {
				continue
			}
			all := len(shapes[shape]) * len(cover[texture])
			for _, p := range drawOf("cue conflict "+shape+" "+texture, seed).Perm(all)[:min(perPair, all)] {
				i, j := p/len(cover[texture]), p%len(cover[texture])
				name := fmt.Sprintf("%s/%[1]s%d-%s%d", shape, i+1, texture, j+1)
				pairs = append(pairs, Pair{shapes[shape][i], cover[texture][j], name})
			}
		}
	}
	if len(pairs) == 0 {
		return nil, fmt.Errorf("stylize: no picture of %s and no texture are of different categories", objects.Path())
	}
	return pairs, nil
}

// byCategory sorts the places of pictures by their categories.
func byCategory(n int, item func(i int) dataset.Item) (map[string][]int, error) {
	found := map[string][]int{}
	for i := range n {
		category, err := item(i).EntryCategory()
		if err != nil {
			return nil, fmt.Errorf("%s: %w; list those that do with gestalt select --rule category16", item(i).Key, err)
		}
		found[category] = append(found[category], i)
	}
	return found, nil
}

// drawOf draws for a purpose with a seed.
func drawOf(purpose string, seed uint64) *rand.Rand {
	sum := sha256.Sum256(binary.LittleEndian.AppendUint64([]byte(purpose), seed))
	return rand.New(rand.NewPCG(binary.LittleEndian.Uint64(sum[:]), binary.LittleEndian.Uint64(sum[8:])))
}

// hashOfPairs is the SHA-256 of what pairs there are.
func hashOfPairs(pairs []Pair) string {
	sum := sha256.New()
	for _, p := range pairs {
		fmt.Fprintln(sum, p.Content, p.Style, p.Name)
	}
	return fmt.Sprintf("%x", sum.Sum(nil))
}
