package main

import "github.com/spf13/cobra"

func newModelsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "models",
		Short: "Files of weights",
		Long: `models is about files of weights: which there are, getting them, checking them, converting them. Each of its verbs has
its own --help.`,
		Example: `  gestalt models list
  gestalt models pull resnet50
  gestalt predict --model resnet50 photo.jpg`,
		Args: cobra.ArbitraryArgs,
		RunE: helpOrUnknown,
	}
	cmd.SuggestionsMinimumDistance = 2
	cmd.AddCommand(
		newModelsListCommand(),
		newModelsInfoCommand(),
		newModelsPullCommand(),
		newModelsVerifyCommand(),
		newModelsConvertCommand(),
		newModelsExportCommand(),
	)
	return cmd
}
