package weights

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"math/bits"
	"slices"
	"strconv"
	"unicode/utf8"
)

const (
	// maxHeader is the reference implementation's limit on the JSON header, in bytes.
	maxHeader = 100_000_000
	// maxRank bounds the axes of one tensor; NumPy's limit is the same.
	maxRank = 64

	metadataKey = "__metadata__"
)

// parse reads the bytes of a whole safetensors file. The tensors' Data are slices of data, not copies. Errors name the
// tensor; the caller adds the file.
func parse(data []byte) (tensors []Tensor, metadata map[string]string, err error) {
	if len(data) < 8 {
		return nil, nil, fmt.Errorf("%d bytes are too few for a safetensors file (the first 8 hold the header's length): is the download complete?", len(data))
	}
	n := binary.LittleEndian.Uint64(data)
	switch {
	case n > maxHeader:
		return nil, nil, fmt.Errorf("the first 8 bytes claim a header of %d bytes, the limit is %d: probably not a safetensors file", n, maxHeader)
	case n > uint64(len(data)-8):
		return nil, nil, fmt.Errorf("the header should be %d bytes long, but only %d follow: the file is cut short, fetch it again", n, len(data)-8)
	}
	header, body := data[8:8+n], data[8+n:]
	if len(header) == 0 || header[0] != '{' {
		return nil, nil, errors.New("the header does not begin with '{': not a safetensors file")
	}
	if !utf8.Valid(header) {
		return nil, nil, errors.New("the header is not valid UTF-8")
	}
	p := headerParser{dec: json.NewDecoder(bytes.NewReader(header)), body: body}
	p.dec.UseNumber()
	if err := p.file(); err != nil {
		return nil, nil, fmt.Errorf("header: %w", err)
	}
	if err := checkPlaces(p.places, len(body)); err != nil {
		return nil, nil, err
	}
	tensors = make([]Tensor, len(p.places))
	for i, t := range p.places {
		tensors[i] = t.Tensor
	}
	return tensors, p.metadata, nil
}

// place is a tensor with the bytes of the body it occupies.
type place struct {
	Tensor
	begin, end int
}

// checkPlaces sorts the tensors by their place and demands that they fill the body without a hole or an overlap, as the
// format does: bytes that belong to nothing could hide anything, shared bytes could make a small file look huge.
func checkPlaces(places []place, body int) error {
	slices.SortFunc(places, func(a, b place) int {
		return cmp.Or(cmp.Compare(a.begin, b.begin), cmp.Compare(a.end, b.end), cmp.Compare(a.Name, b.Name))
	})
	next, before := 0, ""
	for _, t := range places {
		switch {
		case t.begin < next:
			return fmt.Errorf("tensor %q begins at byte %d, inside tensor %q which ends at %d: write the file again with a safetensors library", t.Name, t.begin, before, next)
		case t.begin > next:
			return fmt.Errorf("bytes %d to %d before tensor %q belong to no tensor: write the file again with a safetensors library", next, t.begin, t.Name)
		}
		next, before = t.end, t.Name
	}
	if next < body {
		return fmt.Errorf("the last %d bytes belong to no tensor: the file is damaged, fetch it again", body-next)
	}
	return nil
}

// headerParser walks the tokens of the JSON header. It does not decode into Go maps, because those would let the second
// of two equal keys win in silence.
type headerParser struct {
	dec      *json.Decoder
	body     []byte
	places   []place
	metadata map[string]string
}

func (p *headerParser) file() error {
	err := p.object(func(key string) error {
		if key == metadataKey {
			p.metadata = map[string]string{}
			return p.object(func(key string) error {
				value, err := p.string()
				if err != nil {
					return fmt.Errorf("%s: %q: %w", metadataKey, key, err)
				}
				p.metadata[key] = value
				return nil
			})
		}
		t, err := p.tensor()
		if err != nil {
			return fmt.Errorf("tensor %q: %w", key, err)
		}
		t.Name = key
		p.places = append(p.places, t)
		return nil
	})
	if err != nil {
		return err
	}
	if _, err := p.dec.Token(); err != io.EOF {
		return errors.New("something follows the closing brace; only spaces may")
	}
	return nil
}

// tensor reads one entry {"dtype": …, "shape": […], "data_offsets": [begin, end]} and checks it against the body.
func (p *headerParser) tensor() (t place, err error) {
	var offsets []int
	err = p.object(func(key string) (err error) {
		switch key {
		case "dtype":
			var s string
			s, err = p.string()
			t.DType = DType(s)
		case "shape":
			t.Shape, err = p.ints()
		case "data_offsets":
			offsets, err = p.ints()
		default:
			return fmt.Errorf("unknown key %q (the format has dtype, shape and data_offsets)", key)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", key, err)
		}
		return nil
	})
	switch {
	case err != nil:
		return t, err
	case t.DType == "":
		return t, errors.New("dtype is missing")
	case t.DType.Size() == 0:
		return t, fmt.Errorf("element type %q is not known; convert it to one of %v", string(t.DType), dtypes)
	case t.Shape == nil:
		return t, errors.New("shape is missing")
	case len(offsets) != 2:
		return t, fmt.Errorf("data_offsets must be two numbers, found %d", len(offsets))
	}
	t.begin, t.end = offsets[0], offsets[1]
	if t.begin > t.end || t.end > len(p.body) {
		return t, fmt.Errorf("data_offsets [%d, %d] lie outside the file's %d bytes of data: the file is cut short or damaged, fetch it again", t.begin, t.end, len(p.body))
	}
	size, err := byteSize(t.DType, t.Shape)
	if err != nil {
		return t, err
	}
	if size != t.end-t.begin {
		return t, fmt.Errorf("shape %v of %s takes %d bytes, but data_offsets [%d, %d] span %d", t.Shape, t.DType, size, t.begin, t.end, t.end-t.begin)
	}
	t.Data = p.body[t.begin:t.end:t.end]
	return t, nil
}

// byteSize is the number of bytes of a tensor, or an error where that exceeds an int.
func byteSize(d DType, shape []int) (int, error) {
	size := uint64(d.Size())
	for _, n := range shape {
		hi, lo := bits.Mul64(size, uint64(n))
		if n < 0 || hi != 0 || lo > math.MaxInt {
			return 0, fmt.Errorf("shape %v is too large", shape)
		}
		size = lo
	}
	return int(size), nil
}

// object reads a JSON object and calls value for each key, which must consume that key's value. A key that comes twice
// is an error.
func (p *headerParser) object(value func(key string) error) error {
	if err := p.delim('{'); err != nil {
		return err
	}
	seen := map[string]bool{}
	for p.dec.More() {
		key, err := p.string()
		if err != nil {
			return err
		}
		if seen[key] {
			return fmt.Errorf("key %q occurs twice", key)
		}
		seen[key] = true
		if err := value(key); err != nil {
			return err
		}
	}
	return p.delim('}')
}

// ints reads a JSON array of at most maxRank whole numbers, none negative. The result is not nil.
func (p *headerParser) ints() ([]int, error) {
	if err := p.delim('['); err != nil {
		return nil, err
	}
	list := []int{}
	for p.dec.More() {
		token, err := p.token()
		if err != nil {
			return nil, err
		}
		number, ok := token.(json.Number)
		if !ok {
			return nil, fmt.Errorf("expected a number, found %v", token)
		}
		n, err := strconv.ParseUint(number.String(), 10, strconv.IntSize-1)
		if err != nil {
			return nil, fmt.Errorf("%s is not a whole number in range", number)
		}
		if len(list) == maxRank {
			return nil, fmt.Errorf("more than %d numbers", maxRank)
		}
		list = append(list, int(n))
	}
	return list, p.delim(']')
}

func (p *headerParser) string() (string, error) {
	token, err := p.token()
	if err != nil {
		return "", err
	}
	s, ok := token.(string)
	if !ok {
		return "", fmt.Errorf("expected a string, found %v", token)
	}
	return s, nil
}

func (p *headerParser) delim(want json.Delim) error {
	token, err := p.token()
	if err != nil {
		return err
	}
	if token != want {
		return fmt.Errorf("expected %q, found %v", want.String(), token)
	}
	return nil
}

// token is the decoder's next token; the end of the header inside a value is an error of its own.
func (p *headerParser) token() (json.Token, error) {
	token, err := p.dec.Token()
	if err == io.EOF {
		return nil, io.ErrUnexpectedEOF
	}
	if err != nil {
		return nil, fmt.Errorf("not valid JSON: %w", err)
	}
	return token, nil
}
