package observe

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

func open[A Answer](t *testing.T, path string) *Journal[A] {
	t.Helper()
	j, err := OpenJournal[A](path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { j.file.Close() })
	return j
}

func TestJournalKeepsWholeLines(t *testing.T) {
	path := filepath.Join(t.TempDir(), "decisions.jsonl")
	j := open[Decision](t, path)
	cat := Decision{Response: "cat", Scores: []float32{7: 0.25, 15: 0}}
	if err := j.add([]entry[Decision]{{"a", cat}, {"b", Decision{Response: "dog", Scores: make([]float32, 16)}}, {"a", cat}}); err != nil {
		t.Fatal(err)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(whole), "\n"); n != 2 {
		t.Fatalf("%d lines, want 2: a key is stored once", n)
	}

	// A kill in the middle of a write leaves a line without an end, wherever it was cut.
	for cut := len(whole) - 1; cut > len(whole)/2; cut -= 7 {
		if err := os.WriteFile(path, whole[:cut], 0o644); err != nil {
			t.Fatal(err)
		}
		j := open[Decision](t, path)
		if d, ok := j.get("a"); !ok || !reflect.DeepEqual(d, cat) {
			t.Fatalf("cut at %d: the first decision is lost", cut)
		}
		if _, ok := j.get("b"); ok {
			t.Fatalf("cut at %d: half a line was taken for a decision", cut)
		}
		if err := j.add([]entry[Decision]{{"b", Decision{Response: "dog", Scores: make([]float32, 16)}}}); err != nil {
			t.Fatal(err)
		}
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
		if again, _ := os.ReadFile(path); string(again) != string(whole) {
			t.Fatalf("cut at %d: after carrying on the file is\n%s\nwant\n%s", cut, again, whole)
		}
	}
}

func TestJournalRefusesDamage(t *testing.T) {
	path := filepath.Join(t.TempDir(), "decisions.jsonl")
	for _, content := range []string{"\n", "{}\n", "{\"key\":\"a\",\"answer\":{\"response\":\"\"}}\n", "nonsense\n{\"key\":\"a\"}\n", "\x00\x00\n"} {
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := OpenJournal[Decision](path); err == nil || !strings.Contains(err.Error(), path+":1 is damaged") {
			t.Errorf("%q: got %v, want an error that names the line", content, err)
		}
	}
}

func TestJournalIsForOneRun(t *testing.T) {
	path := filepath.Join(t.TempDir(), "decisions.jsonl")
	open[Decision](t, path)
	if _, err := OpenJournal[Decision](path); err == nil || !strings.Contains(err.Error(), "another run") {
		t.Errorf("a second run got %v, want to be refused", err)
	}
}

// FuzzJournal opens any file as a journal: it is refused, or opened without loss of a whole line, and opens again.
func FuzzJournal(f *testing.F) {
	f.Add([]byte("{\"key\":\"a\",\"answer\":{\"response\":\"cat\",\"scores\":[0,0,0,0,0,0,0,1,0,0,0,0,0,0,0,0]}}\n{\"key\":\"b\",\"ans"))
	f.Add([]byte("{\"key\":\"a\",\"answer\":{\"response\":\"cat\",\"scores\":[1e99]}}\n"))
	f.Add([]byte("\n\n"))
	f.Fuzz(func(t *testing.T, content []byte) {
		path := filepath.Join(t.TempDir(), "decisions.jsonl")
		if err := os.WriteFile(path, content, 0o644); err != nil {
			t.Fatal(err)
		}
		j, err := OpenJournal[Decision](path)
		if err != nil {
			return
		}
		seen := len(j.seen)
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
		kept, _ := os.ReadFile(path)
		if want := content[:strings.LastIndexByte(string(content), '\n')+1]; string(kept) != string(want) {
			t.Fatalf("opening changed %q to %q", content, kept)
		}
		if again := open[Decision](t, path); len(again.seen) != seen {
			t.Fatalf("%d decisions, then %d", seen, len(again.seen))
		}
	})
}
