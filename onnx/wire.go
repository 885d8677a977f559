package onnx

import (
	"errors"
	"fmt"
	"math"

	"google.golang.org/protobuf/encoding/protowire"
)

// field is one field of a protobuf message: a number for the varint and fixed wire types, else bytes that alias the file.
type field struct {
	num    protowire.Number
	kind   protowire.Type
	number uint64
	bytes  []byte
}

// eachField calls f for the fields of a message in their order. The fields of inner messages stay bytes, so that reading goes
// only as deep as f does.
func eachField(message []byte, f func(field) error) error {
	for len(message) > 0 {
		num, kind, n := protowire.ConsumeTag(message)
		if n < 0 {
			return fmt.Errorf("broken protobuf: %w", protowire.ParseError(n))
		}
		message = message[n:]
		fl := field{num: num, kind: kind}
		switch kind {
		case protowire.VarintType:
			fl.number, n = protowire.ConsumeVarint(message)
		case protowire.Fixed32Type:
			var v uint32
			v, n = protowire.ConsumeFixed32(message)
			fl.number = uint64(v)
		case protowire.Fixed64Type:
			fl.number, n = protowire.ConsumeFixed64(message)
		case protowire.BytesType:
			fl.bytes, n = protowire.ConsumeBytes(message)
		default:
			return fmt.Errorf("broken protobuf: field %d of wire type %d, which ONNX has none of", num, kind)
		}
		if n < 0 {
			return fmt.Errorf("broken protobuf: field %d: %w", num, protowire.ParseError(n))
		}
		message = message[n:]
		if err := f(fl); err != nil {
			return err
		}
	}
	return nil
}

var errKind = errors.New("broken protobuf: a field is of another type than ONNX says")

// text is a string field.
func (f field) text() (string, error) {
	if f.kind != protowire.BytesType {
		return "", errKind
	}
	return string(f.bytes), nil
}

// message is the bytes of an inner message.
func (f field) message() ([]byte, error) {
	if f.kind != protowire.BytesType {
		return nil, errKind
	}
	return f.bytes, nil
}

// integer is an int32, int64 or enum field.
func (f field) integer() (int64, error) {
	if f.kind != protowire.VarintType {
		return 0, errKind
	}
	return int64(f.number), nil
}

// float is a float field.
func (f field) float() (float32, error) {
	if f.kind != protowire.Fixed32Type {
		return 0, errKind
	}
	return math.Float32frombits(uint32(f.number)), nil
}

// appendVarints appends the numbers of a repeated varint field, packed or one alone.
func (f field) appendVarints(to []int64) ([]int64, error) {
	if f.kind == protowire.VarintType {
		return append(to, int64(f.number)), nil
	}
	packed, err := f.message()
	for err == nil && len(packed) > 0 {
		v, n := protowire.ConsumeVarint(packed)
		if n < 0 {
			return nil, fmt.Errorf("broken protobuf: %w", protowire.ParseError(n))
		}
		to, packed = append(to, int64(v)), packed[n:]
	}
	return to, err
}

// appendFloats appends the numbers of a repeated float field, packed or one alone.
func (f field) appendFloats(to []float32) ([]float32, error) {
	if f.kind == protowire.Fixed32Type {
		return append(to, math.Float32frombits(uint32(f.number))), nil
	}
	packed, err := f.message()
	for err == nil && len(packed) > 0 {
		v, n := protowire.ConsumeFixed32(packed)
		if n < 0 {
			return nil, fmt.Errorf("broken protobuf: %w", protowire.ParseError(n))
		}
		to, packed = append(to, math.Float32frombits(v)), packed[n:]
	}
	return to, err
}

// appendDoubles appends the numbers of a repeated double field, packed or one alone.
func (f field) appendDoubles(to []float64) ([]float64, error) {
	if f.kind == protowire.Fixed64Type {
		return append(to, math.Float64frombits(f.number)), nil
	}
	packed, err := f.message()
	for err == nil && len(packed) > 0 {
		v, n := protowire.ConsumeFixed64(packed)
		if n < 0 {
			return nil, fmt.Errorf("broken protobuf: %w", protowire.ParseError(n))
		}
		to, packed = append(to, math.Float64frombits(v)), packed[n:]
	}
	return to, err
}
