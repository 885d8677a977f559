package pickle

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

var same = cmp.Options{
	cmpopts.IgnoreUnexported(Dict{}), cmpopts.EquateEmpty(),
	cmp.Comparer(func(a, b *big.Int) bool { return a.Cmp(b) == 0 }),
}

func TestProtocols(t *testing.T) {
	want := Tuple{
		nil, true, false, int64(0), int64(-1), int64(255), int64(65536), int64(math.MinInt32), int64(1) << 40, int64(math.MinInt64),
		new(big.Int).Lsh(big.NewInt(-1), 70), 0.5, "", "ä€", Bytes{0, 255}, Bytes{1},
		Tuple{}, Tuple{int64(1)}, Tuple{int64(1), int64(2), int64(3), int64(4)},
		&List{Items: []any{"a", &List{}}},
		&Dict{Keys: []any{"k", int64(2)}, Values: []any{"v", Tuple{}}},
		&Dict{Keys: []any{"first", "second"}, Values: []any{int64(1), int64(2)}},
		&Dict{Keys: []any{int64(1)}, Values: []any{int64(2)}}, &Dict{Keys: []any{"a"}, Values: []any{int64(1)}},
		&List{Items: []any{"only"}}, &List{Items: []any{"one"}},
	}
	for protocol := 2; protocol <= 5; protocol++ {
		data, err := os.ReadFile(fmt.Sprintf("testdata/values_%d.pkl", protocol))
		if err != nil {
			t.Fatal(err)
		}
		d := NewDecoder(append(data, "more"...))
		got, err := d.Decode()
		if err != nil {
			t.Errorf("protocol %d: %v", protocol, err)
			continue
		}
		if diff := cmp.Diff(want, got, same); diff != "" {
			t.Errorf("protocol %d (-want +got):\n%s", protocol, diff)
		}
		if d.Offset() != len(data) {
			t.Errorf("protocol %d: %d of %d bytes read", protocol, d.Offset(), len(data))
		}
	}
}

// Instructions that the files of TestProtocols do not have.
func TestInstructions(t *testing.T) {
	for _, c := range []struct {
		program string
		want    any
	}{
		{"\x8a\x00.", int64(0)},
		{"\x8a\x09\x00\x00\x00\x00\x00\x00\x00\x80\x00.", new(big.Int).Lsh(big.NewInt(1), 63)},
		{"\x8b\x09\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\x7f\x00.", int64(math.MaxInt64)},
		{"U\x01a.", "a"},
		{"T\x01\x00\x00\x00a.", "a"},
		{"U\x01\xe4.", Bytes{0xe4}},
		{"(K\x01K\x02l.", &List{Items: []any{int64(1), int64(2)}}},
		{"(K\x01K\x02d.", &Dict{Keys: []any{int64(1)}, Values: []any{int64(2)}}},
		{"}(K\x01K\x02K\x01K\x03u.", &Dict{Keys: []any{int64(1)}, Values: []any{int64(3)}}}, // the last wins
		{"K\x01K\x020.", int64(1)},
		{"K\x01(K\x02K\x031.", int64(1)},
		{"K\x01(0.", int64(1)},
		{"K\x012\x86.", Tuple{int64(1), int64(1)}},
		{"K\x01r\xff\xff\xff\xff0j\xff\xff\xff\xff.", int64(1)},
		{"ccollections\nOrderedDict\n](]U\x01aaK\x01ae\x85R.", &Dict{Keys: []any{"a"}, Values: []any{int64(1)}}},
		{"ccollections\nOrderedDict\n](](U\x01aK\x01ee\x85R.", &Dict{Keys: []any{"a"}, Values: []any{int64(1)}}},
		{"c__builtin__\nlong\n)R.", int64(0)},
	} {
		got, err := NewDecoder([]byte(c.program)).Decode()
		if err != nil {
			t.Errorf("%q: %v", c.program, err)
			continue
		}
		if diff := cmp.Diff(c.want, got, same); diff != "" {
			t.Errorf("%q (-want +got):\n%s", c.program, diff)
		}
	}
}

func TestErrors(t *testing.T) {
	for program, want := range map[string]string{
		"":                                       "cut short",
		"K":                                      "cut short",
		"\x80\x06N.":                             "protocol 6",
		".":                                      "0 values",
		"NN.":                                    "2 values",
		"N(.":                                    "1 marks",
		"0":                                      "more from its stack",
		"N(\x85":                                 "more from its stack",
		"t":                                      "set none",
		"h\x00":                                  "no entry 0",
		"Na":                                     "more from its stack",
		"NNa":                                    "appends to None",
		"NNNs":                                   "sets a key of None",
		"}(Nu":                                   "without a value",
		"X\xff\xff\xff\xffa":                     "cut short",
		"\x8d\xff\xff\xff\xff\xff\xff\xff\xffa":  "cut short",
		"\x8d\xff\xff\xff\xff\xff\xff\xff\x7fa":  "cut short",
		"\x95\x05\x00\x00\x00\x00\x00\x00\x00N.": "cut short",
		"X\x01\x00\x00\x00\xff.":                 "UTF-8",
		"\x8b\x00\x01\x00\x00" + strings.Repeat("\x01", 256): "whole number of 256 bytes",
		"I1\n.":                                  "text protocols",
		"cos\nsystem\n.":                         `"os.system"`,
		"c" + strings.Repeat("a", 2000):          "no end",
		"U\x02osU\x06system\x93.":                `"os.system"`,
		"NN\x93":                                 "no string",
		"K\x01Q":                                 "refers to the number 1",
		"K\x01)R":                                "calls the number 1",
		"ccollections\nOrderedDict\nNR":          "None for arguments",
		"ccollections\nOrderedDict\nN\x85R":      "list of pairs",
		"ccollections\nOrderedDict\n]Na\x85R":    "list of pairs",
		"ccollections\nOrderedDict\n)}NNs\x92":   "keyword",
		"Nb":                                     "more from its stack",
		"NNb":                                    "attributes of None",
		"c_codecs\nencode\nU\x01aU\x04utf8\x86R": "latin1",
		"cbuiltins\nint\nK\x05\x85R":             "converts",
	} {
		v, err := NewDecoder([]byte(program)).Decode()
		if err == nil {
			t.Errorf("%q gave %v, want an error with %q", program, v, want)
		} else if !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %q does not say %q", program, err, want)
		}
	}
}

// What a pickle may call decides alone what is made.
func TestGlobals(t *testing.T) {
	d := NewDecoder([]byte("ca.b\nc\nK\x01\x85RK\x02Qb."))
	var asked string
	d.Global = func(module, name string) (any, error) {
		asked = module + " " + name
		return Callable(func(args Tuple) (any, error) { return &Dict{Values: args}, nil }), nil
	}
	d.Persistent = func(id any) (any, error) { return fmt.Sprint(id), nil }
	got, err := d.Decode()
	if err != nil || asked != "a.b c" {
		t.Fatalf("%v, asked for %q", err, asked)
	}
	if diff := cmp.Diff(&Dict{Values: []any{int64(1)}}, got, same); diff != "" {
		t.Error(diff)
	}
	failure := errors.New("refused")
	d = NewDecoder([]byte("ca\nb\n."))
	d.Global = func(string, string) (any, error) { return nil, failure }
	if _, err := d.Decode(); !errors.Is(err, failure) {
		t.Error(err)
	}
}

// Programs that make much of little end within a second and under 200 MB.
func TestBounds(t *testing.T) {
	many := func(program string) string { return strings.Repeat(program, (32<<20)/len(program)) }
	list := "](" + strings.Repeat("N", 100_000) + "eq\x00"
	for name, program := range map[string]string{
		"deep lists":       many("]"),
		"deep tuples":      "N" + many("\x85"),
		"marks":            many("("),
		"dictionaries":     many("}"),
		"entries":          "}" + many("K\x01K\x02s"),
		"memo":             "N" + many("\x94"),
		"nulls":            many("N"),
		"duplicates":       "N" + many("2"),
		"pushed and taken": "N" + many("N0"),
		"laughs":           ")" + many("2\x86"),
		"copies":           list + many("cbuiltins\nlist\nh\x00\x85R"),
		"copied counters":  "}" + "(" + strings.Repeat("NN", 10) + "uq\x000" + many("ccollections\nCounter\nh\x00\x85R"),
		"copied entries":   "](" + strings.Repeat("NN\x86", 10_000) + "eq\x000" + many("ccollections\nOrderedDict\nh\x00\x85R"),
		"strings":          "X\x00\x00\x10\x00" + strings.Repeat("a", 1<<20) + "q\x00" + many("c_codecs\nencode\nh\x00U\x06latin1\x86R"),
		"large numbers":    many("\x8a\xff" + strings.Repeat("\x77", 255)),
		"frozen":           many("(NNN\x91"),
	} {
		data := []byte(program + ".")
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		start := time.Now()
		_, err := NewDecoder(data).Decode()
		took := time.Since(start)
		runtime.ReadMemStats(&after)
		if err == nil {
			t.Errorf("%s: no error", name)
		}
		grown := after.TotalAlloc - before.TotalAlloc
		t.Logf("%-18s %6.0f ms %4d MB  %v", name, took.Seconds()*1000, grown>>20, err)
		if grown > 200<<20 {
			t.Errorf("%s: %d MB were allocated", name, grown>>20)
		}
		if took > 10*time.Second { // a tenth of a second where nothing else runs
			t.Errorf("%s took %v", name, took)
		}
	}
}

func FuzzDecode(f *testing.F) {
	for protocol := 2; protocol <= 5; protocol++ {
		data, err := os.ReadFile(fmt.Sprintf("testdata/values_%d.pkl", protocol))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte("ca\nb\nK\x01\x85RK\x02Qb."))
	f.Add([]byte("ccollections\nOrderedDict\n](](U\x01aK\x01ee\x85R}b."))
	f.Fuzz(func(t *testing.T, data []byte) {
		d := NewDecoder(data)
		d.Global = func(module, name string) (any, error) {
			return Callable(func(args Tuple) (any, error) { return &List{Items: args}, nil }), nil
		}
		d.Persistent = func(id any) (any, error) { return Describe(id), nil }
		v, err := d.Decode()
		if err != nil {
			return
		}
		if text := Describe(v); len(text) > 300 {
			t.Errorf("a value is described by %d bytes", len(text))
		}
		if d.Offset() > len(data) || d.Offset() == 0 {
			t.Errorf("%d of %d bytes read", d.Offset(), len(data))
		}
	})
}
