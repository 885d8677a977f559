// Command gestalt measures how much vision models look at texture instead of shape. Each verb is one file of this
// folder; it parses flags, calls a package and prints.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

// Exit codes.
const (
	exitDone        = 0
	exitFailed      = 1
	exitUsage       = 2
	exitInterrupted = 130
)

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

// run executes one command line and returns the exit code.
func run(args []string, stdout, stderr io.Writer) int {
	// The first interrupt asks the verb to finish the item in hand and save; stop gives the second one its usual effect.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)

	root := newRootCommand()
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	var usage usageError
	switch {
	case err == nil:
		return exitDone
	case ctx.Err() != nil && errors.Is(err, context.Canceled):
		fmt.Fprintln(stderr, "gestalt: interrupted")
		return exitInterrupted
	case errors.As(err, &usage):
		fmt.Fprintf(stderr, "%s %v\n", paint(stderr, red, "gestalt:"), err)
		fmt.Fprintln(stderr, "See 'gestalt --help', or --help after the verb.")
		return exitUsage
	default:
		fmt.Fprintf(stderr, "%s %v\n", paint(stderr, red, "gestalt:"), err)
		return exitFailed
	}
}
