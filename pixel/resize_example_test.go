package pixel_test

import (
	"fmt"

	"github.com/gestalt-vision/gestalt/pixel"
)

// What torchvision's weights expect of a photograph: the shorter side at 256
// pixels, and 224 x 224 out of the middle.
func ExampleResizeShort() {
	photo := pixel.New(500, 375, 3)
	small := pixel.ResizeShort(photo, 256, pixel.Bilinear)
	crop := pixel.CenterCrop(small, 224, 224)
	fmt.Printf("%d x %d, then %d x %d\n", small.W, small.H, crop.W, crop.H)
	// Output: 341 x 256, then 224 x 224
}
