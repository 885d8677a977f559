package style

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/gestalt-vision/gestalt/dataset"
	"github.com/gestalt-vision/gestalt/pixel"
	"github.com/gestalt-vision/gestalt/weights"
)

var (
	_ Encoder = (*Ghiasi)(nil)
	_ Encoder = (*RandConv)(nil)
)

// counting counts what an encoder is asked.
type counting struct {
	Encoder
	calls atomic.Int32
	after func(calls int32) error // may be nil
}

func (c *counting) Encode(m *pixel.Image) (Style, error) {
	n := c.calls.Add(1)
	if c.after != nil {
		if err := c.after(n); err != nil {
			return Style{}, err
		}
	}
	return c.Encoder.Encode(m)
}

// another is an encoder with another identity.
type another struct{ Encoder }

func (another) EncoderIdentity() string { return "another" }

// paint writes a picture of one colour.
func paint(t *testing.T, dir, name string, colour byte) {
	t.Helper()
	m := pixel.New(8, 6, 3)
	for i := range m.Pix {
		m.Pix[i] = colour + byte(i%3)
	}
	var data bytes.Buffer
	if err := pixel.EncodePNG(&data, m); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name), data.Bytes(), 0o666); err != nil {
		t.Fatal(err)
	}
}

func openSet(t *testing.T, dir string) *dataset.Set {
	t.Helper()
	set, err := dataset.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { set.Close() })
	return set
}

func makeBank(t *testing.T, path string, e Encoder, dir string) (*Bank, []BrokenStyle) {
	t.Helper()
	b, broken, err := MakeBank(context.Background(), path, e, openSet(t, dir), BankOptions{Workers: 2})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	return b, broken
}

// The bank holds what the encoder makes of each picture; only new pictures are encoded, and the file's bytes do not tell
// in which order they came.
func TestBank(t *testing.T) {
	dir, path := t.TempDir(), filepath.Join(t.TempDir(), "bank.safetensors")
	e := &counting{Encoder: openRandConv(t, 1)}
	for i := range 5 {
		paint(t, dir, fmt.Sprintf("p%d.png", i), byte(40*i))
	}
	os.WriteFile(filepath.Join(dir, "broken.png"), []byte("no picture"), 0o666)
	check := func(b *Bank, broken []BrokenStyle, calls int32, names ...string) {
		t.Helper()
		if got := e.calls.Swap(0); got != calls {
			t.Errorf("%d pictures were encoded, want %d", got, calls)
		}
		if len(broken) != 1 || broken[0].Picture != "broken.png" || broken[0].Reason == "" {
			t.Errorf("broken pictures are %v", broken)
		}
		if b.Len() != len(names) {
			t.Fatalf("%d styles, want %d", b.Len(), len(names))
		}
		for i, name := range names {
			data, err := os.ReadFile(filepath.Join(dir, name))
			if err != nil {
				t.Fatal(err)
			}
			m, _, err := pixel.Decode(data)
			if err != nil {
				t.Fatal(err)
			}
			want, err := e.Encoder.Encode(m)
			if err != nil {
				t.Fatal(err)
			}
			if got := b.Style(i); got.Name != name || b.Name(i) != name || !slices.Equal(got.Vector, want.Vector) {
				t.Errorf("style %d is %v, want %s %v", i, got, name, want.Vector)
			}
		}
	}
	b, broken := makeBank(t, path, e, dir)
	check(b, broken, 5, "p0.png", "p1.png", "p2.png", "p3.png", "p4.png")
	before, _ := os.Stat(path)
	b, broken = makeBank(t, path, e, dir)
	check(b, broken, 0, "p0.png", "p1.png", "p2.png", "p3.png", "p4.png")
	if after, _ := os.Stat(path); !os.SameFile(before, after) || after.ModTime() != before.ModTime() {
		t.Error("the file was written although nothing changed")
	}

	os.Rename(filepath.Join(dir, "p1.png"), filepath.Join(dir, "a.png")) // known by its bytes
	os.Remove(filepath.Join(dir, "p3.png"))
	paint(t, dir, "p2.png", 7)
	paint(t, dir, "z.png", 8)
	b, broken = makeBank(t, path, e, dir)
	check(b, broken, 2, "a.png", "p0.png", "p2.png", "p4.png", "z.png")
	fresh, _ := makeBank(t, filepath.Join(t.TempDir(), "fresh.safetensors"), e, dir)
	if b.Identity() != fresh.Identity() {
		t.Error("the bank depends on what it held before")
	}
}

// Each style is drawn as often as the others, and by its seed alone.
func TestBankDraw(t *testing.T) {
	dir := t.TempDir()
	for i := range 4 {
		paint(t, dir, fmt.Sprintf("p%d.png", i), byte(50*i))
	}
	b, _ := makeBank(t, filepath.Join(dir, "styles.bank"), openRandConv(t, 1), dir)
	const draws = 4000
	drawn := map[string]int{}
	for seed := range uint64(draws) {
		s, err := b.Draw(seed)
		if err != nil {
			t.Fatal(err)
		}
		again, _ := b.Draw(seed)
		if s.Name != again.Name {
			t.Fatal("a draw is not a function of its seed")
		}
		drawn[s.Name]++
	}
	for name, n := range drawn { // standard deviation 27
		if n < draws/4-140 || n > draws/4+140 {
			t.Errorf("%s was drawn %d times of %d", name, n, draws)
		}
	}
	if len(drawn) != 4 {
		t.Errorf("drawn: %v", drawn)
	}
}

// What was encoded before a failure or an interruption is not encoded again, and old styles are not lost.
func TestBankInterrupted(t *testing.T) {
	dir, path := t.TempDir(), filepath.Join(t.TempDir(), "bank.safetensors")
	for i := range 40 {
		paint(t, dir, fmt.Sprintf("p%02d.png", i), byte(5*i))
	}
	random := openRandConv(t, 1)
	boom := errors.New("boom")
	total := int32(0)
	for run := 0; ; run++ {
		e := &counting{Encoder: random, after: func(calls int32) error {
			if calls > 15 {
				return boom
			}
			return nil
		}}
		b, _, err := MakeBank(context.Background(), path, e, openSet(t, dir), BankOptions{Workers: 1, SaveEvery: 4})
		total += min(e.calls.Load(), 15)
		if err == nil {
			defer b.Close()
			if run != 2 || total != 40 {
				t.Errorf("%d encoded in %d runs, want 40 in 3", total, run+1)
			}
			fresh, _ := makeBank(t, filepath.Join(t.TempDir(), "fresh.safetensors"), random, dir)
			if b.Identity() != fresh.Identity() {
				t.Error("the bank is not that of an undisturbed run")
			}
			break
		}
		if !errors.Is(err, boom) || !strings.Contains(err.Error(), ".png") {
			t.Fatal(err)
		}
		if run > 3 {
			t.Fatal("no end")
		}
	}
	paint(t, dir, "a.png", 3)
	ctx, cancel := context.WithCancel(context.Background())
	e := &counting{Encoder: random, after: func(int32) error { cancel(); return nil }}
	if _, _, err := MakeBank(ctx, path, e, openSet(t, dir), BankOptions{Workers: 1}); !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v, want that it was cancelled", err)
	}
	e = &counting{Encoder: random}
	makeBank(t, path, e, dir)
	if n := e.calls.Load(); n > 1 {
		t.Errorf("%d pictures were encoded again after the interruption", n)
	}
}

func TestBankRefuses(t *testing.T) {
	dir, path := t.TempDir(), filepath.Join(t.TempDir(), "bank.safetensors")
	random := openRandConv(t, 1)
	refused := func(name, says string, err error) {
		t.Helper()
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: got %v, want an error that says %q", name, err, says)
		}
	}
	os.WriteFile(filepath.Join(dir, "broken.png"), nil, 0o666)
	_, broken, err := MakeBank(context.Background(), path, random, openSet(t, dir), BankOptions{})
	refused("only broken pictures", "broken.png", err)
	if len(broken) != 1 {
		t.Errorf("broken pictures are %v", broken)
	}
	paint(t, dir, "p.png", 9)
	makeBank(t, path, random, dir)
	whole, _ := os.ReadFile(path)

	_, err = OpenBank(path, another{random})
	refused("another encoder", "another", err)
	_, _, err = MakeBank(context.Background(), path, another{random}, openSet(t, dir), BankOptions{})
	refused("making with another encoder", "another", err)
	if now, _ := os.ReadFile(path); string(now) != string(whole) {
		t.Error("another encoder's file was touched")
	}
	_, err = OpenBank(filepath.Join(dir, "none"), random)
	refused("no file", "none", err)

	tensor := func(name string, d weights.DType, shape ...int) weights.Tensor {
		w := weights.Tensor{Name: name, DType: d, Shape: shape}
		w.Data = make([]byte, w.Len()*d.Size())
		return w
	}
	for says, f := range map[string]struct {
		names   string
		tensors []weights.Tensor
	}{
		"no tensor \"vectors\"": {"a", []weights.Tensor{tensor("hashes", weights.U8, 1, 32)}},
		"no tensor \"hashes\"":  {"a", []weights.Tensor{tensor("vectors", weights.F32, 1, 8)}},
		"1 names, and vectors":  {"a", []weights.Tensor{tensor("vectors", weights.F32, 2, 8), tensor("hashes", weights.U8, 1, 32)}},
		"2 names, and hashes":   {"a\nb", []weights.Tensor{tensor("vectors", weights.F32, 2, 8), tensor("hashes", weights.U8, 2, 16)}},
		"vectors of F16":        {"a", []weights.Tensor{tensor("vectors", weights.F16, 1, 8), tensor("hashes", weights.U8, 1, 32)}},
		"no styles":             {"", []weights.Tensor{tensor("vectors", weights.F32, 0, 8), tensor("hashes", weights.U8, 0, 32)}},
	} {
		if err := weights.Write(path, f.tensors, map[string]string{bankNames: f.names, bankEncoder: "randconv"}); err != nil {
			t.Fatal(err)
		}
		_, err := OpenBank(path, random)
		refused(says, says, err)
	}
}
