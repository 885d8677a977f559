package stylize

import (
	"fmt"
	"path"
	"strings"

	"github.com/gestalt-vision/gestalt/pixel"
)

// findMasks makes the index of masks.
func (j *Job) findMasks() {
	if j.Masks == nil || j.masks != nil {
		return
	}
	j.masks = make(map[string]int, j.Masks.Len())
	for i := range j.Masks.Len() {
		j.masks[bareKey(j.Masks.Item(i).Key)] = i
	}
}

// bareKey is a key without its extension.
func bareKey(key string) string { return strings.TrimSuffix(key, path.Ext(key)) }

// mask is that of a picture, cut as the picture will be; nil without masks.
func (j *Job) mask(key string, picture *pixel.Image) (*pixel.Image, error) {
	if j.Masks == nil {
		return nil, nil
	}
	i, found := j.masks[bareKey(key)]
	if !found {
		return nil, fmt.Errorf("%s has no mask for it", j.Masks.Path())
	}
	data, err := j.Masks.Read(i)
	if err != nil {
		return nil, err
	}
	m, _, err := pixel.Decode(data)
	if err != nil {
		return nil, fmt.Errorf("its mask: %w", err)
	}
	if m.W != picture.W || m.H != picture.H {
		return nil, fmt.Errorf("its mask has %d x %d pixels, it has %d x %d", m.W, m.H, picture.W, picture.H)
	}
	return j.Recipe.fit(m)
}
