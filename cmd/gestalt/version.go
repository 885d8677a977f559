package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"
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
	ISA     string   `json:"kernels,omitempty"` // instruction set in use by the cpu engine
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
			c, err := configure(defaultEngine())
			if err == nil {
				_, err = c.open()
			}
			if err != nil {
				return err
			}
			info := currentVersion()
			info.Engine, info.ISA, info.Threads = c.kind, c.kernels, c.threads
			if asJSON {
				return writeJSON(cmd.OutOrStdout(), info)
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "gestalt %s\n%s %s/%s, processor has %s\nengine %s, %d threads\n",
				info, info.Go, info.OS, info.Arch, strings.Join(info.CPU, " "), c, info.Threads)
			return err
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func currentVersion() versionInfo {
	info := versionInfo{
		Version: Version, Go: runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH,
		CPU: cpuFeatures(),
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
