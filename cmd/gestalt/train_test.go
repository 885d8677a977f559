package main

import (
	"bytes"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// tinyRecipe trains a slim network on drawn pictures, in steps of some milliseconds.
const tinyRecipe = `network: resnet10_slim
size: 32
epochs: 4
batch: 8
train: [{synth: {kind: in, split: train, count: 160, seed: 1}}]
validation: [{synth: {kind: in, split: val, count: 32, seed: 1}}]
augment: {brightness: 0.3, hue: 0.1, style: {rate: 0.3}}
schedule: {name: cosine, rate: 0.02, warmup: 0.5}
`

// TestKillAndResumeTrain kills a training at three random moments and interrupts it at a fourth; finished, it must have left
// the files of an undisturbed one, byte for byte, but for those that depend on the clock.
func TestKillAndResumeTrain(t *testing.T) {
	if testing.Short() {
		t.Skip("runs the program several times")
	}
	gestalt, dir := build(t), t.TempDir()
	recipe := filepath.Join(dir, "tiny.yaml")
	if err := os.WriteFile(recipe, []byte(tinyRecipe), 0o644); err != nil {
		t.Fatal(err)
	}
	command := func(out string, workers string, more ...string) *exec.Cmd {
		args := []string{"train", "--recipe", recipe, "--out", filepath.Join(dir, out), "--save-steps", "3", "--workers", workers}
		return exec.Command(gestalt, append(args, more...)...)
	}
	if out, err := command("whole", "2").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	want := tree(t, filepath.Join(dir, "whole"))
	delete(want, "times.csv")
	if len(want) != 8 {
		t.Fatalf("%d files", len(want))
	}
	// A line of metrics.jsonl is written every second step, and its length hardly changes.
	journal := filepath.Join(dir, "cut", "metrics.jsonl")
	whole := int64(len(want["metrics.jsonl"]))
	for i := range 4 {
		stop := whole*int64(i)/4 + 1 + rand.Int64N(whole/5)
		signal, code := os.Kill, -1
		if i == 3 {
			signal, code = os.Interrupt, exitInterrupted
		}
		cmd := command("cut", "1", "--resume")
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
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
			t.Fatalf("after %v at %d of %d bytes the exit code is %d, want %d\n%s", signal, stop, whole, got, code, stderr.String())
		}
		if code == exitInterrupted && !bytes.Contains(stderr.Bytes(), []byte("with --resume goes on")) {
			t.Errorf("interrupted, it says\n%s", stderr.String())
		}
	}
	if out, err := command("cut", "2", "--resume").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	got := tree(t, filepath.Join(dir, "cut"))
	delete(got, "times.csv")
	if len(got) != len(want) {
		t.Errorf("the undisturbed run left %d files, the killed one %d", len(want), len(got))
	}
	for name := range want {
		if !bytes.Equal(got[name], want[name]) {
			t.Errorf("%s differs after the kills", name)
		}
	}
}
