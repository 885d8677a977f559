// Package pickle reads Python pickles as data: it builds numbers, strings and containers and executes nothing.
//
// A pickle is a program for a small stack machine (Python's pickletools.py describes each instruction). Python's own
// reader lets such a program import and call any function. Here, a name that a pickle asks for is handed to
// [Decoder.Global], which answers with a value or refuses; a function can only be called if that value is a [Callable].
//
// It is meant for files from strangers. Nothing of a claimed size is allocated before that many bytes have been seen,
// nothing recurses, and the memory of all values together is bounded, so that no input of any kind takes more than a
// fixed amount of time and memory. (The Go packages that exist for this, such as nlpodyssey/gopickle, allocate what the
// pickle claims, make up classes for names that they do not know, and know no limit.)
//
// Python's types become these of Go:
//
//	None                   nil
//	bool, int, float, str  bool; int64, or *big.Int beyond it; float64; string
//	bytes, bytearray       Bytes
//	tuple                  Tuple
//	list, set, frozenset   *List
//	dict                   *Dict
package pickle

import (
	"fmt"
	"math/big"
	"strings"
)

// Bytes are Python's bytes.
type Bytes []byte

// Tuple is Python's tuple. It may be shared between several places and must not be changed.
type Tuple []any

// List is Python's list or set; the order of a set is that of the pickle.
type List struct {
	Items []any
}

// Dict is Python's dict; it keeps the order in which its keys were added. A key that is a string or a number occurs
// once; keys of other types are not compared.
type Dict struct {
	Keys   []any
	Values []any
	at     map[any]int // places of the keys that can be compared
}

// Get is the value of a string key.
func (d *Dict) Get(key string) (value any, ok bool) {
	i, ok := d.at[key]
	if !ok {
		return nil, false
	}
	return d.Values[i], true
}

// set stores a value under a key; a key that is there gets the new value, as in Python.
func (d *Dict) set(key, value any) {
	switch key.(type) {
	case string, int64, float64, bool, nil:
		if i, ok := d.at[key]; ok {
			d.Values[i] = value
			return
		}
		if d.at == nil {
			d.at = map[any]int{}
		}
		d.at[key] = len(d.Keys)
	}
	d.Keys, d.Values = append(d.Keys, key), append(d.Values, value)
}

// Callable is a value that a pickle may call. The arguments are whatever the pickle likes.
type Callable func(args Tuple) (any, error)

// Stateful is a value on which a pickle may set attributes (Python's __setstate__). A Dict is one too: the attributes of
// Python's OrderedDict are dropped.
type Stateful interface {
	SetState(state any) error
}

// Describe says in a few words what a value is, however large it is.
func Describe(v any) string {
	switch v := v.(type) {
	case nil:
		return "None"
	case bool, int64, float64:
		return fmt.Sprintf("the number %v", v)
	case *big.Int:
		return "a large number"
	case string:
		if len(v) > 40 {
			return fmt.Sprintf("the string %q…", strings.ToValidUTF8(v[:40], ""))
		}
		return fmt.Sprintf("the string %q", v)
	case Bytes:
		return fmt.Sprintf("%d bytes", len(v))
	case Tuple:
		return fmt.Sprintf("a tuple of %d", len(v))
	case *List:
		return fmt.Sprintf("a list of %d", len(v.Items))
	case *Dict:
		return fmt.Sprintf("a dictionary of %d", len(v.Keys))
	case fmt.Stringer:
		return v.String()
	case Callable:
		return "a function or class"
	}
	return "an object"
}
