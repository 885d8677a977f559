package tflite

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
)

const fixtures = "../../weights/testdata/"

func read(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestParse(t *testing.T) {
	m, err := Parse(read(t, fixtures+"predict_int8.tflite"))
	if err != nil {
		t.Fatal(err)
	}
	if len(m.Tensors) != 25 || len(m.Operators) != 8 {
		t.Fatalf("%d tensors, %d operators", len(m.Tensors), len(m.Operators))
	}
	op := m.Operators[1]
	kernel := m.Tensors[op.Inputs[1]]
	if op.Code != DepthwiseConv2D || kernel.Name != "MobilenetV2/expanded_conv/depthwise/depthwise_weights" || kernel.Type != Int8 ||
		!slices.Equal(kernel.Shape, []int{1, 3, 3, 2}) || len(kernel.Data) != 18 || len(kernel.Scale) != 2 || len(kernel.Zero) != 2 || kernel.Axis != 3 {
		t.Errorf("operator 1 is %v with kernel %+v", op, kernel)
	}
	if x := m.Tensors[op.Inputs[0]]; x.Data != nil || op.Inputs[0] != m.Operators[0].Outputs[0] {
		t.Errorf("operator 1 takes %+v, %v", x, op.Inputs)
	}
}

// Cut at any place, and with any one byte changed, a file gives an error or a model whose parts are in their bounds.
func TestDamaged(t *testing.T) {
	for _, name := range []string{"plain_uint8.tflite", "predict_int8.tflite"} {
		data := read(t, fixtures+name)
		for i := range data {
			if m, err := Parse(data[:i:i]); err == nil {
				check(t, m)
			}
			for _, v := range []byte{0, 0x7f, 0xff} {
				changed := slices.Clone(data)
				changed[i] = v
				if m, err := Parse(changed); err == nil {
					check(t, m)
				}
			}
		}
	}
	for _, data := range [][]byte{nil, []byte("TFL3"), []byte("\x00\x00\x00\x00TFL3"), []byte("\xff\xff\xff\xffTFL3"), []byte("\x08\x00\x00\x00TFL2\x00\x00\x00\x00")} {
		if _, err := Parse(data); err == nil {
			t.Errorf("%q: no error", data)
		}
	}
}

// check says what of a model is out of its bounds.
func check(t *testing.T, m *Model) {
	for _, op := range m.Operators {
		for _, i := range slices.Concat(op.Inputs, op.Outputs) {
			if i < -1 || i >= len(m.Tensors) {
				t.Fatalf("operator refers to tensor %d of %d", i, len(m.Tensors))
			}
		}
	}
	for _, tensor := range m.Tensors {
		n := tensor.Type.Size()
		for _, d := range tensor.Shape {
			n *= d
		}
		if tensor.Data != nil && tensor.Type.Size() > 0 && n != len(tensor.Data) {
			t.Fatalf("%s: %v has %d bytes", tensor.Name, tensor.Shape, len(tensor.Data))
		}
	}
}

// Many references to one long vector take no more memory than the file's size allows.
func TestSharedVectors(t *testing.T) {
	const shape = 1 << 15
	if _, err := Parse(sharing(1, shape)); err != nil {
		t.Fatal(err)
	}
	data := sharing(1<<15, shape)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := Parse(data)
	runtime.ReadMemStats(&after)
	if err == nil {
		t.Error("no error")
	}
	if used := after.TotalAlloc - before.TotalAlloc; used > uint64(40*len(data)) {
		t.Errorf("%d bytes took %d of memory", len(data), used)
	}
}

// sharing is a file with so many references to one tensor with a long shape.
func sharing(tensors, shape int) (data []byte) {
	word := func(v int) int {
		data = binary.LittleEndian.AppendUint32(data, uint32(v))
		return len(data) - 4
	}
	refer := func(from, to int) { binary.LittleEndian.PutUint32(data[from:], uint32(to-from)) }
	table := func(fields int) (at int, refs []int) { // all fields are words
		data = binary.LittleEndian.AppendUint16(data, uint16(4+2*fields))
		data = binary.LittleEndian.AppendUint16(data, uint16(4+4*fields))
		for i := range fields {
			data = binary.LittleEndian.AppendUint16(data, uint16(4+4*i))
		}
		if len(data)%4 != 0 {
			data = append(data, 0, 0)
		}
		at = word(0)
		binary.LittleEndian.PutUint32(data[at:], uint32(at-(at-4-2*fields)/4*4))
		for range fields {
			refs = append(refs, word(0))
		}
		return at, refs
	}
	vector := func(from, n int) (refs []int) {
		refer(from, word(n))
		for range n {
			refs = append(refs, word(0))
		}
		return refs
	}
	data = append(data, "\x00\x00\x00\x00TFL3"...) // references lead forward only
	root, fields := table(5)
	refer(0, root)
	binary.LittleEndian.PutUint32(data[fields[0]:], 3)
	vector(fields[1], 0)
	graphs, buffers := vector(fields[2], 1), vector(fields[4], 1)
	nothing, _ := table(0)
	refer(buffers[0], nothing)
	graph, fields := table(1)
	refer(graphs[0], graph)
	list := vector(fields[0], tensors)
	tensor, fields := table(1)
	for _, from := range list {
		refer(from, tensor)
	}
	vector(fields[0], shape)
	return data
}

func FuzzParse(f *testing.F) {
	paths, _ := filepath.Glob(fixtures + "*.tflite")
	if len(paths) == 0 {
		f.Fatal("no seeds")
	}
	for _, path := range paths {
		f.Add(read(f, path))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if m, err := Parse(data); err == nil {
			check(t, m)
		}
	})
}
