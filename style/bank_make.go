package style

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"strings"

	"github.com/gestalt-vision/gestalt/dataset"
	"github.com/gestalt-vision/gestalt/pixel"
	"github.com/gestalt-vision/gestalt/weights"
)

// BankOptions say how a bank is made. The styles do not depend on them.
type BankOptions struct {
	Workers int // goroutines that decode and encode; one for each processor where 0
	// SaveEvery is after how many new styles the file is written, so that no more are lost with a killed program; 2,000
	// where 0. It is also written at the end and when the context is done.
	SaveEvery int
	Progress  func(pictures int) // called with the number of pictures done since the last call; may be nil
}

// BrokenStyle is a picture that no style could be made of.
type BrokenStyle struct {
	Picture string `json:"picture"` // its key in the set
	Reason  string `json:"reason"`
}

// MakeBank brings the file at path up to date with a set of pictures and opens it: afterwards it holds the styles of
// these pictures in the order of the set, and no others. Pictures whose bytes the file knows already are not encoded
// again, whatever they are called. Broken pictures are listed and have no style; it is an error when there are no others.
// The file is replaced as a whole and only when something changed; one that another encoder made is not touched, and is
// an error.
//
// Where ctx is done, or a picture can't be encoded for a reason that is not its own, what has been encoded is kept in the
// file, beside the old styles, and the error is returned.
func MakeBank(ctx context.Context, path string, e Encoder, pictures *dataset.Set, o BankOptions) (bank *Bank, broken []BrokenStyle, err error) {
	if o.SaveEvery <= 0 {
		o.SaveEvery = 2000
	}
	m := bankMaker{path: path, encoder: e, pictures: pictures}
	if err := m.read(); err != nil {
		return nil, nil, err
	}
	defer func() {
		if m.old != nil {
			err = errors.Join(err, m.old.Close())
		}
	}()
	var made bankRows
	unsaved := 0
	for r, err := range dataset.Map(ctx, pictures.Len(), o.Workers, m.row) {
		if err == nil && r.broken == nil {
			err = made.add(r)
		}
		if err != nil {
			if unsaved > 0 {
				err = errors.Join(err, m.save(made, true))
			}
			return nil, broken, err
		}
		if r.broken != nil {
			broken = append(broken, *r.broken)
		}
		if r.fresh {
			unsaved++
		}
		if unsaved >= o.SaveEvery {
			if err := m.save(made, true); err != nil {
				return nil, broken, err
			}
			unsaved = 0
		}
		if o.Progress != nil {
			o.Progress(1)
		}
	}
	if len(made.names) == 0 {
		return nil, broken, fmt.Errorf("style: %s: no style could be made of any of the %d pictures: %s: %s", pictures.Path(), pictures.Len(), broken[0].Picture, broken[0].Reason)
	}
	if unsaved > 0 || !m.old.holds(made) {
		if err := m.save(made, false); err != nil {
			return nil, broken, err
		}
	}
	bank, err = OpenBank(path, e)
	return bank, broken, err
}

// bankMaker makes the rows of a bank.
type bankMaker struct {
	path     string
	encoder  Encoder
	pictures *dataset.Set
	old      *Bank                     // what the file held at first; nil without one
	known    map[[sha256.Size]byte]int // where it has which picture
}

// read reads what the file holds already, if there is one.
func (m *bankMaker) read() error {
	if _, err := os.Stat(m.path); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	old, err := OpenBank(m.path, m.encoder)
	if err != nil {
		return err
	}
	m.old, m.known = old, make(map[[sha256.Size]byte]int, old.Len())
	for i := range old.names {
		m.known[old.hash(i)] = i
	}
	return nil
}

// bankRow is one style on its way into a bank.
type bankRow struct {
	name   string
	hash   [sha256.Size]byte
	vector []byte
	fresh  bool // not from the old file
	broken *BrokenStyle
}

// row makes the row of picture i. An error is the encoder's; what is wrong with the picture is the row's.
func (m *bankMaker) row(i int) (bankRow, error) {
	r := bankRow{name: m.pictures.Item(i).Key}
	wrong := func(err error) (bankRow, error) {
		r.broken = &BrokenStyle{Picture: r.name, Reason: err.Error()}
		return r, nil
	}
	data, err := m.pictures.Read(i)
	if err != nil {
		return wrong(err)
	}
	r.hash = sha256.Sum256(data)
	if at, ok := m.known[r.hash]; ok {
		r.vector = m.old.row(at)
		return r, nil
	}
	picture, _, err := pixel.Decode(data)
	if err != nil {
		return wrong(err)
	}
	s, err := m.encoder.Encode(picture)
	if err != nil {
		return r, fmt.Errorf("style: %s: %w", m.pictures.Location(i), err)
	}
	for _, v := range s.Vector {
		if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
			return wrong(errors.New("the encoder makes numbers of it that are not finite"))
		}
		r.vector = binary.LittleEndian.AppendUint32(r.vector, math.Float32bits(v))
	}
	r.fresh = true
	return r, nil
}

// bankRows are the contents of a bank's file.
type bankRows struct {
	names           []string
	hashes, vectors []byte
}

func (b *bankRows) add(r bankRow) error {
	if n := len(b.names); n > 0 && len(r.vector) != len(b.vectors)/n {
		return fmt.Errorf("style: the encoder makes %d numbers of %s and %d of others", len(r.vector)/4, r.name, len(b.vectors)/n/4)
	}
	b.names = append(b.names, r.name)
	b.hashes = append(b.hashes, r.hash[:]...)
	b.vectors = append(b.vectors, r.vector...)
	return nil
}

// save writes the file; while it is being made, with the old styles after the new ones, so that none is lost.
func (m *bankMaker) save(made bankRows, partial bool) error {
	if partial && m.old != nil {
		has := map[string]bool{}
		for _, name := range made.names {
			has[name] = true
		}
		for i, name := range m.old.names {
			if has[name] {
				continue
			}
			if err := made.add(bankRow{name: name, hash: m.old.hash(i), vector: m.old.row(i)}); err != nil {
				return err
			}
		}
	}
	n := len(made.names)
	tensors := []weights.Tensor{
		{Name: bankVectors, DType: weights.F32, Shape: []int{n, len(made.vectors) / 4 / n}, Data: made.vectors},
		{Name: bankHashes, DType: weights.U8, Shape: []int{n, sha256.Size}, Data: made.hashes},
	}
	metadata := map[string]string{bankEncoder: m.encoder.EncoderIdentity(), bankNames: strings.Join(made.names, "\n")}
	return weights.Write(m.path, tensors, metadata)
}

// holds says whether the bank holds just these rows, given that the vectors of pictures with one hash are one.
func (b *Bank) holds(rows bankRows) bool {
	if b == nil || len(b.names) != len(rows.names) || string(b.hashes) != string(rows.hashes) {
		return false
	}
	for i, name := range b.names {
		if name != rows.names[i] {
			return false
		}
	}
	return true
}

func (b *Bank) hash(i int) [sha256.Size]byte {
	return [sha256.Size]byte(b.hashes[i*sha256.Size:])
}

// row is the bytes of style i in the file.
func (b *Bank) row(i int) []byte { return b.vectors[4*i*b.numbers : 4*(i+1)*b.numbers] }
