package weights

import "slices"

// DType is the number format of a tensor's elements, in a safetensors file's own spelling.
type DType string

// The element types of safetensors that this package reads and writes.
const (
	Bool DType = "BOOL" // one byte, 0 or 1
	U8   DType = "U8"
	I8   DType = "I8"
	I16  DType = "I16"
	U16  DType = "U16"
	F16  DType = "F16"  // IEEE 754 binary16
	BF16 DType = "BF16" // the upper half of a binary32
	I32  DType = "I32"
	U32  DType = "U32"
	F32  DType = "F32"
	F64  DType = "F64"
	I64  DType = "I64"
	U64  DType = "U64"
)

// dtypes are all types in the order of the reference implementation's enumeration, which sorts by alignment. A file
// written by it holds its tensors in the reverse of this order, so that each starts at a multiple of its element size.
var dtypes = []DType{Bool, U8, I8, I16, U16, F16, BF16, I32, U32, F32, F64, I64, U64}

// Size is the number of bytes of one element, 0 for a type this package does not know.
func (d DType) Size() int {
	switch d {
	case Bool, U8, I8:
		return 1
	case I16, U16, F16, BF16:
		return 2
	case I32, U32, F32:
		return 4
	case F64, I64, U64:
		return 8
	}
	return 0
}

// rank is the position in dtypes, -1 for an unknown type.
func (d DType) rank() int { return slices.Index(dtypes, d) }
