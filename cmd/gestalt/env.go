package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"
	"golang.org/x/term"
)

// environment is the table of every environment variable that gestalt reads. A flag, where there is one, wins.
var environment = []struct{ name, means string }{
	{"GESTALT_CACHE", "folder of downloaded weights (default: the user's cache folder, in it gestalt)"},
	{"GESTALT_ENGINE", "engine that runs networks when --engine is not given (default cpu)"},
	{"GESTALT_THREADS", "threads of the cpu engine (default: the processors that the program may use)"},
	{"GESTALT_ISA", "instruction set of the cpu engine: avx512, avx2 or generic (default: the best there is)"},
	{"GESTALT_SHARED", "directory of test data; weights are also looked for in its folder weights (default ../shared)"},
	{"NO_COLOR", "when set to anything, no colour is written"},
}

func newEnvironmentTopic() *cobra.Command {
	var text strings.Builder
	table := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	for _, v := range environment {
		fmt.Fprintf(table, "%s\t%s\n", v.name, v.means)
	}
	table.Flush()
	return &cobra.Command{
		Use:   "environment",
		Short: "The environment variables that gestalt reads",
		Long:  "The environment variables that gestalt reads. A flag, where there is one, wins.\n\n" + text.String(),
	}
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
