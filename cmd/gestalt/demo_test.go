package main

import (
	"os"
	"path/filepath"
	"testing"
)

// A folder takes the place of another, or nothing changes.
func TestExchange(t *testing.T) {
	root := t.TempDir()
	at := func(name string) string { return filepath.Join(root, name) }
	write := func(name, text string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(at(name)), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(at(name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	holds := func(want string) {
		t.Helper()
		if got, err := os.ReadFile(at("out/file")); err != nil || string(got) != want {
			t.Errorf("the folder holds %q (%v), want %q", got, err, want)
		}
	}
	write("first/file", "1")
	if err := exchange(at("first"), at("out")); err != nil {
		t.Fatal(err)
	}
	holds("1")
	write("second/file", "2")
	if err := exchange(at("second"), at("out")); err != nil {
		t.Fatal(err)
	}
	holds("2")
	if err := exchange(at("third"), at("out")); err == nil {
		t.Error("a folder that is not there: no error")
	}
	holds("2")
	if left, _ := os.ReadDir(root); len(left) != 1 {
		t.Errorf("there are %v left", left)
	}
}
