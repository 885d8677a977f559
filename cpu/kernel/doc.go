// Package kernel holds hand-tuned float32 loops for convolutional networks on
// the CPU: convolution, matrix product, pooling, element-wise operations and
// reductions. It knows nothing of graphs, tensors or threads.
//
// # Layout
//
// Pictures are NHWC: element (n, y, x, c) lies at ((n*H+y)*W+x)*pitch + c,
// where the pitch, given with each picture, is at least the number of channels.
// A pitch larger than the channels addresses a slice of a wider buffer, so that
// several kernels can write side by side into one concatenated tensor. Filters
// are HWIO: element (kh, kw, i, o) lies at ((kh*KW+kw)*I+i)*O + o.
//
// # Convolution without im2col
//
// In NHWC the KW*C inputs that one kernel row contributes to an output pixel
// are contiguous, and the pixels of one output row are a constant StrideW*C
// floats apart. A convolution is therefore a matrix product whose left matrix
// is never built: the inner loop walks over segments (one per kernel row), each
// a contiguous run of inputs, while the packed filter streams by. See tile for
// the details. Rows of zero padding above and below are never multiplied: their
// segments are left out. Columns of padding, and all that is mirrored or repeated
// (type Border), are provided by copying the input rows of a task into a small
// buffer with borders that stays in the cache.
//
// # Winograd
//
// Convolutions with 3x3 kernels of stride 1 compute tiles of 4 x 4 outputs (2 x 2 for
// the smallest pictures) by Winograd's minimal filtering, with a fourth of the
// multiplications; see winograd.go. Rounding errors stay within 5e-6 of the largest
// output of a layer for tiles of 4 and 1e-6 for tiles of 2; plain sums reach 2e-6. An
// infinite or NaN input spoils the whole tile.
//
// # Tall kernels
//
// Kernels of 7 to 9 rows and few channels save along the columns alone: 25 products of
// rows instead of 81 for 9 rows of outputs; see conv_tall.go. Rounding errors stay within
// 2e-6 of the largest output of a layer.
//
// # Depthwise convolution
//
// Where each channel has a filter of its own there is no matrix product. Kernels 3 or 5
// wide, of stride 1 or 2, do seven neighbouring pixels at a time in registers; see
// channelRow. The others go tap by tap, as pooling does; see taps.
//
// # Gradients
//
// The gradient with respect to the input is a convolution again, or several that
// write interleaved pixels; see grad_input.go. The one with respect to the filter
// sums outer products of pixels, in blocks and parts that depend on the shape
// alone; see grad_filter.go. That of a 3x3 filter of stride 1 goes through Winograd's
// transforms turned around, with rounding errors within 1e-5 of the largest element; see
// grad_winograd.go.
//
// # Instruction sets
//
// Each loop exists in AVX-512, in AVX2 with FMA, and in portable Go; the
// fastest that the machine has is chosen when the program starts, [Use] forces
// one. The build tag noasm and architectures other than amd64 leave only the
// portable one. The plain definitions that the loops are tested against are in
// ref_test.go.
//
// # Determinism
//
// Each output element is computed by one task in one fixed order, which depends
// neither on the number of workers nor on the tile that it falls into. In
// convolutions and products that order is: bias, then the products by kernel
// row, kernel column and channel, each added with one fused multiply-add, then
// Epilogue.Add, then the activation. (Winograd's transforms and those of tall kernels have their own order,
// and add the bias after the products.) AVX-512 and AVX2 give the same bits;
// portable Go rounds products separately on machines where Go has no fused
// multiply-add.
//
// # Errors
//
// Kernels are called by an engine that has checked shapes before. Impossible
// shapes and slices that are too short are programming errors and panic, before
// anything is read or written.
package kernel

//go:generate sh -c "cd asm && go run . -loops tile -isa avx512 -pkg kernel -decl ../tile_avx512_amd64.go -out ../tile_avx512_amd64.s"
//go:generate sh -c "cd asm && go run . -loops tile -isa avx2 -pkg kernel -decl ../tile_avx2_amd64.go -out ../tile_avx2_amd64.s"
//go:generate sh -c "cd asm && go run . -loops outer -isa avx512 -pkg kernel -decl ../outer_avx512_amd64.go -out ../outer_avx512_amd64.s"
//go:generate sh -c "cd asm && go run . -loops outer -isa avx2 -pkg kernel -decl ../outer_avx2_amd64.go -out ../outer_avx2_amd64.s"
//go:generate sh -c "cd asm && go run . -loops taps -isa avx512 -pkg kernel -decl ../taps_avx512_amd64.go -out ../taps_avx512_amd64.s"
//go:generate sh -c "cd asm && go run . -loops taps -isa avx2 -pkg kernel -decl ../taps_avx2_amd64.go -out ../taps_avx2_amd64.s"
//go:generate sh -c "cd asm && go run . -loops depthwise -isa avx512 -pkg kernel -decl ../depthwise_avx512_amd64.go -out ../depthwise_avx512_amd64.s"
//go:generate sh -c "cd asm && go run . -loops depthwise -isa avx2 -pkg kernel -decl ../depthwise_avx2_amd64.go -out ../depthwise_avx2_amd64.s"
//go:generate sh -c "cd asm && go run . -loops elementwise -isa avx512 -pkg kernel -decl ../elementwise_avx512_amd64.go -out ../elementwise_avx512_amd64.s"
//go:generate sh -c "cd asm && go run . -loops elementwise -isa avx2 -pkg kernel -decl ../elementwise_avx2_amd64.go -out ../elementwise_avx2_amd64.s"
//go:generate sh -c "cd asm && go run . -loops winograd -isa avx512 -pkg kernel -decl ../winograd_avx512_amd64.go -out ../winograd_avx512_amd64.s"
//go:generate sh -c "cd asm && go run . -loops winograd -isa avx2 -pkg kernel -decl ../winograd_avx2_amd64.go -out ../winograd_avx2_amd64.s"
//go:generate sh -c "cd asm && go run . -loops functions -isa avx512 -pkg kernel -decl ../functions_avx512_amd64.go -out ../functions_avx512_amd64.s"
//go:generate sh -c "cd asm && go run . -loops functions -isa avx2 -pkg kernel -decl ../functions_avx2_amd64.go -out ../functions_avx2_amd64.s"
//go:generate sh -c "cd asm && go run . -loops gate -isa avx512 -pkg kernel -decl ../gate_avx512_amd64.go -out ../gate_avx512_amd64.s"
//go:generate sh -c "cd asm && go run . -loops gate -isa avx2 -pkg kernel -decl ../gate_avx2_amd64.go -out ../gate_avx2_amd64.s"
//go:generate sh -c "cd asm && go run . -loops norm -isa avx512 -pkg kernel -decl ../norm_avx512_amd64.go -out ../norm_avx512_amd64.s"
//go:generate sh -c "cd asm && go run . -loops norm -isa avx2 -pkg kernel -decl ../norm_avx2_amd64.go -out ../norm_avx2_amd64.s"
//go:generate sh -c "cd asm && go run . -loops dots -isa avx512 -pkg kernel -decl ../dots_avx512_amd64.go -out ../dots_avx512_amd64.s"
//go:generate sh -c "cd asm && go run . -loops dots -isa avx2 -pkg kernel -decl ../dots_avx2_amd64.go -out ../dots_avx2_amd64.s"
//go:generate sh -c "cd asm && go run . -loops maxgrad -isa avx512 -pkg kernel -decl ../maxgrad_avx512_amd64.go -out ../maxgrad_avx512_amd64.s"
//go:generate sh -c "cd asm && go run . -loops maxgrad -isa avx2 -pkg kernel -decl ../maxgrad_avx2_amd64.go -out ../maxgrad_avx2_amd64.s"
//go:generate sh -c "cd asm && go run . -loops tall -isa avx512 -pkg kernel -decl ../tall_avx512_amd64.go -out ../tall_avx512_amd64.s"
//go:generate sh -c "cd asm && go run . -loops tall -isa avx2 -pkg kernel -decl ../tall_avx2_amd64.go -out ../tall_avx2_amd64.s"
