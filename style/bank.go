package style

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"

	"github.com/gestalt-vision/gestalt/pixel"
	"github.com/gestalt-vision/gestalt/weights"
)

// Encoder makes styles of pictures; [AdaIN], [Gatys], [Ghiasi] and [RandConv] are. Its methods may be called from several
// goroutines.
type Encoder interface {
	// Encode makes a style of a picture.
	Encode(picture *pixel.Image) (Style, error)
	// EncoderIdentity is all that a style's numbers depend on beside the picture: the method and the SHA-256 of the
	// weights that Encode uses, but not what repaints pictures.
	EncoderIdentity() string
}

// Bank is the styles of a set of pictures in a file, so that a picture need pass through the encoder but once. A program
// that stylises makes or brings up to date the file with [MakeBank], or opens one that it was given without the pictures
// with [OpenBank], and picks styles by [Bank.Draw]:
//
//	bank, broken, err := style.MakeBank(ctx, "paintings.bank.safetensors", stylizer, paintings, style.BankOptions{})
//	…
//	s, err := bank.Draw(seed) // as Stylizer.Draw, from the styles of these paintings
//
// The file is a safetensors file with the tensors vectors [styles, numbers] (F32) and hashes [styles, 32] (U8, the
// SHA-256 of each picture's file), the metadata names (the keys of the pictures in their set, one a line, in the set's
// order) and encoder (its identity). 80,000 styles of AdaIN's 1,024 numbers are 328 MB of vectors and about 5 MB beside;
// on Unix they stay on the disk until they are drawn.
//
// Its methods may be called from several goroutines, except Close.
type Bank struct {
	file    *weights.File
	encoder string
	names   []string
	hashes  []byte // 32 for each
	vectors []byte // float32 in little endian
	numbers int    // of each style
}

const (
	bankVectors = "vectors"
	bankHashes  = "hashes"
	bankNames   = "names"
	bankEncoder = "encoder"
)

// OpenBank opens a file of styles, which must have been made by this encoder.
func OpenBank(path string, e Encoder) (*Bank, error) {
	f, err := weights.Open(path)
	if err != nil {
		return nil, err
	}
	b, err := readBank(f)
	if err == nil && b.encoder != e.EncoderIdentity() {
		err = fmt.Errorf("style: %s holds styles made by %q, not by %q; keep another file for these", path, b.encoder, e.EncoderIdentity())
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return b, nil
}

func readBank(f *weights.File) (*Bank, error) {
	vectors, err := f.Tensor(bankVectors)
	if err != nil {
		return nil, fmt.Errorf("style: not a bank of styles: %w", err)
	}
	hashes, err := f.Tensor(bankHashes)
	if err != nil {
		return nil, fmt.Errorf("style: not a bank of styles: %w", err)
	}
	metadata := f.Metadata()
	b := &Bank{file: f, encoder: metadata[bankEncoder], hashes: hashes.Data, vectors: vectors.Data}
	if list := metadata[bankNames]; list != "" {
		b.names = strings.Split(list, "\n")
	}
	n := len(b.names)
	switch {
	case vectors.DType != weights.F32 || len(vectors.Shape) != 2 || vectors.Shape[0] != n || vectors.Shape[1] < 1:
		return nil, fmt.Errorf("style: %s: %d names, and vectors of %s %v instead of F32 [%[2]d, numbers]", f.Path(), n, vectors.DType, vectors.Shape)
	case hashes.DType != weights.U8 || len(hashes.Shape) != 2 || hashes.Shape[0] != n || hashes.Shape[1] != sha256.Size:
		return nil, fmt.Errorf("style: %s: %d names, and hashes of %s %v instead of U8 [%[2]d, 32]", f.Path(), n, hashes.DType, hashes.Shape)
	case n == 0:
		return nil, fmt.Errorf("style: %s holds no styles", f.Path())
	}
	b.numbers = vectors.Shape[1]
	return b, nil
}

// Len is the number of styles.
func (b *Bank) Len() int { return len(b.names) }

// Name is the key of picture i in the set that the bank was made of.
func (b *Bank) Name(i int) string { return b.names[i] }

// Style is style i, 0 <= i < Len, called by its picture's key.
func (b *Bank) Style(i int) Style {
	vector := make([]float32, b.numbers)
	for j := range vector {
		vector[j] = math.Float32frombits(binary.LittleEndian.Uint32(b.vectors[4*(i*b.numbers+j):]))
	}
	return Style{Name: b.names[i], Vector: vector}
}

// Draw picks one of the styles, all with the same probability; which one is a function of the seed and of Identity.
func (b *Bank) Draw(seed uint64) (Style, error) {
	return b.Style(rand.New(rand.NewPCG(seed, drawPurpose)).IntN(b.Len())), nil
}

// Stylizer is a stylizer whose Draw draws from the bank; closing it closes s.
func (b *Bank) Stylizer(s Stylizer) Stylizer { return banked{s, b} }

type banked struct {
	Stylizer
	bank *Bank
}

func (b banked) Draw(seed uint64) (Style, error) { return b.bank.Draw(seed) }

func (b banked) Identity() string { return b.Stylizer.Identity() + " " + b.bank.Identity() }

// Identity is all that Draw depends on beside the seed: the SHA-256 of the file. Two files made of the same pictures by
// the same encoder on the same engine have the same bytes, whatever the order in which the pictures came to them; engines
// may differ in the last bits of the vectors.
func (b *Bank) Identity() string { return "bank " + b.file.SHA256() }

// Close lets go of the file.
func (b *Bank) Close() error {
	b.hashes, b.vectors = nil, nil
	return b.file.Close()
}
