package report

import (
	"encoding/base64"
	"html/template"
	"slices"

	"github.com/gestalt-vision/gestalt/measure"
)

// thumbViews sorts the thumbnails by observer, in the order in which the observers first appear, shape before texture;
// the order within a strip is the caller's.
func thumbViews(thumbs []Thumbnail) []thumbView {
	var out []thumbView
	for _, t := range thumbs {
		i := slices.IndexFunc(out, func(v thumbView) bool { return v.Observer == t.Observer })
		if i < 0 {
			i = len(out)
			out = append(out, thumbView{Observer: t.Observer})
		}
		title := "Most texture-like"
		if t.Kind == "shape" {
			title = "Most shape-like"
		}
		v := &out[i]
		k := slices.IndexFunc(v.Strips, func(s stripView) bool { return s.Title == title })
		if k < 0 {
			k = len(v.Strips)
			v.Strips = append(v.Strips, stripView{Title: title})
		}
		v.Strips[k].Pictures = append(v.Strips[k].Pictures, newPictureView(t))
	}
	for _, v := range out {
		slices.SortStableFunc(v.Strips, func(a, b stripView) int {
			if a.Title == b.Title {
				return 0
			}
			if a.Title == "Most shape-like" {
				return -1
			}
			return 1
		})
	}
	return out
}

func newPictureView(t Thumbnail) pictureView {
	p := pictureView{Name: t.Name, Caption: t.Caption}
	if s := measure.Float(t.Score); defined(s) {
		p.Score = decimals(s, 2)
	}
	if len(t.JPEG) > 0 {
		p.Source = template.URL("data:image/jpeg;base64," + base64.StdEncoding.EncodeToString(t.JPEG))
	}
	return p
}
