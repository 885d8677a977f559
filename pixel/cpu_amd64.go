//go:build !noasm

package pixel

import "golang.org/x/sys/cpu"

//go:generate go -C asm run . -pkg pixel -out ../avx2_amd64.s -stubs ../avx2_amd64.go

// hasAVX2 says whether the assembly can be used. It is a variable so that tests
// can compare with the plain loops.
var hasAVX2 = cpu.X86.HasAVX2
