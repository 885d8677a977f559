

package gestalt

import (
	_ "github.com/gomlx/compute/gobackend"
	_ "github.com/gomlx/compute/support/backendtest"
	_ "github.com/gomlx/compute/notimplemented"
	_ "github.com/gomlx/gomlx/core/graph"
	_ "github.com/gomlx/gomlx/core/tensors"
	_ "github.com/google/go-cmp/cmp"
	_ "github.com/rogpeppe/go-internal/testscript"
	_ "github.com/schollz/progressbar/v3"
	_ "github.com/spf13/cobra"
	_ "golang.org/x/sys/cpu"
	_ "golang.org/x/term"
	_ "pgregory.net/rapid"
)
