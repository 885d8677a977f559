package style

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/gomlx/compute"

	"github.com/gestalt-vision/gestalt/nets"
	"github.com/gestalt-vision/gestalt/pixel"
	"github.com/gestalt-vision/gestalt/weights"
)

// Arbitrary style transfer (Ghiasi et al. 2017, arXiv 1705.06830): a predictor turns a style picture into 100 numbers, a
// transformer repaints a picture as these say.
const (
	ghiasiNumbers = 100
	ghiasiSide    = 256 // pixels, of the pictures that the predictor is shown
	ghiasiStep    = 4   // the transformer takes heights and widths divisible by this
)

// GhiasiFiles are the files of weights: safetensors, PyTorch's, or Magenta's published .tflite files. There are two pairs of networks with vectors of their
// own: Magenta's small ones, and those of Jackson et al. (philipjackson/style-augmentation: checkpoint_transformer.pth,
// checkpoint_stylepredictor.pth, checkpoint_embeddings.pth). Which one a file belongs to is told by its tensors; files of
// both together are refused.
type GhiasiFiles struct {
	Transformer string
	Predictor   string // needed for Encode; may be ""
	// Embeddings hold the distribution of the style vectors of many paintings, needed for Draw: art.mean [100] and
	// art.covariance [100, 100], or pbn_embedding_mean and pbn_embedding_covariance (Painter By Numbers). An alpha below 1
	// without a predictor takes the mean vector of photographs from it, photo.mean or imagenet_embedding_mean, for every
	// picture's own. May be "".
	Embeddings string
}

// Ghiasi is the method with Jackson's style randomisation. It implements [Stylizer].
type Ghiasi struct {
	identity    string
	encoder     string
	alpha       float32
	compat      bool
	transformer *nets.Program
	predictor   *nets.Program // nil without one
	embeddings  *embeddings   // nil without one
}

// OpenGhiasi reads the networks onto an engine. alpha is how much of the style is used (Jackson et al. 2018, arXiv
// 1809.05375, section 3): the picture is repainted with
//
//	z = alpha · style + (1 - alpha) · predictor(picture)
//
// so that 1 is the style alone.
func OpenGhiasi(b compute.Backend, files GhiasiFiles, alpha float32) (*Ghiasi, error) {
	return (&Ghiasi{alpha: alpha}).opened(b, files)
}

// OpenGhiasiCompat is OpenGhiasi for the files of Jackson et al., run as their own program runs them, to make again what
// has been made with it. It differs in the picture's own vector, and so only for an alpha below 1 with a predictor, and in
// Encode:
//
//   - The program never leaves training mode: the predictor's batch norms normalise with the statistics of the batch. Here
//     that is each picture by itself, as in the program's example, so that no picture depends on its neighbours.
//   - Blue is divided by 0.255 where ImageNet's deviation is 0.225.
//   - The predictor sees pictures at their own size, not their central square at 256 pixels.
func OpenGhiasiCompat(b compute.Backend, files GhiasiFiles, alpha float32) (*Ghiasi, error) {
	return (&Ghiasi{alpha: alpha, compat: true}).opened(b, files)
}

func (g *Ghiasi) opened(b compute.Backend, files GhiasiFiles) (*Ghiasi, error) {
	if !(g.alpha >= 0 && g.alpha <= 1) {
		return nil, fmt.Errorf("style: alpha is %g, must be in 0..1", g.alpha)
	}
	if err := g.open(b, files); err != nil {
		return nil, errors.Join(err, g.Close())
	}
	return g, nil
}

func (g *Ghiasi) open(b compute.Backend, files GhiasiFiles) (err error) {
	var sums []string
	read := func(path string, which func(*weights.File) (pair, nets.Code), name string, example ...[]int) (*nets.Program, pair, error) {
		f, err := weights.Open(path)
		if err != nil {
			return nil, 0, err
		}
		defer f.Close()
		sums = append(sums, f.SHA256())
		of, code := which(f)
		program, err := nets.NewProgram(b, name, f, code, example...)
		return program, of, err
	}
	compat := ""
	if g.compat {
		compat = " compat"
	}
	var transforms, predicts pair
	g.transformer, transforms, err = read(files.Transformer, transformerIn, "ghiasi transformer", []int{1, 64, 64, 3}, []int{1, ghiasiNumbers})
	if err != nil {
		return err
	}
	if g.compat && transforms != jackson {
		return fmt.Errorf("style: %s is not of philipjackson/style-augmentation, whose program is the one to be compatible with", files.Transformer)
	}
	if files.Predictor != "" {
		which := func(f *weights.File) (pair, nets.Code) { return predictorIn(f, g.compat) }
		g.predictor, predicts, err = read(files.Predictor, which, "ghiasi predictor", []int{1, ghiasiSide, ghiasiSide, 3})
		if err == nil && predicts != transforms {
			err = otherPair(files.Predictor, predicts, files.Transformer, transforms)
		}
		g.encoder = "ghiasi" + compat + " weights=" + sums[len(sums)-1]
	}
	if err == nil && files.Embeddings != "" {
		g.embeddings, err = readEmbeddings(files.Embeddings)
		if err == nil && g.embeddings.of != transforms {
			err = otherPair(files.Embeddings, g.embeddings.of, files.Transformer, transforms)
		}
	}
	if err == nil && g.alpha < 1 && g.predictor == nil {
		if g.embeddings == nil || g.embeddings.photo == nil {
			return errors.New("style: an alpha below 1 mixes with the picture's own style and needs the predictor's weights, or the mean style of photographs")
		}
		sums = append(sums, g.embeddings.sha256)
	}
	g.identity = fmt.Sprintf("ghiasi%s alpha=%g weights=%s", compat, g.alpha, strings.Join(sums, ","))
	return err
}

// pair is one of the published pairs of a predictor and a transformer, whose style vectors mean nothing to the other.
type pair int

const (
	magenta pair = iota
	jackson
)

func (p pair) String() string { return [...]string{"Magenta's", "Jackson's"}[p] }

func otherPair(path string, is pair, transformer string, wants pair) error {
	return fmt.Errorf("style: %s belongs to %s networks and %s to %s; their style vectors do not mean the same", path, is, transformer, wants)
}

// transformerIn tells which transformer a file holds.
func transformerIn(f *weights.File) (pair, nets.Code) {
	if _, ok := f.Shape("layers.0.conv.weight"); ok {
		return jackson, jacksonTransformer
	}
	return magenta, magentaTransformer
}

// IsJackson says whether a file holds the transformer of Jackson et al., with which no other predictor and embeddings go than
// that project's.
func IsJackson(transformer string) (bool, error) {
	f, err := weights.Open(transformer)
	if err != nil {
		return false, err
	}
	defer f.Close()
	of, _ := transformerIn(f)
	return of == jackson, nil
}

// predictorIn tells which predictor a file holds.
func predictorIn(f *weights.File, compat bool) (pair, nets.Code) {
	if _, ok := f.Shape("Mixed_6e.branch1x1.conv.weight"); ok {
		return jackson, jacksonPredictor(compat)
	}
	return magenta, magentaPredictor
}

// Encode makes a style of a picture: its central square, resized to 256 pixels, through the predictor.
func (g *Ghiasi) Encode(picture *pixel.Image) (Style, error) {
	square := pixel.ResizeShortCrop(picture.RGB(), ghiasiSide, ghiasiSide, ghiasiSide, pixel.Bilinear)
	batch, err := BatchOf(square)
	if err != nil {
		return Style{}, err
	}
	z, err := g.predict(batch)
	return Style{Vector: z}, err
}

// predict gives the style vectors of a batch, whatever its size, [n, 100].
func (g *Ghiasi) predict(pictures Batch) ([]float32, error) {
	if g.predictor == nil {
		return nil, errors.New("style: the style of a picture needs the predictor's weights")
	}
	out, err := g.predictor.Run(pictures.array())
	if err != nil {
		return nil, err
	}
	return out[0].Values, nil
}

// Draw draws a style from the normal distribution of the style vectors of paintings: Jackson's style randomisation.
func (g *Ghiasi) Draw(seed uint64) (Style, error) {
	if g.embeddings == nil {
		return Style{}, errors.New("style: drawing a style needs the distribution of style vectors")
	}
	return Style{Name: fmt.Sprintf("random %d", seed), Vector: g.embeddings.paintings.draw(seed)}, nil
}

// Stylize repaints pictures of any size. One whose height or width is no multiple of 4 is mirrored at its right and lower
// edge to the next, and what comes out is cut back.
func (g *Ghiasi) Stylize(_ context.Context, contents Batch, styles []Style) (Batch, error) {
	if err := contents.check(styles, ghiasiNumbers); err != nil {
		return Batch{}, err
	}
	z := vectors(styles)
	if g.alpha < 1 {
		own, err := g.own(contents)
		if err != nil {
			return Batch{}, err
		}
		for i, v := range own {
			z.Values[i] = g.alpha*z.Values[i] + (1-g.alpha)*v
		}
	}
	out, err := g.transformer.Run(contents.array(), z)
	if err != nil {
		return Batch{}, err
	}
	contents.Pixels = out[0].Values
	return contents, nil
}

// own is the style vectors of the pictures themselves, seen as Encode sees a style.
func (g *Ghiasi) own(contents Batch) ([]float32, error) {
	switch {
	case g.predictor == nil:
		return slices.Repeat(g.embeddings.photo, contents.N), nil
	case g.compat:
		return g.ownSize(contents)
	}
	var all []float32
	for i := range contents.N {
		s, err := g.Encode(contents.Image(i))
		if err != nil {
			return nil, err
		}
		all = append(all, s.Vector...)
	}
	return all, nil
}

// ownSize is own as the program of Jackson et al. has it for a batch of one picture.
func (g *Ghiasi) ownSize(contents Batch) ([]float32, error) {
	var all []float32
	for i := range contents.N {
		z, err := g.predict(Batch{1, contents.H, contents.W, contents.picture(i)})
		if err != nil {
			return nil, err
		}
		all = append(all, z...)
	}
	return all, nil
}

// Identity implements [Stylizer].
func (g *Ghiasi) Identity() string { return g.identity }

// EncoderIdentity implements [Encoder].
func (g *Ghiasi) EncoderIdentity() string { return g.encoder }

// Close frees the networks.
func (g *Ghiasi) Close() error {
	var failed error
	for _, p := range []*nets.Program{g.transformer, g.predictor} {
		if p != nil {
			failed = errors.Join(failed, p.Close())
		}
	}
	return failed
}
