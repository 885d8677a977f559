package main

import (
	"runtime"

	"golang.org/x/sys/cpu"
)

// cpuFeatures names the processor's features that the kernels can use.
func cpuFeatures() []string {
	var has []string
	add := func(ok bool, name string) {
		if ok {
			has = append(has, name)
		}
	}
	switch runtime.GOARCH {
	case "amd64":
		add(cpu.X86.HasAVX2, "avx2")
		add(cpu.X86.HasFMA, "fma")
		add(cpu.X86.HasAVX512F, "avx512f")
		add(cpu.X86.HasAVX512BW, "avx512bw")
		add(cpu.X86.HasAVX512DQ, "avx512dq")
		add(cpu.X86.HasAVX512VL, "avx512vl")
	case "arm64":
		add(cpu.ARM64.HasASIMD, "asimd")
	}
	return has
}
