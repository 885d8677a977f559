package synth

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gestalt-vision/gestalt/pixel"
)

// NumClasses is the number of classes, each with an outline and a texture of its own.
const NumClasses = 16

// MinSize and MaxSize bound the side of a picture in pixels.
const (
	MinSize = 32
	MaxSize = 512
)

// Kind says what the pictures of a set show.
type Kind string

// The kinds. In all of them the picture of one index shows the same outline in the same place.
const (
	IN          Kind = "in"           // shape and texture of one class
	CueConflict Kind = "cue-conflict" // the shape of one class with the texture of another; all 240 pairs equally often
	Independent Kind = "independent"  // the texture of any class, so that it tells nothing; all 256 pairs equally often
	Silhouette  Kind = "silhouette"   // the shape in black on white
	Edge        Kind = "edge"         // the outline as a black line on white
	Greyscale   Kind = "greyscale"    // IN without colour
	Texture     Kind = "texture"      // the texture alone, filling the picture
	Clutter     Kind = "clutter"      // IN, the object in front of smaller ones of other classes
)

// Kinds are all kinds.
func Kinds() []Kind {
	return []Kind{IN, CueConflict, Independent, Silhouette, Edge, Greyscale, Texture, Clutter}
}

// Classes are the names of the classes, which are those of their shapes, in alphabetical order.
func Classes() []string {
	names := make([]string, NumClasses)
	for i, c := range classes {
		names[i] = c.name
	}
	return names
}

// Textures are the names of the texture families, in the order of the classes that they come with.
func Textures() []string {
	names := make([]string, NumClasses)
	for i, c := range classes {
		names[i] = c.texture.name
	}
	return names
}

// None stands in a [Truth] for a cue that the picture does not have.
const None = -1

// Truth is what a picture shows: the classes, 0 to 15, that its shape and its texture belong to, or [None].
type Truth struct{ Shape, Texture int }

// Class is the class that the picture counts as: that of its shape, or, where there is none, of its texture.
func (t Truth) Class() int {
	if t.Shape == None {
		return t.Texture
	}
	return t.Shape
}

// Options say which set.
type Options struct {
	Seed  uint64
	Split string // such as "train" and "val": sets of different splits share no picture
	Kind  Kind
	Size  int // side of the pictures in pixels
	Len   int // number of pictures
}

// Set is a set of pictures that are drawn when they are asked for. It may be used by several goroutines at once.
type Set struct {
	Options
	key uint64 // of seed and split
}

// New checks the options. An error says which of them is wrong and what it may be.
func New(o Options) (*Set, error) {
	switch {
	case !slices.Contains(Kinds(), o.Kind):
		return nil, fmt.Errorf("synth: there is no kind %q; there are %s", o.Kind, names(Kinds()))
	case o.Size < MinSize || o.Size > MaxSize:
		return nil, fmt.Errorf("synth: pictures of %d pixels: the side must be %d to %d", o.Size, MinSize, MaxSize)
	case o.Len < 1:
		return nil, fmt.Errorf("synth: a set of %d pictures: there must be 1 or more", o.Len)
	case o.Split == "":
		return nil, fmt.Errorf("synth: the split has no name; say which, such as train or val")
	}
	key := mix(o.Seed + 0x9E3779B97F4A7C15)
	for _, b := range []byte(o.Split) {
		key = mix(key ^ uint64(b) + 0x9E3779B97F4A7C15)
	}
	return &Set{o, key}, nil
}

func names(kinds []Kind) string {
	var list []string
	for _, k := range kinds {
		list = append(list, string(k))
	}
	return strings.Join(list, ", ")
}

// Truth is what picture i shows, without drawing it. Classes take turns, so that any two differ by at most one picture,
// and so do, in the sets that have them, pairs of shape and texture. It panics unless 0 <= i < Len.
func (s *Set) Truth(i int) Truth {
	if i < 0 || i >= s.Len {
		panic(fmt.Sprintf("synth: picture %d of %d", i, s.Len))
	}
	class, round := i%NumClasses, i/NumClasses
	switch s.Kind {
	case CueConflict:
		return Truth{class, (class + 1 + round%(NumClasses-1)) % NumClasses}
	case Independent:
		return Truth{class, (class + round) % NumClasses}
	case Silhouette, Edge:
		return Truth{class, None}
	case Texture:
		return Truth{None, class}
	}
	return Truth{class, class}
}

// Where objects stand: alone, or among others.
var (
	alone    = frame{0.22, 0.42, 0.16}
	foremost = frame{0.1, 0.15, 0.16}
	others   = frame{0.025, 0.06, 0.5}
)

// Picture draws picture i and says what it shows. It has three channels, also where it has no colours. It panics unless
// 0 <= i < Len.
func (s *Set) Picture(i int) (*pixel.Image, Truth) {
	truth := s.Truth(i)
	c := newCanvas(s.Size)
	defer c.free()
	key := mix(s.key ^ mix(uint64(i)+0x632BE59BD9B4E019))
	frame := alone
	if s.Kind == Clutter {
		frame = foremost
	}
	switch s.Kind {
	case Silhouette:
		c.outline(truth.Shape, stream(key, forOutline), frame)
		c.cover()
		return c.ink(), truth
	case Edge:
		c.outline(truth.Shape, stream(key, forOutline), frame)
		c.stroke(max(float32(s.Size)/64, 1.25))
		return c.ink(), truth
	}
	lamp := newLight(stream(key, forLight))
	if s.Kind == Texture {
		colours := newPalette(stream(key, forPalette))
		surface := newTexture(classes[truth.Texture].texture, stream(key, forTexture), 1/float32(s.Size))
		c.sheet(&surface, &colours, lamp)
	} else {
		c.background(stream(key, forBackground))
		if s.Kind == Clutter {
			s.clutter(c, key, truth.Shape, lamp)
		}
		c.thing(key, truth, frame, lamp)
	}
	grain := stream(key, forGrain)
	m := c.picture(grain, grain.between(1, 7))
	if s.Kind == Greyscale {
		grey(m)
	}
	return m, truth
}

// thing paints one object.
func (c *canvas) thing(key uint64, what Truth, f frame, lamp light) {
	at := c.outline(what.Shape, stream(key, forOutline), f)
	colours := newPalette(stream(key, forPalette))
	surface := newTexture(classes[what.Texture].texture, stream(key, forTexture), 1/float32(c.size))
	c.object(at, &surface, &colours, lamp)
}

// clutter paints three to six small objects of other classes, shape and texture each drawn by itself.
func (s *Set) clutter(c *canvas, key uint64, class int, lamp light) {
	r := stream(key, forClutter)
	for range 3 + r.below(4) {
		what := Truth{(class + 1 + r.below(NumClasses-1)) % NumClasses, (class + 1 + r.below(NumClasses-1)) % NumClasses}
		c.thing(r.next(), what, others, lamp)
	}
}

// grey replaces colours by their luma as Pillow's convert("L") computes it.
func grey(m *pixel.Image) {
	for i := 0; i < len(m.Pix); i += 3 {
		p := m.Pix[i : i+3]
		l := byte((19595*uint32(p[0]) + 38470*uint32(p[1]) + 7471*uint32(p[2]) + 0x8000) >> 16)
		p[0], p[1], p[2] = l, l, l
	}
}
