package measure

import (
	"bytes"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

const header = "subj,session,trial,rt,object_response,category,condition,imagename\n"

var catTrial = Trial{
	Subj: "subject-01", Session: "1", Trial: 1, RT: 0.5, Response: "cat", Category: "cat", Condition: "0",
	Image: "0001_s5n_s01_0_cat_00_cat7-elephant1.png",
}

func TestReadTrials(t *testing.T) {
	const row = "subject-01,1,1,0.5,cat,cat,0,0001_s5n_s01_0_cat_00_cat7-elephant1.png\n"
	network := catTrial
	network.Subj, network.RT = "resnet50", math.NaN()
	for _, c := range []struct {
		name, text string
		want       []Trial
	}{
		{"as published", header + row, []Trial{catTrial}},
		{"no line end at the end", header + strings.TrimSuffix(row, "\n"), []Trial{catTrial}},
		{"CR LF", strings.ReplaceAll(header+row, "\n", "\r\n"), []Trial{catTrial}},
		{"byte-order mark", "\ufeff" + header + row, []Trial{catTrial}},
		{"capital letters and blanks in the header", strings.Replace(strings.Replace(header, "session", "Session", 1), "rt", " RT ", 1) + row, []Trial{catTrial}},
		{"more columns", strings.TrimSpace(header) + ",is_correct,conf\n" + strings.TrimSpace(row) + ",1,0.99\n", []Trial{catTrial}},
		{"other order", "imagename,subj,session,trial,rt,object_response,category,condition\n0001_s5n_s01_0_cat_00_cat7-elephant1.png,subject-01,1,1,0.5,cat,cat,0\n", []Trial{catTrial}},
		{"quoted", header + `"subject-01","1","1","0.5","cat","cat","0","0001_s5n_s01_0_cat_00_cat7-elephant1.png"` + "\n", []Trial{catTrial}},
		{"NaN", header + "resnet50,1,1,NaN,cat,cat,0,0001_s5n_s01_0_cat_00_cat7-elephant1.png\n", []Trial{network}},
		{"nan", header + "resnet50,1,1,nan,cat,cat,0,0001_s5n_s01_0_cat_00_cat7-elephant1.png\n", []Trial{network}},
		{"no rt", header + "resnet50,1,1,,cat,cat,0,0001_s5n_s01_0_cat_00_cat7-elephant1.png\n", []Trial{network}},
		{"blank line", header + "\n" + row, []Trial{catTrial}},
		{"only a header", header, nil},
	} {
		got, err := ReadTrials(strings.NewReader(c.text), "t.csv")
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
		} else if diff := cmp.Diff(c.want, got, cmpopts.EquateNaNs()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

func TestReadTrialsRefuses(t *testing.T) {
	const good = "a,1,1,NaN,cat,cat,0,cat1.png\n"
	for _, c := range []struct{ name, text, want string }{
		{"nothing", "", "t.csv: not a table of trials: the file is empty"},
		{"something else", "key,value\na,b\n", "t.csv:1: not a table of trials: no column subj"},
		{"no imagename", "subj,session,trial,rt,object_response,category,condition\n", "no column imagename"},
		{"two columns of one name", strings.TrimSpace(header) + ",Subj\n", "two columns are called subj"},
		{"short row", header + good + "a,1,2\n", "t.csv:3: 3 fields, the header has 8"},
		{"long row", header + "a,1,1,NaN,cat,cat,0,cat1.png,extra\n", "t.csv:2: 9 fields, the header has 8"},
		{"trial", header + good + good + "a,1,x,NaN,cat,cat,0,cat1.png\n", `t.csv:4: column trial: "x"`},
		{"rt", header + "a,1,1,fast,cat,cat,0,cat1.png\n", `t.csv:2: column rt: "fast"`},
		{"infinite rt", header + "a,1,1,inf,cat,cat,0,cat1.png\n", `t.csv:2: column rt: "inf"`},
		{"response", header + "a,1,1,NaN,zebra,cat,0,cat1.png\n", `t.csv:2: column object_response: "zebra"`},
		{"category", header + "a,1,1,NaN,cat,na,0,cat1.png\n", `t.csv:2: column category: "na"`},
		{"no observer", header + ",1,1,NaN,cat,cat,0,cat1.png\n", "t.csv:2: column subj is empty"},
		{"no image", header + "a,1,1,NaN,cat,cat,0,\n", "t.csv:2: column imagename is empty"},
		{"the pool's name", header + "humans,1,1,NaN,cat,cat,0,cat1.png\n", "t.csv:2: column subj: the name"},
		{"broken quotes", header + good + "\"a,1,1,NaN,cat,cat,0,cat1.png\n", "t.csv:3: extraneous or missing"},
		{"line break in a field", header + "\"a\nb\",1,1,NaN,cat,cat,0,cat1.png\n", "control character"},
		{"binary", "\x00\x01\x02", "t.csv:1: not a table of trials"},
	} {
		_, err := ReadTrials(strings.NewReader(c.text), "t.csv")
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
	if _, err := ReadTrials(strings.NewReader("a,b\n"), "t.csv"); !errors.Is(err, ErrNotTrials) {
		t.Errorf("%v is not ErrNotTrials", err)
	}
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, errors.New("disk on fire") }

func TestReadTrialsPassesErrorsOn(t *testing.T) {
	if _, err := ReadTrials(brokenReader{}, "t.csv"); err == nil || !strings.Contains(err.Error(), "t.csv: disk on fire") {
		t.Errorf("got %v", err)
	}
}

func TestWriteTrials(t *testing.T) {
	network := catTrial
	network.Subj, network.RT, network.Trial = "squeezenet1-1", math.NaN(), 2
	var b bytes.Buffer
	if err := WriteTrials(&b, []Trial{catTrial, network}); err != nil {
		t.Fatal(err)
	}
	const want = header +
		"subject-01,1,1,0.5,cat,cat,0,0001_s5n_s01_0_cat_00_cat7-elephant1.png\n" +
		"squeezenet1-1,1,2,NaN,cat,cat,0,0001_s5n_s01_0_cat_00_cat7-elephant1.png\n"
	if b.String() != want {
		t.Errorf("wrote\n%s\nwant\n%s", b.String(), want)
	}
	for name, spoil := range map[string]func(*Trial){
		"response": func(t *Trial) { t.Response = "zebra" },
		"rt":       func(t *Trial) { t.RT = math.Inf(1) },
		"blank":    func(t *Trial) { t.Image = " x.png" },
		"line end": func(t *Trial) { t.Condition = "a\nb" },
		"observer": func(t *Trial) { t.Subj = "humans" },
	} {
		bad := catTrial
		spoil(&bad)
		if err := WriteTrials(&b, []Trial{bad}); err == nil {
			t.Errorf("%s: %+v was written", name, bad)
		}
	}
}

func TestFileName(t *testing.T) {
	if got, want := FileName("cue-conflict", "squeezenet1_1", 1), "cue-conflict_squeezenet1-1_session-1.csv"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// FuzzReadTrials holds that nothing panics and that what WriteTrials writes is read back the same.
func FuzzReadTrials(f *testing.F) {
	f.Add(header + "subject-01,1,1,0.5,cat,cat,0,0001_s5n_s01_0_cat_00_cat7-elephant1.png\n")
	f.Add(strings.ReplaceAll(header, "\n", "\r\n") + "resnet50,1,1,NaN,na,dog,0,dog1-cat2-108.png\r\n")
	f.Add("\ufeffSubj,Session,trial,RT,object_response,category,condition,imagename,more\na,,1,,bear,bear,\"x,y\",b.png,1\n")
	f.Add(header + "\"a\"\"b\",1,-3,1e-3,truck,truck,c05,____.png\n")
	f.Add("")
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 1<<16 {
			return
		}
		trials, err := ReadTrials(strings.NewReader(text), "t.csv")
		if err != nil {
			return
		}
		var b bytes.Buffer
		if err := WriteTrials(&b, trials); err != nil {
			t.Fatalf("cannot write what was read: %v", err)
		}
		again, err := ReadTrials(&b, "again.csv")
		if err != nil {
			t.Fatalf("cannot read what was written: %v", err)
		}
		if diff := cmp.Diff(trials, again, cmpopts.EquateNaNs()); diff != "" {
			t.Fatalf("(-first +again):\n%s", diff)
		}
		Analyze([]Experiment{{Name: "x", Trials: trials}}, Settings{Rounds: 3, Workers: 1})
	})
}
