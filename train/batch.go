package train

// Batch is labelled pictures of one size, as a network is trained with.
type Batch struct {
	N, H, W int
	Pixels  []byte  // N x H x W x 3: pictures from the first, rows from the top, each pixel red, green, blue
	Labels  []int32 // the class of each picture
}
