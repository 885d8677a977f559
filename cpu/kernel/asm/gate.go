package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// gate generates the loop that lets a pass where b isn't negative.
func gate(v vectors) {
	const notLess = 5
	binary(v, "gate", func(a, b, tmp reg.VecPhysical) {
		VXORPS(tmp, tmp, tmp)
		if v == avx512 {
			VCMPPS(U8(notLess), tmp, b, reg.K2)
			VMOVAPS_Z(a, reg.K2, a)
			return
		}
		VCMPPS(U8(notLess), tmp, b, tmp)
		VANDPS(a, tmp, a)
	})
}
