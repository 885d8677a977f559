package main

import "github.com/spf13/cobra"

func newModelsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "models",
		Short: "Files of weights",
		Long:  "models is about files of weights; each of its verbs has its own --help.",
		Args:  cobra.ArbitraryArgs,
		RunE:  helpOrUnknown,
	}
	cmd.SuggestionsMinimumDistance = 2
	cmd.AddCommand(newModelsConvertCommand())
	return cmd
}
