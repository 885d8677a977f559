package pickle

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/big"
	"slices"
	"unicode/utf8"
)

// op is the code of an instruction, named as in Python's pickletools.py.
type op byte

const opStop op = '.'

// instructions are those of protocols 2 to 5 with those of the earlier ones that later ones still use.
var instructions map[op]func(*Decoder) error

func init() { // a literal would refer to itself through the methods
	instructions = map[op]func(*Decoder) error{
		0x80: (*Decoder).protocol, 0x95: (*Decoder).frame,

		'N': constant(nil), 0x88: constant(true), 0x89: constant(false),
		'J': (*Decoder).int32, 'K': unsigned(1), 'M': unsigned(2), 0x8a: long(1), 0x8b: long(4),
		'G': (*Decoder).float,
		'U': latin(1), 'T': latin(4), // Python 2's str
		0x8c: text(1), 'X': text(4), 0x8d: text(8),
		'C': raw(1), 'B': raw(4), 0x8e: raw(8), 0x96: raw(8),

		'(': (*Decoder).mark, '0': (*Decoder).drop, '1': (*Decoder).dropMark, '2': (*Decoder).duplicate,
		')': (*Decoder).emptyTuple, 't': (*Decoder).markTuple, 0x85: tuple(1), 0x86: tuple(2), 0x87: tuple(3),
		']': (*Decoder).emptyList, 'l': (*Decoder).markList, 'a': (*Decoder).appendOne, 'e': (*Decoder).appendAll,
		0x8f: (*Decoder).emptyList, 0x90: (*Decoder).appendAll, 0x91: (*Decoder).markList, // sets
		'}': (*Decoder).emptyDict, 'd': (*Decoder).markDict, 's': (*Decoder).setOne, 'u': (*Decoder).setAll,

		'q': put(1), 'r': put(4), 0x94: (*Decoder).memoize, 'h': get(1), 'j': get(4),

		'c': (*Decoder).global, 0x93: (*Decoder).stackGlobal, 'Q': (*Decoder).persistent,
		'R': (*Decoder).call, 0x81: (*Decoder).call, 0x92: (*Decoder).callWithKeywords, 'b': (*Decoder).build,
	}
}

func (d *Decoder) protocol() error {
	b, err := d.take(1)
	if err == nil && b[0] > 5 {
		err = fmt.Errorf("pickle protocol %d is not known", b[0])
	}
	return err
}

// frame is a hint for readers of streams, how much to read ahead.
func (d *Decoder) frame() error {
	n, err := d.uint(8)
	if err == nil && n > len(d.data)-d.pos {
		err = errTruncated
	}
	return err
}

func constant(v any) func(*Decoder) error {
	return func(d *Decoder) error { return d.push(v) }
}

// pushBox pushes a value that takes n bytes beside its place on the stack.
func (d *Decoder) pushBox(v any, n int) error {
	if err := d.charge(costBox + n); err != nil {
		return err
	}
	return d.push(v)
}

func (d *Decoder) int32() error {
	b, err := d.take(4)
	if err != nil {
		return err
	}
	return d.pushBox(int64(int32(binary.LittleEndian.Uint32(b))), 0)
}

func unsigned(width int) func(*Decoder) error {
	return func(d *Decoder) error {
		n, err := d.uint(width)
		if err != nil {
			return err
		}
		return d.pushBox(int64(n), 0)
	}
}

// long reads a whole number of any length in two's complement, least significant byte first.
func long(width int) func(*Decoder) error {
	return func(d *Decoder) error {
		b, err := d.counted(width)
		switch {
		case err != nil:
			return err
		case len(b) > 255:
			return fmt.Errorf("a whole number of %d bytes", len(b))
		case len(b) <= 8:
			var wide [8]byte
			copy(wide[:], b)
			shift := 64 - 8*len(b)
			return d.pushBox(int64(binary.LittleEndian.Uint64(wide[:])<<shift)>>shift, 0)
		}
		n := bigInt(b)
		if n.IsInt64() {
			return d.pushBox(n.Int64(), 0)
		}
		return d.pushBox(n, 3*len(b))
	}
}

func bigInt(twos []byte) *big.Int {
	b := slices.Clone(twos)
	slices.Reverse(b)
	n := new(big.Int).SetBytes(b)
	if b[0] >= 0x80 {
		n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(8*len(b))))
	}
	return n
}

func (d *Decoder) float() error {
	b, err := d.take(8)
	if err != nil {
		return err
	}
	return d.pushBox(math.Float64frombits(binary.BigEndian.Uint64(b)), 0)
}

func text(width int) func(*Decoder) error {
	return func(d *Decoder) error {
		b, err := d.counted(width)
		if err != nil {
			return err
		}
		if !utf8.Valid(b) {
			return errors.New("a string is not valid UTF-8")
		}
		if err := d.charge(len(b)); err != nil {
			return err
		}
		return d.pushBox(string(b), 0)
	}
}

// latin reads a string of Python 2, which may have been text or bytes: text where it is ASCII, as names are.
func latin(width int) func(*Decoder) error {
	return func(d *Decoder) error {
		b, err := d.counted(width)
		if err != nil {
			return err
		}
		if err := d.charge(len(b)); err != nil {
			return err
		}
		if slices.ContainsFunc(b, func(c byte) bool { return c >= 0x80 }) {
			return d.pushBox(Bytes(slices.Clone(b)), 0)
		}
		return d.pushBox(string(b), 0)
	}
}

func raw(width int) func(*Decoder) error {
	return func(d *Decoder) error {
		b, err := d.counted(width)
		if err != nil {
			return err
		}
		if err := d.charge(len(b)); err != nil {
			return err
		}
		return d.pushBox(Bytes(slices.Clone(b)), 0)
	}
}

func (d *Decoder) mark() error {
	d.marks = append(d.marks, len(d.stack))
	return nil
}

func (d *Decoder) drop() error {
	if n := len(d.marks); n > 0 && d.marks[n-1] == len(d.stack) { // on top of the mark, POP takes the mark
		d.marks = d.marks[:n-1]
		return nil
	}
	_, err := d.pop()
	return err
}

func (d *Decoder) dropMark() error {
	_, err := d.popMark()
	return err
}

func (d *Decoder) duplicate() error {
	v, err := d.top()
	if err != nil {
		return err
	}
	return d.push(v)
}

func (d *Decoder) emptyTuple() error { return d.pushBox(Tuple(nil), 0) }

func (d *Decoder) markTuple() error {
	items, err := d.popMark()
	if err != nil {
		return err
	}
	return d.pushTuple(items)
}

func tuple(n int) func(*Decoder) error {
	return func(d *Decoder) error {
		if len(d.stack)-d.floor() < n {
			return errUnderflow
		}
		items := d.stack[len(d.stack)-n:]
		d.stack = d.stack[:len(d.stack)-n]
		return d.pushTuple(items)
	}
}

func (d *Decoder) pushTuple(items []any) error {
	if err := d.charge(len(items) * costSlot); err != nil {
		return err
	}
	return d.pushBox(Tuple(slices.Clone(items)), 0)
}

func (d *Decoder) emptyList() error { return d.pushBox(&List{}, costList) }

func (d *Decoder) markList() error {
	items, err := d.popMark()
	if err != nil {
		return err
	}
	if err := d.charge(len(items) * costSlot); err != nil {
		return err
	}
	return d.pushBox(&List{Items: slices.Clone(items)}, costList)
}

func (d *Decoder) appendOne() error {
	v, err := d.pop()
	if err != nil {
		return err
	}
	return d.extend([]any{v})
}

func (d *Decoder) appendAll() error {
	items, err := d.popMark()
	if err != nil {
		return err
	}
	return d.extend(items)
}

func (d *Decoder) extend(items []any) error {
	v, err := d.top()
	if err != nil {
		return err
	}
	list, ok := v.(*List)
	if !ok {
		return fmt.Errorf("it appends to %s", Describe(v))
	}
	if err := d.charge(len(items) * costSlot); err != nil {
		return err
	}
	list.Items = append(list.Items, items...)
	return nil
}

func (d *Decoder) emptyDict() error { return d.pushBox(&Dict{}, costDict) }

func (d *Decoder) markDict() error {
	items, err := d.popMark()
	if err != nil {
		return err
	}
	items = slices.Clone(items)
	if err := d.emptyDict(); err != nil {
		return err
	}
	return d.update(items)
}

func (d *Decoder) setOne() error {
	value, err := d.pop()
	if err != nil {
		return err
	}
	key, err := d.pop()
	if err != nil {
		return err
	}
	return d.update([]any{key, value})
}

func (d *Decoder) setAll() error {
	items, err := d.popMark()
	if err != nil {
		return err
	}
	return d.update(items)
}

// update sets keys and values, which follow one another, in the dictionary on top of the stack.
func (d *Decoder) update(items []any) error {
	v, err := d.top()
	if err != nil {
		return err
	}
	dict, ok := v.(*Dict)
	if !ok {
		return fmt.Errorf("it sets a key of %s", Describe(v))
	}
	if len(items)%2 != 0 {
		return errors.New("it sets a key without a value")
	}
	if err := d.charge(len(items) / 2 * costEntry); err != nil {
		return err
	}
	for pair := range slices.Chunk(items, 2) {
		dict.set(pair[0], pair[1])
	}
	return nil
}

func put(width int) func(*Decoder) error {
	return func(d *Decoder) error {
		index, err := d.uint(width)
		if err != nil {
			return err
		}
		return d.remember(uint32(index))
	}
}

func (d *Decoder) memoize() error { return d.remember(uint32(len(d.memo))) }

func (d *Decoder) remember(index uint32) error {
	v, err := d.top()
	if err != nil {
		return err
	}
	if err := d.charge(costMemo); err != nil {
		return err
	}
	d.memo[index] = v
	return nil
}

func get(width int) func(*Decoder) error {
	return func(d *Decoder) error {
		index, err := d.uint(width)
		if err != nil {
			return err
		}
		v, ok := d.memo[uint32(index)]
		if !ok {
			return fmt.Errorf("its memo has no entry %d", index)
		}
		return d.push(v)
	}
}
