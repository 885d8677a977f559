package pickle

import (
	"errors"
	"fmt"
	"slices"
)

func (d *Decoder) global() error {
	module, err := d.line()
	if err != nil {
		return err
	}
	name, err := d.line()
	if err != nil {
		return err
	}
	return d.resolve(module, name)
}

func (d *Decoder) stackGlobal() error {
	last, err := d.pop()
	if err != nil {
		return err
	}
	first, err := d.pop()
	if err != nil {
		return err
	}
	module, ok1 := first.(string)
	name, ok2 := last.(string)
	if !ok1 || !ok2 {
		return errors.New("it asks for a global whose name is no string")
	}
	return d.resolve(module, name)
}

func (d *Decoder) resolve(module, name string) error {
	if v, ok := builtins[module+"."+name]; ok {
		return d.push(v)
	}
	if d.Global == nil {
		return fmt.Errorf("it asks for %s", Describe(module+"."+name))
	}
	v, err := d.Global(module, name)
	if err != nil {
		return err
	}
	return d.push(v)
}

func (d *Decoder) persistent() error {
	id, err := d.pop()
	if err != nil {
		return err
	}
	if d.Persistent == nil {
		return fmt.Errorf("it refers to %s outside of the pickle", Describe(id))
	}
	v, err := d.Persistent(id)
	if err != nil {
		return err
	}
	return d.pushBox(v, costObject)
}

func (d *Decoder) call() error {
	args, err := d.pop()
	if err != nil {
		return err
	}
	return d.apply(args)
}

func (d *Decoder) callWithKeywords() error {
	keywords, err := d.pop()
	if err != nil {
		return err
	}
	if k, ok := keywords.(*Dict); !ok || len(k.Keys) > 0 {
		return errors.New("it calls something with keyword arguments")
	}
	return d.call()
}

// apply calls what is on top of the stack.
func (d *Decoder) apply(args any) error {
	v, err := d.pop()
	if err != nil {
		return err
	}
	list, ok := args.(Tuple)
	if !ok {
		return fmt.Errorf("it calls something with %s for arguments", Describe(args))
	}
	if err := d.charge(costObject); err != nil {
		return err
	}
	var made any
	switch call := v.(type) {
	case Callable:
		made, err = call(list)
	case builtin:
		made, err = call(d, list)
	default:
		err = fmt.Errorf("it calls %s", Describe(v))
	}
	if err != nil {
		return err
	}
	return d.push(made)
}

func (d *Decoder) build() error {
	state, err := d.pop()
	if err != nil {
		return err
	}
	v, err := d.top()
	if err != nil {
		return err
	}
	switch v := v.(type) {
	case *Dict: // attributes of an OrderedDict
		return nil
	case Stateful:
		return v.SetState(state)
	}
	return fmt.Errorf("it sets attributes of %s", Describe(v))
}

// builtin is a class of Python's own. It charges the decoder for what it copies, because its arguments may be as large
// as the pickle and the call as small as five bytes.
type builtin func(d *Decoder, args Tuple) (any, error)

// builtins are the classes that containers, numbers and bytes are made by where the protocol has no instruction for it.
var builtins = map[string]any{
	"collections.OrderedDict": builtin(dictOf),
	"collections.Counter":     builtin(dictOf),
	"collections.defaultdict": builtin(func(d *Decoder, args Tuple) (any, error) {
		return dictOf(d, args[min(1, len(args)):]) // the first argument makes the values of absent keys
	}),
	"_codecs.encode": builtin(encode),
}

func init() {
	// Protocol 2 calls Python 3's module by Python 2's name, and int by that of its long.
	for _, module := range []string{"builtins.", "__builtin__."} {
		for name, class := range map[string]builtin{
			"dict": dictOf, "list": listOf, "set": listOf, "frozenset": listOf, "bytearray": bytesOf,
			"int": zero, "long": zero, "float": zero, "bool": zero,
		} {
			builtins[module+name] = class
		}
	}
}

// dictOf is a dictionary of an argument that is a dictionary or a list of pairs, empty without one.
func dictOf(d *Decoder, args Tuple) (any, error) {
	dict := &Dict{}
	if len(args) == 0 {
		return dict, nil
	}
	if from, ok := args[0].(*Dict); ok && len(args) == 1 {
		if err := d.charge(len(from.Keys) * costEntry); err != nil {
			return nil, err
		}
		for i, key := range from.Keys {
			dict.set(key, from.Values[i])
		}
		return dict, nil
	}
	list, ok := args[0].(*List)
	if !ok || len(args) > 1 {
		return nil, errors.New("it makes a dictionary from something other than a list of pairs")
	}
	if err := d.charge(len(list.Items) * costEntry); err != nil {
		return nil, err
	}
	for _, item := range list.Items {
		pair, ok := item.(Tuple)
		if inner, isList := item.(*List); isList {
			pair, ok = inner.Items, true
		}
		if !ok || len(pair) != 2 {
			return nil, errors.New("it makes a dictionary from something other than a list of pairs")
		}
		dict.set(pair[0], pair[1])
	}
	return dict, nil
}

// listOf is a list of the items of its argument, empty without one.
func listOf(d *Decoder, args Tuple) (any, error) {
	if len(args) == 0 {
		return &List{}, nil
	}
	items, ok := args[0].(Tuple)
	if list, isList := args[0].(*List); isList {
		items, ok = list.Items, true
	}
	if !ok || len(args) > 1 {
		return nil, errors.New("it makes a list or set from something other than a list")
	}
	if err := d.charge(len(items) * costSlot); err != nil {
		return nil, err
	}
	return &List{Items: slices.Clone(items)}, nil
}

// bytesOf is a copy of its argument, empty without one.
func bytesOf(d *Decoder, args Tuple) (any, error) {
	if len(args) == 0 {
		return Bytes(nil), nil
	}
	b, ok := args[0].(Bytes)
	if !ok || len(args) > 1 {
		return nil, errors.New("it makes bytes from something other than bytes")
	}
	if err := d.charge(len(b)); err != nil {
		return nil, err
	}
	return slices.Clone(b), nil
}

// zero is what the classes of numbers make without an argument; pickles name them as the first argument of defaultdict.
func zero(_ *Decoder, args Tuple) (any, error) {
	if len(args) > 0 {
		return nil, errors.New("it converts something to a number")
	}
	return int64(0), nil
}

// encode is how protocol 2, which has no instruction for bytes, writes them: as text with one character a byte.
func encode(d *Decoder, args Tuple) (any, error) {
	if len(args) != 2 || args[1] != "latin1" {
		return nil, errors.New("it encodes a string in another way than latin1")
	}
	text, ok := args[0].(string)
	if !ok {
		return nil, fmt.Errorf("it encodes %s", Describe(args[0]))
	}
	if err := d.charge(len(text)); err != nil {
		return nil, err
	}
	b := make(Bytes, 0, len(text))
	for _, r := range text {
		if r > 0xff {
			return nil, errors.New("it encodes a character that latin1 does not have")
		}
		b = append(b, byte(r))
	}
	return b, nil
}
