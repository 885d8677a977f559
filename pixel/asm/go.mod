// The assembly generator is a module of its own, so that users of the package
// don't depend on avo.
module github.com/gestalt-vision/gestalt/pixel/asm

go 1.26.5

require github.com/mmcloughlin/avo v0.5.0

require (
	golang.org/x/mod v0.6.0 // indirect
	golang.org/x/sys v0.1.0 // indirect
	golang.org/x/tools v0.2.0 // indirect
)
