package stylize

import (
	"context"

	"github.com/gestalt-vision/gestalt/pixel"
)

// Sample is a picture before and after.
type Sample struct {
	Picture  string // its key
	Style    string // name of the style
	Content  *pixel.Image
	Stylised *pixel.Image
	Error    string // why there are no pictures
}

// Samples stylises the first copies of the pictures that the recipe takes, as Run does, and writes nothing. They are in
// the order of the set.
func (j *Job) Samples(ctx context.Context) ([]Sample, error) {
	if err := j.check(); err != nil {
		return nil, err
	}
	var all []Sample
	for i := range j.pictures() {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		p, err := j.prepare(i * j.Recipe.Copies)
		if err != nil {
			return nil, err
		}
		s := Sample{Picture: p.entry.Picture, Style: p.style.Name, Content: p.content, Error: p.entry.Error}
		if s.Error == "" {
			out, err := j.paint(ctx, []prepared{p})
			if err != nil {
				return nil, err
			}
			s.Stylised = out.Image(0)
		}
		all = append(all, s)
		if j.Progress != nil {
			j.Progress(i+1, j.pictures())
		}
	}
	return all, nil
}
