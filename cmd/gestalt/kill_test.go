package main

import (
	"bytes"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/gestalt-vision/gestalt/internal/sharedtest"
)

// TestKillAndResume kills a run three times at different places, interrupts it once and lets it finish: the folder must
// then be byte for byte that of an undisturbed run.
func TestKillAndResume(t *testing.T) {
	if testing.Short() {
		t.Skip("runs the program several times")
	}
	weights := "squeezenet1_1=" + sharedtest.Path(t, "weights/squeezenet1_1.safetensors")
	gestalt := build(t)
	for _, verb := range []struct {
		name    string
		args    []string
		journal string
		bytes   [4]int64 // of the journal when the run is stopped; the last stop is an interrupt
	}{
		{"bias", []string{"--stimuli", sharedtest.Path(t, "geirhos/filled-silhouettes.tar")}, "decisions.jsonl", [4]int64{1, 4_000, 8_000, 12_000}},
		{"eval", []string{"--data", sharedtest.Path(t, "data/imagenet-sample-256.tar"), "--limit", "100"}, "classifications.jsonl", [4]int64{1, 3_000, 7_000, 10_000}},
	} {
		t.Run(verb.name, func(t *testing.T) {
			dir := t.TempDir()
			command := func(out string) *exec.Cmd {
				return exec.Command(gestalt, append([]string{verb.name, "--model", weights, "--out", out, "--batch", "2"}, verb.args...)...)
			}
			killAndResume(t, command, dir, verb.journal, verb.bytes)
		})
	}
}

// TestKillAndResumeStylize does so at random moments of stylising, into class folders and into tar shards.
func TestKillAndResumeStylize(t *testing.T) {
	if testing.Short() {
		t.Skip("runs the program several times")
	}
	gestalt, in := build(t), filepath.Join(t.TempDir(), "in")
	const pictures, line = 100, 330 // a line of the manifest has about so many bytes
	if err := writePictures(in, pictures); err != nil {
		t.Fatal(err)
	}
	for _, shardSize := range []string{"0", "60"} {
		t.Run("shards of "+shardSize, func(t *testing.T) {
			command := func(out string) *exec.Cmd {
				return exec.Command(gestalt, "stylize", in, out, "--keep-size", "--batch", "2", "--shard-size", shardSize, "--copies", "2")
			}
			var stops [4]int64
			for i := range stops {
				stops[i] = line*pictures*2*int64(i)/6 + 1 + rand.Int64N(line*pictures/4)
			}
			t.Logf("stops at %d bytes", stops)
			killAndResume(t, command, t.TempDir(), "manifest-00001-of-00001.jsonl", stops)
		})
	}
}

// build makes the program.
func build(t *testing.T) string {
	gestalt := filepath.Join(t.TempDir(), "gestalt")
	if out, err := exec.Command("go", "build", "-o", gestalt, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return gestalt
}

func killAndResume(t *testing.T, command func(out string) *exec.Cmd, dir, journal string, stops [4]int64) {
	whole, cut := filepath.Join(dir, "whole"), filepath.Join(dir, "cut")
	if out, err := command(whole).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	journal = filepath.Join(cut, journal)
	for i, stop := range stops {
		signal, code := os.Kill, -1
		if i == len(stops)-1 { // finishes the batch and says so
			signal, code = os.Interrupt, exitInterrupted
		}
		cmd := command(cut)
		cmd.Env = append(os.Environ(), "GESTALT_THREADS=1") // changes nothing but the time there is to stop it
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		for start := time.Now(); size(journal) < stop && time.Since(start) < time.Minute; {
			time.Sleep(time.Millisecond)
		}
		cmd.Process.Signal(signal)
		cmd.Wait()
		if got := cmd.ProcessState.ExitCode(); got != code {
			t.Fatalf("after %v at %d bytes the exit code is %d, want %d", signal, stop, got, code)
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
