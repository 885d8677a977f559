// Command asm generates the assembly of package pixel. Run it with go generate
// in the package's folder.
package main

import (
	. "github.com/mmcloughlin/avo/build"
)

func main() {
	ConstraintExpr("!noasm")
	resampleRow(3)
	resampleRow(4)
	resampleColumns()
	premultiply()
	nearestRow(1)
	nearestRow(3)
	nearestRow(4)
	unfilterPaeth(3)
	unfilterPaeth(4)
	Generate()
}
