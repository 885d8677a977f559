package main

import (
	"bytes"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/gestalt-vision/gestalt/internal/sharedtest"
)

// TestKillAndResume kills `gestalt bias` three times at different places, interrupts it once and lets it finish: the
// folder must then be byte for byte that of an undisturbed run.
func TestKillAndResume(t *testing.T) {
	if testing.Short() {
		t.Skip("runs the program several times")
	}
	stimuli := sharedtest.Path(t, "geirhos/filled-silhouettes.tar")
	weights := sharedtest.Path(t, "weights/squeezenet1_1.safetensors")
	dir := t.TempDir()
	gestalt := filepath.Join(dir, "gestalt")
	if out, err := exec.Command("go", "build", "-o", gestalt, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	command := func(out string) *exec.Cmd {
		return exec.Command(gestalt, "bias", "--model", "squeezenet1_1="+weights, "--stimuli", stimuli, "--out", out, "--batch", "2")
	}
	whole, cut := filepath.Join(dir, "whole"), filepath.Join(dir, "cut")
	if out, err := command(whole).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	journal := filepath.Join(cut, "decisions.jsonl")
	// Killed at so many bytes of the journal, and at last interrupted, which finishes the batch and says so.
	for _, stop := range []struct {
		bytes  int64
		signal os.Signal
		code   int
	}{{1, os.Kill, -1}, {4_000, os.Kill, -1}, {8_000, os.Kill, -1}, {12_000, os.Interrupt, exitInterrupted}} {
		cmd := command(cut)
		cmd.Env = append(os.Environ(), "GESTALT_THREADS=1") // changes nothing but the time there is to stop it
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		for start := time.Now(); size(journal) < stop.bytes && time.Since(start) < time.Minute; {
			time.Sleep(time.Millisecond)
		}
		cmd.Process.Signal(stop.signal)
		cmd.Wait()
		if code := cmd.ProcessState.ExitCode(); code != stop.code {
			t.Fatalf("after %v at %d bytes the exit code is %d, want %d", stop.signal, stop.bytes, code, stop.code)
		}
	}
	if _, err := os.Stat(filepath.Join(cut, "summary.json")); err == nil {
		t.Fatal("a killed run left a summary")
	}
	if out, err := command(cut).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	a, b := tree(t, whole), tree(t, cut)
	if len(a) != len(b) || len(a) < 5 {
		t.Fatalf("the undisturbed run left %d files, the killed one %d", len(a), len(b))
	}
	for name := range a {
		if !bytes.Equal(a[name], b[name]) {
			t.Errorf("%s differs after the kills", name)
		}
	}
}

func size(path string) int64 {
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return info.Size()
}

// tree reads every file below dir.
func tree(t *testing.T, dir string) map[string][]byte {
	files := map[string][]byte{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, _ := filepath.Rel(dir, path)
		files[rel], err = os.ReadFile(path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}
