package weights

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// storagePickle is the persistent id of a float storage "0"; numel is an instruction that pushes a number.
func storagePickle(numel string) string {
	return "(U\x07storagectorch\nFloatStorage\nU\x010U\x03cpu" + numel + "tQ"
}

// tensorPickle is {"a": tensor}, with instructions that push the offset, the shape and the strides.
func tensorPickle(storage, offset, shape, stride string) string {
	return "\x80\x02}U\x01actorch._utils\n_rebuild_tensor_v2\n(" + storage + offset + shape + stride + "\x89}tRs."
}

// archive is a zip archive of names and contents; those of one name may be several.
func archive(t testing.TB, method uint16, entries ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for i := 0; i < len(entries); i += 2 {
		out, err := w.CreateHeader(&zip.FileHeader{Name: entries[i], Method: method})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := out.Write([]byte(entries[i+1])); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// replaced is data with the only occurrence of one string replaced by another of the same length.
func replaced(t testing.TB, data []byte, old, by string, times int) []byte {
	t.Helper()
	if n := bytes.Count(data, []byte(old)); n != times || len(old) != len(by) {
		t.Fatalf("%q occurs %d times", old, n)
	}
	return bytes.ReplaceAll(data, []byte(old), []byte(by))
}

func TestTorchHostile(t *testing.T) {
	const (
		three = "K\x01K\x02K\x03\x87" // (1, 2, 3)
		huge  = "\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f"
	)
	saved := func(program string, more ...string) []byte {
		return archive(t, zip.Store, append([]string{"m/data.pkl", program, "m/data/0", strings.Repeat("\x00\x00\x80\x3f", 6)}, more...)...)
	}
	tensor := func(offset, shape, stride string) []byte {
		return saved(tensorPickle(storagePickle("K\x06"), offset, shape, stride))
	}
	if f, err := newFile("good", tensor("K\x00", three, "K\x06K\x03K\x01\x87"), nil); err != nil || f.Names()[0] != "a" {
		t.Fatalf("the file that the others are made from: %v", err)
	}
	legacy, err := os.ReadFile("testdata/plain_legacy.pth")
	if err != nil {
		t.Fatal(err)
	}
	zeros := strings.Repeat("\x00", 1<<20)
	bomb := archive(t, zip.Deflate, "m/data.pkl", "\x80\x02}.", "m/data/0", strings.Repeat(zeros, 70))
	inner := tensorPickle(storagePickle("K\x06"), "K\x00", three, "K\x06K\x03K\x01\x87")
	inner = inner[2 : len(inner)-1]
	// Sixty thousand names for one tensor, whose 4,095 elements are one.
	var expanded strings.Builder
	expanded.WriteString("\x80\x02ctorch._utils\n_rebuild_tensor_v2\n(" + storagePickle("K\x06") + "K\x00M\xff\x0fK\x01\x86K\x00K\x00\x86\x89}tRq\x000}(")
	for i := range 60_000 {
		fmt.Fprintf(&expanded, "U\x05%05dh\x00", i)
	}
	expanded.WriteString("u.")
	for _, c := range []struct {
		name string
		data []byte
		want string
	}{
		{"system", saved("cos\nsystem\nU\x02ls\x85R."), `"os.system"`},
		{"eval", saved("c__builtin__\neval\nU\x011\x85R."), `"__builtin__.eval"`},
		{"eval by another instruction", saved("U\x08builtinsU\x04eval\x93U\x011\x85R."), `"builtins.eval"`},
		{"long name", saved("cos\n" + strings.Repeat("a", 1000) + "\n."), "aaa…"},
		{"function of torch", saved("ctorch.hub\nload\n)R."), `"torch.hub.load"`},
		{"storage that is none", saved("ctorch\nEvilStorage\n."), `"torch.EvilStorage"`},
		{"sparse", saved("ctorch._utils\n_rebuild_sparse_tensor\n."), "_rebuild_sparse_tensor"},
		{"deep", saved(strings.Repeat("]", 30<<20)), "more than 64 MB"},
		{"long program", saved(strings.Repeat("]", 33<<20)), "the limit is"},
		{"a number", saved("K\x01."), "the number 1, not tensors under names"},
		{"a list", saved("]."), "a list of 0, not tensors"},
		{"nothing", saved("}."), "no tensors under names"},
		{"several networks", saved("}(U\x01g" + inner + "U\x01d" + inner + "u."), `several networks (["g" "d"])`},
		{"within itself", saved("}q\x00U\x05modelh\x00s."), "dictionaries within dictionaries"},
		{"id that is none", saved("K\x01Q."), "where a storage was expected"},
		{"storage without a type", saved("(U\x07storageNU\x010U\x03cpuK\x01tQ."), "a storage of None"},
		{"storage of fewer than none", saved(tensorPickle(storagePickle("J\xff\xff\xff\xff"), "K\x00", three, three)), "the number -1 for its number"},
		{"absent storage", archive(t, zip.Store, "m/data.pkl", tensorPickle(storagePickle("K\x06"), "K\x00", three, three)), "is not in the archive"},
		{"short storage", saved(tensorPickle(storagePickle("K\x07"), "K\x00", three, three)), "has 24 bytes, not the 28"},
		{"huge storage", saved(tensorPickle(storagePickle(huge), "K\x00", three, three)), "too large"},
		{"storage of two sizes", saved("\x80\x02" + storagePickle("K\x06") + storagePickle("K\x05") + "."), "once 6 elements of F32 and once 5"},
		{"storage elsewhere", saved(strings.ReplaceAll(tensorPickle(storagePickle("K\x06"), "K\x00", three, three), "U\x010", "U\x0b../m/data/0")), "is not in the archive"},
		{"beyond by the offset", tensor("K\x01", three, "K\x06K\x03K\x01\x87"), "reaches beyond"},
		{"beyond by a stride", tensor("K\x00", three, "K\x06K\x04K\x01\x87"), "reaches beyond"},
		{"beyond by a sum that wraps", tensor(huge, "K\x03K\x03\x86", huge+huge+"\x86"), "reaches beyond"},
		{"negative stride", tensor("K\x00", three, "J\xff\xff\xff\xffK\x00K\x00\x87"), "with stride the number -1"},
		{"negative offset", tensor("J\xff\xff\xff\xff", three, three), "begins at the number -1"},
		{"more shape than strides", tensor("K\x00", three, "K\x01\x85"), "not lists of the same length"},
		{"too many axes", tensor("K\x00", "("+strings.Repeat("K\x01", 65)+"t", "("+strings.Repeat("K\x01", 65)+"t"), "65 axes"},
		{"size over 64 bits", tensor("K\x00", huge+huge+"\x86", "K\x00K\x00\x86"), "too large"},
		{"elements from one", tensor("K\x00", "J\xff\xff\xff\x7fK\x01\x86", "K\x00K\x00\x86"), "made to do harm"},
		{"elements from one, often", saved(expanded.String()), "made to do harm"},
		{"not a tensor's storage", saved("ctorch._utils\n_rebuild_tensor_v2\n(NNNNtR."), "made of None"},
		{"no storage", saved("ctorch._utils\n_rebuild_tensor_v2\n)R."), "made of 0 things"},
		{"tensor of nothing", saved("}U\x01actorch\nFloatTensor\n)Rs."), "no tensors under names"},
		{"tensor of itself", saved("}U\x01actorch.nn.parameter\nParameter\n)\x81q\x00(h\x00NN\x88\x88tbs."), "gets its elements from a tuple of 5"},
		{"tensor of a number", saved("}U\x01actorch\nTensor\n)\x81K\x01bs."), "gets its elements from the number 1"},
		{"tensor of a wrong state", saved("}U\x01actorch\nTensor\n)\x81(NNNNtbs."), "made of None"},
		{"parameter of nothing", saved("ctorch._utils\n_rebuild_parameter\n)R."), "other than a tensor"},

		{"empty archive", append([]byte("PK\x03\x04....."), make([]byte, 30)...), "directory"},
		{"cut archive", tensor("K\x00", three, three)[:200], "directory"},
		{"no data.pkl", archive(t, zip.Store, "m/data/0", "1234"), "no data.pkl"},
		{"two data.pkl", archive(t, zip.Store, "m/data.pkl", "}.", "n/data.pkl", "}."), "two files data.pkl"},
		{"one name twice", archive(t, zip.Store, "m/data.pkl", "}.", "m/data.pkl", "}."), `two files "m/data.pkl"`},
		{"upwards", archive(t, zip.Store, "../data.pkl", "}."), "leads elsewhere"},
		{"inner upwards", archive(t, zip.Store, "m/../../data.pkl", "}."), "leads elsewhere"},
		{"from the root", archive(t, zip.Store, "/data.pkl", "}."), "leads elsewhere"},
		{"with backslashes", archive(t, zip.Store, `m\data.pkl`, "}."), "leads elsewhere"},
		{"two views of an archive", bytes.Replace(saved("}."), []byte("m/data/0"), []byte("m/data/1"), 1), "another name"},
		{"bomb", bomb, "made to do harm"},
		{"pickle bomb", archive(t, zip.Deflate, "m/data.pkl", strings.Repeat("]", 40<<20)), "the limit is"},
		{"entries", directoryOf(1<<16 + 1), "holds 65537 files"},
		{"claimed entries", claimed(saved("}."), 1<<15), "cut short or damaged"},

		{"other pickle", append([]byte("\x80\x02K\x05."), legacy...), "not with the magic number"},
		{"other protocol", replaced(t, legacy, "\x80\x02M\xe9\x03.", "\x80\x02M\xea\x03.", 1), "its protocol version is the number 1002"},
		{"cut short", legacy[:len(legacy)-1], "cut short"},
		{"old tar", append(append(make([]byte, 257), "ustar"...), make([]byte, 300)...), "tar archive"},
	} {
		path := filepath.Join(t.TempDir(), "bad.pth")
		if err := os.WriteFile(path, c.data, 0o600); err != nil {
			t.Fatal(err)
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		start := time.Now()
		f, err := Open(path)
		took := time.Since(start)
		runtime.ReadMemStats(&after)
		if err == nil {
			t.Errorf("%s: Open gave %.200v, want an error with %q", c.name, f.Names(), c.want)
			f.Close()
			continue
		}
		for _, want := range []string{c.want, path} {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: error %.300q does not say %q", c.name, err, want)
			}
		}
		if grown := after.TotalAlloc - before.TotalAlloc; grown > 200<<20 || len(err.Error()) > 1000 {
			t.Errorf("%s: %d MB were allocated, for an error of %d bytes", c.name, grown>>20, len(err.Error()))
		}
		if took > 10*time.Second { // a tenth of a second where nothing else runs
			t.Errorf("%s took %v", c.name, took)
		}
	}
}

// directoryOf is a zip archive that has so many directory entries for one file.
func directoryOf(n int) []byte {
	le := binary.LittleEndian
	header := make([]byte, zipHeaderSize)
	copy(header, "PK\x03\x04")
	entry := make([]byte, zipDirectorySize)
	copy(entry, "PK\x01\x02")
	data := append(header, bytes.Repeat(entry, n)...)
	end64 := make([]byte, zipEnd64Size)
	copy(end64, "PK\x06\x06")
	le.PutUint64(end64[32:], uint64(n))
	le.PutUint64(end64[40:], uint64(n*zipDirectorySize))
	le.PutUint64(end64[48:], zipHeaderSize)
	locator := make([]byte, zipLocatorSize)
	copy(locator, "PK\x06\x07")
	le.PutUint64(locator[8:], uint64(len(data)))
	end := make([]byte, zipEndSize)
	copy(end, "PK\x05\x06")
	return append(append(append(data, end64...), locator...), end...)
}

// Sizes and places that do not fit into 32 bits are in extra fields; PyTorch writes them for files of more than 4 GB.
func TestZip64(t *testing.T) {
	le := binary.LittleEndian
	const name, content = "m/data.pkl", "\x80\x02}."
	header := make([]byte, zipHeaderSize)
	copy(header, "PK\x03\x04")
	le.PutUint16(header[26:], uint16(len(name)))
	data := append(append(make([]byte, 100), header...), name+content...)

	entry := make([]byte, zipDirectorySize)
	copy(entry, "PK\x01\x02")
	for _, at := range []int{20, 24, 42} { // packed size, size, place
		le.PutUint32(entry[at:], 1<<32-1)
	}
	extra := le.AppendUint16(le.AppendUint16(nil, 7), 2) // a field of another kind before it
	extra = append(extra, 0, 0)
	extra = le.AppendUint16(le.AppendUint16(extra, 1), 24)
	for _, v := range []int{len(content), len(content), 100} { // size, packed size, place
		extra = le.AppendUint64(extra, uint64(v))
	}
	le.PutUint16(entry[28:], uint16(len(name)))
	le.PutUint16(entry[30:], uint16(len(extra)))
	directory := append(append(entry, name...), extra...)

	end64 := make([]byte, zipEnd64Size)
	copy(end64, "PK\x06\x06")
	le.PutUint64(end64[32:], 1)
	le.PutUint64(end64[40:], uint64(len(directory)))
	le.PutUint64(end64[48:], uint64(len(data)))
	locator := make([]byte, zipLocatorSize)
	copy(locator, "PK\x06\x07")
	le.PutUint64(locator[8:], uint64(len(data)+len(directory)))
	end := make([]byte, zipEndSize)
	copy(end, "PK\x05\x06\x00\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff")
	whole := slices.Concat(data, directory, end64, locator, end)

	entries, err := readZip(whole)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := entries[name].content(); err != nil || string(got) != content || len(entries) != 1 {
		t.Errorf("%q of %d entries, %v", got, len(entries), err)
	}
	for n := range len(whole) {
		if _, err := readZip(whole[:n]); err == nil {
			t.Errorf("cut to %d bytes: no error", n)
		}
	}
	short := bytes.Replace(whole, []byte("\x01\x00\x18\x00"), []byte("\x01\x00\x10\x00"), 1)
	if _, err := readZip(short); err == nil {
		t.Error("an extra field without the place: no error")
	}
}

// claimed is an archive whose last record claims another number of entries.
func claimed(data []byte, n uint16) []byte {
	data = bytes.Clone(data)
	binary.LittleEndian.PutUint16(data[len(data)-zipEndSize+10:], n)
	return data
}

// A storage that unpacks to something else than its archive says is an error when a tensor of it is read.
func TestTorchLyingEntry(t *testing.T) {
	program := tensorPickle(storagePickle("M\x00\x10"), "K\x00", "M\x00\x10\x85", "K\x01\x85")
	data := archive(t, zip.Deflate, "m/data.pkl", program, "m/data/0", strings.Repeat("\x00", 1<<14+4))
	data = replaced(t, data, "\x04\x40\x00\x00", "\x00\x40\x00\x00", 2) // in the directory, and after the entry
	f, err := newFile("lying", data, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Tensor("a"); err == nil || !strings.Contains(err.Error(), "should unpack to 16384 bytes") {
		t.Errorf("%v", err)
	}
	if shape, ok := f.Shape("a"); !ok || shape[0] != 4096 {
		t.Errorf("shape %v", shape)
	}
}

// A file that is cut anywhere, or has one byte changed, gives an error or tensors, and never more than that.
func TestTorchDamaged(t *testing.T) {
	for _, file := range []string{"views.pth", "views_legacy.pth"} {
		data, err := os.ReadFile(filepath.Join("testdata", file))
		if err != nil {
			t.Fatal(err)
		}
		for n := range data {
			if f, err := newFile(file, data[:n], nil); err == nil {
				t.Errorf("%s cut to %d bytes gave %v", file, n, f.Names())
			}
			changed := bytes.Clone(data)
			changed[n] ^= 0x55
			if f, err := newFile(file, changed, nil); err == nil {
				for _, name := range f.Names() {
					if tensor, err := f.Tensor(name); err == nil && len(tensor.Data) != tensor.Len()*tensor.DType.Size() {
						t.Errorf("%s with byte %d changed: %d bytes of %v", file, n, len(tensor.Data), tensor.Shape)
					}
				}
			}
		}
	}
}

func FuzzTorchZip(f *testing.F) {
	for _, file := range []string{"plain.pth", "types.pth", "views.pth", "checkpoint.pth", "module.pth", "script.pt"} {
		fuzzSeed(f, file)
	}
	f.Add(rezip(f, "testdata/views.pth", zip.Deflate, func(_ string, content []byte) []byte { return content }))
	f.Fuzz(func(t *testing.T, data []byte) {
		entries, err := readZip(data)
		if err != nil {
			return
		}
		for name, entry := range entries {
			if content, err := entry.content(); err == nil && len(content) != entry.size {
				t.Fatalf("%q has %d bytes, not %d", name, len(content), entry.size)
			}
		}
		fuzzFile(t, data)
	})
}

// FuzzTorchProgram puts any pickle beside the storages of a real file.
func FuzzTorchProgram(f *testing.F) {
	for _, file := range []string{"plain.pth", "types.pth", "views.pth", "checkpoint.pth", "module.pth"} {
		rezip(f, filepath.Join("testdata", file), zip.Store, func(name string, content []byte) []byte {
			if strings.HasSuffix(name, "/data.pkl") {
				f.Add(content)
			}
			return content
		})
	}
	f.Fuzz(func(t *testing.T, program []byte) {
		entries := []string{"m/data.pkl", string(program)}
		for _, key := range []string{"0", "1", "2", "3"} {
			entries = append(entries, "m/data/"+key, strings.Repeat("\x01\x02\x03\x04", 50))
		}
		fuzzFile(t, archive(t, zip.Store, entries...))
	})
}

func FuzzTorchLegacy(f *testing.F) {
	for _, file := range []string{"plain_legacy.pth", "types_legacy.pth", "views_legacy.pth", "checkpoint_legacy.pth", "parallel_features.pth", "module_legacy.pth", "old.pth"} {
		fuzzSeed(f, file)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if isPickle(data) {
			fuzzFile(t, data)
		}
	})
}

func fuzzSeed(f *testing.F, file string) {
	data, err := os.ReadFile(filepath.Join("testdata", file))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
}

// fuzzFile demands that a file is refused, or that its tensors have as many bytes as their shapes say and can be written.
func fuzzFile(t *testing.T, data []byte) {
	file, err := newFile("fuzz", data, nil)
	if err != nil {
		return
	}
	var tensors []Tensor
	for _, name := range file.Names() {
		tensor, err := file.Tensor(name)
		if err != nil {
			continue
		}
		if len(tensor.Data) != tensor.Len()*tensor.DType.Size() {
			t.Fatalf("%q has %d bytes of %s %v", name, len(tensor.Data), tensor.DType, tensor.Shape)
		}
		tensors = append(tensors, tensor)
	}
	var b bytes.Buffer
	if err := Encode(&b, tensors, nil); err != nil {
		t.Fatal(err)
	}
	if again, err := newFile("again", b.Bytes(), nil); err != nil || len(again.Names()) != len(tensors) {
		t.Fatal(err)
	}
}
