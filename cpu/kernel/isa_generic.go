//go:build !amd64 || noasm

package kernel

// available lists the implementations of this build.
var available = []*impl{&generic}
