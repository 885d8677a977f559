package tflite

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// A FlatBuffer (flatbuffers.dev, "FlatBuffer Internals") is a tree of tables. All numbers are little endian. A reference is
// an unsigned 32-bit distance from where it stands to what it refers to. A table begins with a signed distance back to its
// vtable: the vtable's size in bytes, the table's size in bytes, and for each field the 16-bit distance from the table's
// beginning to the field's value, 0 where the field has its default. A vector is a count and its elements.

var errDamaged = errors.New("the file is cut short or damaged: fetch it again")

// buffer is the bytes of a file. After the first mistake err is set, and all that is read is zero.
type buffer struct {
	data []byte
	left int // bytes that may still be read as vectors and strings, since many references can lead to one of them
	err  error
}

func (b *buffer) fail(err error) {
	if b.err == nil {
		b.err = err
	}
}

// bytes are n bytes at some place, nil where the file has them not.
func (b *buffer) bytes(at, n int) []byte {
	if b.err != nil || at < 0 || n < 0 || n > len(b.data) || at > len(b.data)-n {
		b.fail(errDamaged)
		return nil
	}
	return b.data[at : at+n]
}

func (b *buffer) uint16(at int) int {
	if s := b.bytes(at, 2); s != nil {
		return int(binary.LittleEndian.Uint16(s))
	}
	return 0
}

func (b *buffer) int32(at int) int32 {
	if s := b.bytes(at, 4); s != nil {
		return int32(binary.LittleEndian.Uint32(s))
	}
	return 0
}

// follow is the place that the reference at some place refers to.
func (b *buffer) follow(at int) int {
	s := b.bytes(at, 4)
	if s == nil {
		return 0
	}
	distance := binary.LittleEndian.Uint32(s)
	if uint64(distance) > uint64(len(b.data)) {
		b.fail(errDamaged)
		return 0
	}
	return at + int(distance)
}

// table is a table; nil is one whose fields all have their defaults.
type table struct {
	b      *buffer
	at     int
	fields []byte // the vtable without its two sizes
}

func (b *buffer) table(at int) *table {
	vtable := at - int(b.int32(at))
	size := b.uint16(vtable)
	if size < 4 || size%2 != 0 {
		b.fail(errDamaged)
		return nil
	}
	fields := b.bytes(vtable+4, size-4)
	if b.err != nil {
		return nil
	}
	return &table{b, at, fields}
}

// field is the place of a field's value, 0 where the field has its default.
func (t *table) field(i int) int {
	if t == nil || t.b.err != nil || 2*i+2 > len(t.fields) {
		return 0
	}
	if distance := int(binary.LittleEndian.Uint16(t.fields[2*i:])); distance > 0 {
		return t.at + distance
	}
	return 0
}

func (t *table) int8(i int) int8 {
	if at := t.field(i); at > 0 {
		if s := t.b.bytes(at, 1); s != nil {
			return int8(s[0])
		}
	}
	return 0
}

func (t *table) int32(i int) int32 {
	if at := t.field(i); at > 0 {
		return t.b.int32(at)
	}
	return 0
}

// inner is the table that a field refers to.
func (t *table) inner(i int) *table {
	if at := t.field(i); at > 0 {
		return t.b.table(t.b.follow(at))
	}
	return nil
}

// vector is the place of the elements of a vector, and their number; each has so many bytes.
func (t *table) vector(i, size int) (at, n int) {
	ref := t.field(i)
	if ref == 0 {
		return 0, 0
	}
	at = t.b.follow(ref)
	count := t.b.int32(at)
	if count < 0 || int64(count)*int64(size) > int64(t.b.left) {
		t.b.fail(errDamaged)
	}
	if t.b.bytes(at+4, int(count)*size); t.b.err != nil {
		return 0, 0
	}
	t.b.left -= int(count) * size
	return at + 4, int(count)
}

// tables calls read for each table of a vector, of which there may be so many.
func (t *table) tables(i, most int, what string, read func(*table)) {
	at, n := t.vector(i, 4)
	if n > most {
		t.b.fail(fmt.Errorf("it has %d %s, the limit is %d", n, what, most))
	}
	for j := range n {
		element := t.b.table(t.b.follow(at + 4*j))
		if t.b.err != nil {
			return
		}
		read(element)
	}
}

func (t *table) bytes(i int) []byte {
	at, n := t.vector(i, 1)
	if n == 0 {
		return nil
	}
	return t.b.bytes(at, n)
}

func (t *table) string(i int) string { return string(t.bytes(i)) }

func (t *table) ints(i int) []int {
	at, n := t.vector(i, 4)
	out := make([]int, n)
	for j := range out {
		out[j] = int(t.b.int32(at + 4*j))
	}
	return out
}
