package main

import (
	"fmt"

	"github.com/spf13/cobra"
)

// usageError is a mistake in the command line; it ends the program with code 2.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

// usagef makes a usageError.
func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// usageArgs turns a failed check of the positional arguments into a usageError.
func usageArgs(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if err := check(cmd, args); err != nil {
			return usageError{err}
		}
		return nil
	}
}

func newRootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "gestalt",
		Short: "Measure how much vision models look at texture instead of shape",
		Long: `gestalt shows pictures whose shape says one thing and whose texture says another to a network,
and tells how much of what it sees is shape (Geirhos et al., ICLR 2019).

Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted.
Environment variables: 'gestalt help environment'.`,
		Example: `  gestalt demo
  gestalt predict --model squeezenet1_1 photo.jpg
  gestalt bias --model squeezenet1_1 --stimuli cue-conflict.tar --out results
  gestalt eval --model squeezenet1_1 --data imagenet/val
  gestalt analyze raw-data.tar.gz`,
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE:          helpOrUnknown,
		Args:          cobra.ArbitraryArgs,
	}
	root.SuggestionsMinimumDistance = 2
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	root.AddCommand(
		newPredictCommand(),
		newBiasCommand(),
		newEvalCommand(),
		newSelectCommand(),
		newStylizeCommand(),
		newAnalyzeCommand(),
		newStyleCommand(),
		newModelsCommand(),
		newSynthCommand(),
		newTrainCommand(),
		newDemoCommand(),
		newBenchCommand(),
		newVersionCommand(),
		newEnvironmentTopic(),
	)
	root.SetHelpCommand(&cobra.Command{
		Use:   "help [VERB]",
		Short: "Help about a verb",
		RunE: func(_ *cobra.Command, args []string) error {
			cmd, rest, err := root.Find(args)
			if err != nil || len(rest) > 0 {
				return helpOrUnknown(root, args)
			}
			return cmd.Help()
		},
	})
	root.InitDefaultCompletionCmd()
	if completion, _, err := root.Find([]string{"completion"}); err == nil {
		completion.Args, completion.RunE = cobra.ArbitraryArgs, helpOrUnknown
	}
	return root
}

// helpOrUnknown is what a command that only has sub-commands does by itself.
func helpOrUnknown(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return cmd.Help()
	}
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		return usagef("there is no verb %q; did you mean %q?", args[0], near[0])
	}
	return usagef("there is no verb %q", args[0])
}

// complete offers values for a flag to the shell.
func complete(cmd *cobra.Command, flag string, values ...string) {
	cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveDefault))
}
