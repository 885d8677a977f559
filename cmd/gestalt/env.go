package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/gestalt-vision/gestalt/weights/published"
)

// environment is the table of every environment variable that gestalt reads. A flag, where there is one, wins.
var environment = []struct{ name, means string }{
	{"GESTALT_CACHE", "folder of downloaded weights (default: the user's cache folder, in it gestalt)"},
	{"GESTALT_MIRROR", "folder or http(s) address that weights are pulled from, instead of where they are published;\nthey lie in it by their file names, as 'gestalt models export' writes them"},
	{"TORCH_HOME", "PyTorch's cache, where weights are looked for too (default ~/.cache/torch)"},
	{"HF_HOME", "Hugging Face's cache, likewise (default ~/.cache/huggingface)"},
	{"XDG_CACHE_HOME", "what stands for ~/.cache in these defaults"},
	{"HTTPS_PROXY", "proxy for downloads; also HTTP_PROXY, and NO_PROXY for what goes without (all in small letters too)"},
	{"GESTALT_ENGINE", "engine that runs networks when --engine is not given (default cpu)"},
	{"GESTALT_THREADS", "threads of the cpu engine (default: the processors that the program may use)"},
	{"GESTALT_ISA", "instruction set of the cpu engine: avx512, avx2 or generic (default: the best there is)"},
	{"GESTALT_SHARED", "directory of test data; weights are also looked for in its folder weights (default ../shared)"},
	{"SLURM_ARRAY_TASK_ID", "what --shard auto takes a run's share from in a job array of Slurm; also SLURM_ARRAY_TASK_MIN,\nSLURM_ARRAY_TASK_STEP and SLURM_ARRAY_TASK_COUNT"},
	{"JOB_COMPLETION_INDEX", "likewise in an Indexed Job of Kubernetes, from 0"},
	{"GESTALT_SHARDS", "how many shares there are then (the Job's completions)"},
	{"NO_COLOR", "when set to anything, no colour is written"},
}

func newEnvironmentTopic() *cobra.Command {
	var text strings.Builder
	table := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	for _, v := range environment {
		fmt.Fprintf(table, "%s\t%s\n", v.name, strings.ReplaceAll(v.means, "\n", "\n\t"))
	}
	table.Flush()
	return &cobra.Command{
		Use:   "environment",
		Short: "The environment variables that gestalt reads",
		Long:  "The environment variables that gestalt reads. A flag, where there is one, wins.\n\n" + text.String(),
	}
}

// weightsStore is where published weights may lie and come from, as the environment has it.
func weightsStore() published.Store {
	return published.Store{
		Cache:       cacheFolder(),
		Torch:       otherCache("TORCH_HOME", "torch"),
		HuggingFace: otherCache("HF_HOME", "huggingface"),
		Mirror:      os.Getenv("GESTALT_MIRROR"),
		HTTP:        http.DefaultClient, // asks the environment for proxies
	}
}

// cacheFolder is the folder of downloaded weights; where there is neither GESTALT_CACHE nor a home, one in the working
// folder.
func cacheFolder() string {
	if folder := os.Getenv("GESTALT_CACHE"); folder != "" {
		return folder
	}
	folder, err := os.UserCacheDir()
	if err != nil {
		folder = ".cache"
	}
	return filepath.Join(folder, "gestalt")
}

// otherCache is the cache of a program that keeps it under ~/.cache on every system.
func otherCache(variable, name string) string {
	if folder := os.Getenv(variable); folder != "" {
		return folder
	}
	if folder := os.Getenv("XDG_CACHE_HOME"); folder != "" {
		return filepath.Join(folder, name)
	}
	if home, err := os.UserHomeDir(); err == nil {
		return filepath.Join(home, ".cache", name)
	}
	return ""
}

// sharedWeights is the folder of weights among the test data.
func sharedWeights() string {
	shared := os.Getenv("GESTALT_SHARED")
	if shared == "" {
		shared = filepath.Join("..", "shared")
	}
	return filepath.Join(shared, "weights")
}

// shardOfEnvironment is the share of the work that a job array or an Indexed Job gives this process: part, counted from 1,
// of parts.
func shardOfEnvironment() (part, parts int, err error) {
	number := func(name string) (n int) {
		n, e := strconv.Atoi(os.Getenv(name))
		if e != nil && err == nil {
			err = usagef("--shard auto: %s is %q, which is no number; see 'gestalt help environment'", name, os.Getenv(name))
		}
		return n
	}
	switch {
	case os.Getenv("SLURM_ARRAY_TASK_ID") != "":
		id, first, parts := number("SLURM_ARRAY_TASK_ID"), 0, number("SLURM_ARRAY_TASK_COUNT")
		if os.Getenv("SLURM_ARRAY_TASK_MIN") != "" {
			first = number("SLURM_ARRAY_TASK_MIN")
		}
		step := 1
		if os.Getenv("SLURM_ARRAY_TASK_STEP") != "" {
			step = number("SLURM_ARRAY_TASK_STEP")
		}
		if err != nil {
			return 0, 0, err
		}
		if step < 1 || id < first || (id-first)%step != 0 || (id-first)/step >= parts {
			return 0, 0, usagef("--shard auto: task %d of an array of %d tasks from %d in steps of %d; give the array without gaps, or --shard I/N", id, parts, first, step)
		}
		return (id-first)/step + 1, parts, nil
	case os.Getenv("JOB_COMPLETION_INDEX") != "":
		index, parts := number("JOB_COMPLETION_INDEX"), number("GESTALT_SHARDS")
		if err == nil && (index < 0 || index >= parts) {
			err = usagef("--shard auto: JOB_COMPLETION_INDEX %d does not go with GESTALT_SHARDS %d", index, parts)
		}
		return index + 1, parts, err
	}
	return 0, 0, usagef("--shard auto: this is neither a task of a Slurm job array (SLURM_ARRAY_TASK_ID) nor a pod of an Indexed Job (JOB_COMPLETION_INDEX); give --shard I/N")
}

const red = "31"

// paint colours s when w is a terminal and NO_COLOR (no-color.org) is not set.
func paint(w io.Writer, colour, s string) string {
	if os.Getenv("NO_COLOR") != "" || !isTerminal(w) {
		return s
	}
	return "\x1b[" + colour + "m" + s + "\x1b[0m"
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
