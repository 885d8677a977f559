package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/gestalt-vision/gestalt/cpu/kernel"
)

// Version is the release; results carry it together with the commit, where the build knows it.
const Version = "0.1.0"

// versionInfo is what `gestalt version --json` prints.
type versionInfo struct {
	Version string   `json:"version"`
	Commit  string   `json:"commit,omitempty"`
	Go      string   `json:"go"`
	OS      string   `json:"os"`
	Arch    string   `json:"arch"`
	CPU     []string `json:"cpu_features"`
	ISA     string   `json:"kernel"`
	Engine  string   `json:"engine"`
	Threads int      `json:"threads"`
}

func newVersionCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "version",
		Short:   "Print the version, Go, the CPU features in use and the engine",
		Example: "  gestalt version\n  gestalt version --json",
		Args:    usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			info := currentVersion()
			out := cmd.OutOrStdout()
			if asJSON {
				return writeJSON(out, info)
			}
			fmt.Fprintf(out, "gestalt %s %s\n", info.Version, info.Commit)
			fmt.Fprintf(out, "%s %s/%s\n", info.Go, info.OS, info.Arch)
			fmt.Fprintf(out, "kernels %s, processor has %v\n", info.ISA, info.CPU)
			fmt.Fprintf(out, "engine %s, %d threads\n", info.Engine, info.Threads)
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func currentVersion() versionInfo {
	info := versionInfo{
		Version: Version, Go: runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH,
		CPU: cpuFeatures(), ISA: kernel.ISA(), Engine: defaultEngine(), Threads: runtime.GOMAXPROCS(0),
	}
	if build, ok := debug.ReadBuildInfo(); ok {
		for _, s := range build.Settings {
			if s.Key == "vcs.revision" {
				info.Commit = s.Value
			}
		}
	}
	return info
}

// String is the one-line form that results carry.
func (v versionInfo) String() string {
	if v.Commit == "" {
		return v.Version
	}
	return v.Version + " " + v.Commit[:min(12, len(v.Commit))]
}
