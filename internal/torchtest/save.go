// Package torchtest writes files as torch.save does, for tests that need larger ones than lie in weights/testdata, which
// PyTorch itself has written.
package torchtest

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"os"

	"github.com/gestalt-vision/gestalt/weights"
)

// classes of storages.
var classes = map[weights.DType]string{weights.F32: "FloatStorage", weights.F16: "HalfStorage", weights.I64: "LongStorage"}

// Save writes tensors of type F32, F16 or I64 as a state_dict, in the zip format and by pickle protocol 2.
func Save(path string, tensors []weights.Tensor) error {
	p := &program{}
	p.WriteString("\x80\x02ccollections\nOrderedDict\n)R(")
	for i, t := range tensors {
		class, ok := classes[t.DType]
		if !ok {
			return fmt.Errorf("tensor %q: type %s is not written", t.Name, t.DType)
		}
		stride := make([]int, len(t.Shape))
		for axis, next := len(t.Shape)-1, 1; axis >= 0; axis-- {
			stride[axis] = next
			next *= t.Shape[axis]
		}
		p.text(t.Name)
		p.WriteString("ctorch._utils\n_rebuild_tensor_v2\n((")
		p.text("storage")
		p.WriteString("ctorch\n" + class + "\n")
		p.text(fmt.Sprint(i))
		p.text("cpu")
		p.number(t.Len())
		p.WriteString("tQ")
		p.number(0)
		p.tuple(t.Shape)
		p.tuple(stride)
		p.WriteString("\x89ccollections\nOrderedDict\n)RtR")
	}
	p.WriteString("u.")

	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	w := zip.NewWriter(f)
	add := func(name string, content []byte) {
		var out io.Writer
		if err == nil {
			out, err = w.CreateHeader(&zip.FileHeader{Name: "archive/" + name, Method: zip.Store})
		}
		if err == nil {
			_, err = out.Write(content)
		}
	}
	add("data.pkl", p.Bytes())
	for i, t := range tensors {
		add(fmt.Sprintf("data/%d", i), t.Data)
	}
	add("version", []byte("3\n"))
	if err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	return f.Close()
}

// program is a pickle.
type program struct{ bytes.Buffer }

func (p *program) text(s string) {
	p.WriteByte('X')
	p.Write(binary.LittleEndian.AppendUint32(nil, uint32(len(s))))
	p.WriteString(s)
}

func (p *program) number(n int) {
	p.WriteByte('J')
	p.Write(binary.LittleEndian.AppendUint32(nil, uint32(n)))
}

func (p *program) tuple(list []int) {
	p.WriteByte('(')
	for _, n := range list {
		p.number(n)
	}
	p.WriteByte('t')
}
