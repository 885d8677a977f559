package pickle

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// Decoder reads pickles that follow one another.
type Decoder struct {
	// Global gives the value of module.name, or the error that refuses it. Nil refuses every name.
	Global func(module, name string) (any, error)
	// Persistent gives the value of a persistent id, a thing that is stored outside the pickle. Nil refuses every id.
	Persistent func(id any) (any, error)

	data   []byte
	pos    int
	budget int // bytes of memory left for values

	stack []any
	marks []int // lengths of the stack where a MARK was set
	memo  map[uint32]any
}

// maxMemory bounds the estimated memory of all that one Decoder builds. It is enough for the names, shapes and places of
// ten thousand tensors; the garbage of growing slices and maps is counted in.
const maxMemory = 64 << 20

// Estimated sizes in bytes on a 64-bit machine. A slice or map that grows is counted at twice an entry's size.
const (
	costSlot   = 32  // an entry of the stack, of the marks or of a list
	costBox    = 32  // a number or a header of a string or tuple behind an interface
	costList   = 48  // an empty list
	costDict   = 64  // an empty dictionary
	costEntry  = 160 // a key with its value, and their place in the map
	costMemo   = 96  // an entry of the memo
	costObject = 256 // what a call makes, and the call
)

// NewDecoder reads the pickles at the start of data. The values that it gives do not refer to data.
func NewDecoder(data []byte) *Decoder {
	return &Decoder{data: data, budget: maxMemory}
}

// Offset is the number of bytes read so far: after Decode, where the next pickle would begin.
func (d *Decoder) Offset() int { return d.pos }

// Decode reads one pickle. Errors tell the byte where the instruction at fault begins. After an error the Decoder must
// not be used.
func (d *Decoder) Decode() (any, error) {
	d.stack, d.marks, d.memo = nil, nil, map[uint32]any{}
	for {
		at := d.pos
		code, err := d.take(1)
		if err != nil {
			return nil, fmt.Errorf("pickle: byte %d: %w", at, err)
		}
		if op(code[0]) == opStop {
			break
		}
		if err := d.execute(op(code[0])); err != nil {
			return nil, fmt.Errorf("pickle: byte %d: %w", at, err)
		}
	}
	if len(d.stack) != 1 || len(d.marks) > 0 {
		return nil, fmt.Errorf("pickle: byte %d: it ends with %d values and %d marks on its stack, not with one value", d.pos, len(d.stack), len(d.marks))
	}
	return d.stack[0], nil
}

func (d *Decoder) execute(code op) error {
	do, ok := instructions[code]
	if !ok {
		return fmt.Errorf("instruction %#02x (%q) is none that is read here: text protocols 0 and 1, extension codes, classic instances and buffers outside of the file are not", byte(code), byte(code))
	}
	// Each instruction may put something on the stack or leave garbage.
	if err := d.charge(costSlot); err != nil {
		return err
	}
	return do(d)
}

var (
	errTruncated = errors.New("it is cut short")
	errUnderflow = errors.New("it takes more from its stack than is there")
	errMemory    = fmt.Errorf("it builds values of more than %d MB", maxMemory>>20)
)

// charge takes n bytes from the budget.
func (d *Decoder) charge(n int) error {
	if d.budget -= n; d.budget < 0 {
		return errMemory
	}
	return nil
}

// take is the next n bytes of the input.
func (d *Decoder) take(n int) ([]byte, error) {
	if n < 0 || n > len(d.data)-d.pos {
		return nil, errTruncated
	}
	b := d.data[d.pos : d.pos+n]
	d.pos += n
	return b, nil
}

// uint reads a little-endian number of width bytes that counts something in the input.
func (d *Decoder) uint(width int) (int, error) {
	b, err := d.take(width)
	if err != nil {
		return 0, err
	}
	var wide [8]byte
	copy(wide[:], b)
	n := binary.LittleEndian.Uint64(wide[:])
	if n > 1<<62 || int64(int(n)) != int64(n) {
		return 0, errTruncated // no input is as long
	}
	return int(n), nil
}

// counted reads a length of width bytes and as many bytes as it says.
func (d *Decoder) counted(width int) ([]byte, error) {
	n, err := d.uint(width)
	if err != nil {
		return nil, err
	}
	return d.take(n)
}

// line reads up to and including the next end of line, which it drops.
func (d *Decoder) line() (string, error) {
	const longest = 1024
	rest := d.data[d.pos:]
	for i, c := range rest[:min(len(rest), longest)] {
		if c == '\n' {
			d.pos += i + 1
			return string(rest[:i]), nil
		}
	}
	return "", fmt.Errorf("a line has no end within %d bytes", longest)
}

func (d *Decoder) push(v any) error {
	d.stack = append(d.stack, v)
	return nil
}

// floor is the part of the stack that instructions may not reach below: the last mark.
func (d *Decoder) floor() int {
	if n := len(d.marks); n > 0 {
		return d.marks[n-1]
	}
	return 0
}

func (d *Decoder) pop() (any, error) {
	n := len(d.stack)
	if n == d.floor() {
		return nil, errUnderflow
	}
	v := d.stack[n-1]
	d.stack = d.stack[:n-1]
	return v, nil
}

// top is the uppermost value, which stays on the stack.
func (d *Decoder) top() (any, error) {
	if len(d.stack) == d.floor() {
		return nil, errUnderflow
	}
	return d.stack[len(d.stack)-1], nil
}

// popMark takes everything above the last mark, and the mark. The result is valid until the next push.
func (d *Decoder) popMark() ([]any, error) {
	n := len(d.marks)
	if n == 0 {
		return nil, errors.New("it takes the values above a mark, but has set none")
	}
	items := d.stack[d.marks[n-1]:]
	d.stack, d.marks = d.stack[:d.marks[n-1]], d.marks[:n-1]
	return items, nil
}
