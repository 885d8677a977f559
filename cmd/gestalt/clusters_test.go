package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// TestClusterScripts runs the job script and the Job's command of docs/clusters.md, on pictures made up here, for all
// tasks: together they must do what one run does.
func TestClusterScripts(t *testing.T) {
	if testing.Short() {
		t.Skip("runs the program many times")
	}
	page, err := os.ReadFile("../../docs/clusters.md")
	if err != nil {
		t.Fatal(err)
	}
	block := func(language string) string {
		_, rest, ok := strings.Cut(string(page), "```"+language+"\n")
		text, _, closed := strings.Cut(rest, "```")
		if !ok || !closed {
			t.Fatalf("docs/clusters.md has no %s", language)
		}
		return text
	}
	one := func(text, pattern string) string {
		m := regexp.MustCompile(pattern).FindStringSubmatch(text)
		if m == nil {
			t.Fatalf("nothing matches %s in\n%s", pattern, text)
		}
		return m[1]
	}
	gestalt, dir := build(t), t.TempDir()
	in, styles := filepath.Join(dir, "in"), filepath.Join(dir, "styles.safetensors")
	for name, n := range map[string]int{"in": 20, "paintings": 2} {
		if err := writePictures(filepath.Join(dir, name), n); err != nil {
			t.Fatal(err)
		}
	}
	run := func(env []string, command string, args ...string) {
		t.Helper()
		cmd := exec.Command(command, args...)
		cmd.Env = append(os.Environ(), append(env, "PATH="+filepath.Dir(gestalt)+":"+os.Getenv("PATH"))...)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %v\n%s", cmd, err, out)
		}
	}
	run(nil, gestalt, "stylize", in, "--sheet", filepath.Join(dir, "page.html"), "--styles", filepath.Join(dir, "paintings"), "--bank", styles, "--limit", "1")
	run(nil, gestalt, "stylize", in, filepath.Join(dir, "whole"), "--styles", styles, "--seed", "1")

	script := block("bash")
	last, _ := strconv.Atoi(one(script, `--array=0-(\d+)`))
	path := filepath.Join(dir, "stylize.sbatch")
	if err := os.WriteFile(path, []byte(script), 0o644); err != nil {
		t.Fatal(err)
	}
	for id := range last + 1 {
		run([]string{"IN=" + in, "OUT=" + filepath.Join(dir, "slurm"), "STYLES=" + styles, "METHOD=randconv", "SLURM_ARRAY_TASK_ID=" + strconv.Itoa(id),
			"SLURM_ARRAY_TASK_MIN=0", "SLURM_ARRAY_TASK_STEP=1", "SLURM_ARRAY_TASK_COUNT=" + strconv.Itoa(last+1)}, "bash", path)
	}

	job := block("yaml")
	completions, shards := one(job, `completions: (\d+)`), one(job, `GESTALT_SHARDS\n +value: "(\d+)"`)
	if completions != shards {
		t.Errorf("the Job has %s completions and GESTALT_SHARDS %s", completions, shards)
	}
	var args []string
	for _, line := range strings.Split(one(job, `(?s)args:\n(.*?)\n +env:`), "\n") {
		arg := strings.TrimPrefix(strings.TrimSpace(line), "- ")
		for from, to := range map[string]string{"/data/imagenet/train": in, "/data/imagenet-stylized/train": filepath.Join(dir, "kubernetes"),
			"--styles=/data/paintings.bank.safetensors": "--styles=" + styles, "--method=ghiasi": "--method=randconv"} {
			if arg == from {
				arg = to
				break
			}
		}
		args = append(args, arg)
	}
	n, _ := strconv.Atoi(completions)
	for index := range n {
		run([]string{"GESTALT_SHARDS=" + shards, "JOB_COMPLETION_INDEX=" + strconv.Itoa(index)}, gestalt, args...)
	}
	want := tree(t, filepath.Join(dir, "whole"))
	for _, name := range []string{"slurm", "kubernetes"} {
		got := tree(t, filepath.Join(dir, name))
		if len(got) != len(want) {
			t.Errorf("%s: %d files, one run has %d", name, len(got), len(want))
		}
		for file := range want {
			if string(got[file]) != string(want[file]) {
				t.Errorf("%s: %s differs", name, file)
			}
		}
	}
}
