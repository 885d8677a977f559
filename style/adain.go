package style

import (
	"context"
	"errors"
	"fmt"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"

	"github.com/gestalt-vision/gestalt/nets"
	"github.com/gestalt-vision/gestalt/pixel"
	"github.com/gestalt-vision/gestalt/weights"
)

// AdaINFiles are the files of weights, safetensors or PyTorch's: as published (vgg_normalised.pth and decoder.pth of
// naoto0804/pytorch-AdaIN), or a network of package nets and a decoder that was trained with it.
type AdaINFiles struct {
	Encoder string
	Decoder string
}

// AdaINOptions say how pictures are repainted.
type AdaINOptions struct {
	// Alpha is how much of the style is used, 0..1: the decoder is given Alpha of the adapted feature and 1 - Alpha of the
	// picture's own.
	Alpha float32
	// StyleSide is the size in pixels that a picture of a style is seen in (its shorter side is resized to it, the central
	// square used), 256 where 0. It says how large brush strokes are: those of a style picture come out in the size that
	// they have there. (naoto0804/pytorch-AdaIN uses 512 by default, with content of 512.)
	StyleSide int
	// Encoder is the network that the file of the encoder belongs to; by default the published one.
	Encoder AdaINEncoder
}

// AdaIN is arbitrary style transfer by adaptive instance normalisation (Huang and Belongie 2017, arXiv 1703.06868): the
// deepest feature of an encoder is given, channel by channel, the mean and the deviation that it has for the picture of
// the style, and a decoder makes a picture of it. A style is these means, then these deviations: 1,024 numbers with the
// published encoder. It implements [Stylizer] and [Encoder].
type AdaIN struct {
	identity, encoderIdentity string
	side                      int
	encoder                   *encoder
	encode                    *nets.Program // pictures to styles
	repaint                   *nets.Program // pictures and styles to pictures
}

// The parts of the network, as nets.NewProgramOf has them.
const (
	adainEncoderPart = "encoder"
	adainDecoderPart = "decoder"
)

// OpenAdaIN reads the networks onto an engine.
func OpenAdaIN(b compute.Backend, files AdaINFiles, o AdaINOptions) (*AdaIN, error) {
	if !(o.Alpha >= 0 && o.Alpha <= 1) {
		return nil, fmt.Errorf("style: alpha is %g, must be in 0..1", o.Alpha)
	}
	if o.StyleSide == 0 {
		o.StyleSide = 256
	}
	e, err := o.Encoder.resolve(b)
	if err != nil {
		return nil, err
	}
	if least := 2 * e.last().stride; o.StyleSide < least {
		return nil, fmt.Errorf("style: pictures of styles are to be seen in %d pixels, the encoder needs %d", o.StyleSide, least)
	}
	encoderFile, err := weights.Open(files.Encoder)
	if err != nil {
		return nil, err
	}
	defer encoderFile.Close()
	decoderFile, err := weights.Open(files.Decoder)
	if err != nil {
		return nil, err
	}
	defer decoderFile.Close()
	if err := checkTrainedWith(decoderFile, e, encoderFile); err != nil {
		return nil, err
	}
	a := &AdaIN{side: o.StyleSide, encoder: e}
	a.encoderIdentity = fmt.Sprintf("adain encoder=%s side=%d weights=%s", e.name, o.StyleSide, encoderFile.SHA256())
	a.identity = fmt.Sprintf("adain encoder=%s alpha=%g weights=%s,%s", e.name, o.Alpha, encoderFile.SHA256(), decoderFile.SHA256())
	size := 4 * e.last().stride
	a.encode, err = nets.NewProgramOf(b, "adain encoder", map[string]*weights.File{adainEncoderPart: encoderFile},
		adainStyles(e), []int{1, size, size, 3})
	if err == nil {
		a.repaint, err = nets.NewProgramOf(b, "adain", map[string]*weights.File{adainEncoderPart: encoderFile, adainDecoderPart: decoderFile},
			adainPictures(e, float64(o.Alpha)), []int{1, size, size, 3}, []int{1, 2 * e.last().channels})
	}
	if err != nil {
		return nil, errors.Join(err, a.Close())
	}
	return a, nil
}

// adainStyles is the code of the programs that make styles of pictures.
func adainStyles(e *encoder) nets.Code {
	return func(s nets.Scope, in []*graph.Node) []*graph.Node {
		return []*graph.Node{statistics(e.deepest(s.In(adainEncoderPart), in[0]))}
	}
}

// adainPictures is the code of the programs that repaint pictures in styles.
func adainPictures(e *encoder, alpha float64) nets.Code {
	return func(s nets.Scope, in []*graph.Node) []*graph.Node {
		x := e.deepest(s.In(adainEncoderPart), wholeSteps(in[0], e.last().stride))
		x = decode(s.In(adainDecoderPart), adapt(x, in[1], alpha), e.levels)
		return []*graph.Node{cutTo(x, in[0])}
	}
}

// PublishedAdaIN is the published network as graph code for a [nets.Program]: pictures [batch, height, width, 3] of 0..1
// and styles [batch, 1024] to pictures. Its parameters are called encoder.0.weight … and decoder.1.weight …
func PublishedAdaIN() nets.Code {
	e, err := AdaINEncoder{}.resolve(nil)
	if err != nil {
		panic(err)
	}
	return adainPictures(e, 1)
}

// Encode makes a style of a picture: its central square through the encoder.
func (a *AdaIN) Encode(picture *pixel.Image) (Style, error) {
	square := pixel.ResizeShortCrop(picture.RGB(), a.side, a.side, a.side, pixel.Bilinear)
	batch, err := BatchOf(square)
	if err != nil {
		return Style{}, err
	}
	out, err := a.encode.Run(batch.array())
	if err != nil {
		return Style{}, err
	}
	return Style{Vector: out[0].Values}, nil
}

// Draw is an error: there is no distribution of AdaIN's styles. Draw them from a [Bank], see [Bank.Stylizer].
func (a *AdaIN) Draw(uint64) (Style, error) {
	return Style{}, errors.New("style: AdaIN cannot make up styles; draw them from pictures of styles, or a bank of them")
}

// Stylize repaints pictures of any size. One whose height or width is no multiple of 8 (of the stride of another encoder)
// is mirrored at its right and lower edge to the next, and what comes out is cut back.
func (a *AdaIN) Stylize(_ context.Context, contents Batch, styles []Style) (Batch, error) {
	if err := contents.check(styles, 2*a.encoder.last().channels); err != nil {
		return Batch{}, err
	}
	out, err := a.repaint.Run(contents.array(), vectors(styles))
	if err != nil {
		return Batch{}, err
	}
	contents.Pixels = out[0].Values
	return contents, nil
}

// Identity implements [Stylizer].
func (a *AdaIN) Identity() string { return a.identity }

// EncoderIdentity implements [Encoder].
func (a *AdaIN) EncoderIdentity() string { return a.encoderIdentity }

// Close frees the networks.
func (a *AdaIN) Close() error {
	var failed error
	for _, p := range []*nets.Program{a.encode, a.repaint} {
		if p != nil {
			failed = errors.Join(failed, p.Close())
		}
	}
	return failed
}

// The metadata of a decoder that was trained here.
const (
	trainedEncoder       = "encoder"        // its name with its features
	trainedEncoderSHA256 = "encoder_sha256" // of its file
)

// checkTrainedWith refuses a decoder that says that it was trained with another encoder.
func checkTrainedWith(decoder *weights.File, e *encoder, encoder *weights.File) error {
	metadata := decoder.Metadata()
	if name, ok := metadata[trainedEncoder]; ok && name != e.name {
		return fmt.Errorf("style: %s was trained with the encoder %s, not %s", decoder.Path(), name, e.name)
	}
	if sum, ok := metadata[trainedEncoderSHA256]; ok && sum != encoder.SHA256() {
		return fmt.Errorf("style: %s was trained with an encoder whose file has the SHA-256 %s; %s has %s", decoder.Path(), sum, encoder.Path(), encoder.SHA256())
	}
	return nil
}
