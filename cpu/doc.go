// Package cpu is a GoMLX engine for the processor it runs on: a
// [compute.Backend] in pure Go on top of the hand-tuned loops of package
// kernel. It knows nothing of the rest of gestalt and can be used by any GoMLX
// program:
//
//	import _ "github.com/gestalt-vision/gestalt/cpu" // registers "cpu"
//
//	backend, err := compute.NewWithConfig("cpu:threads=4")
//
// # How a computation runs
//
// Recorder (builder.go, function.go, record_*.go): the graph comes in as calls of
// compute.Function. Each is checked and written down as nodes of a smaller
// language: convolutions and products in one layout each, reductions over one
// axis group, half precision as float32. A node that exists already is not made
// twice.
//
// Passes (fuse.go, chain.go, static.go): batch normalisation of inference is folded into the
// filter and bias of the convolution before it; bias, residual addition and
// activation become the convolution's epilogue, mirrored borders of its input a part of it; mean
// and variance of a picture are taken from one pass; products with constant
// matrices are packed. Chains of element-wise operations, with a sum or maximum at
// their end, become one pass over memory. Nodes that depend on weights alone form the prologue: its
// results, such as packed filters, are kept from one execution to the next and
// made again only if a weight's buffer is another one.
//
// In training (grad_conv.go, grad_pool.go, batchnorm.go), the convolutions that GoMLX
// writes for gradients are recognised and computed from the tensors before they
// were reversed and transposed. Batch normalisation goes through memory once each
// for its statistics, its result, the sums of its gradient and the gradient; the
// shortcut, the ReLU and the ReLU's gradient go with it. Weights that change from
// one execution to the next are packed where the old ones were.
//
// Plan (plan.go): every value gets its place in one arena according to how long
// it lives; element-wise results take the place of an operand, the operands of
// a concatenation of channels are computed where they belong. Results take the
// storage of donated inputs (donate.go).
//
// Executor (executable.go, workers.go): the steps run one after the other, each on
// all workers. Executions may overlap; each has an arena of its own, which the
// next one reuses.
//
// # What it promises
//
// Results are the same, bit for bit, for any number of threads. A panic in an
// operation becomes an error that names the node and its shapes. An operation
// that is missing gives an error that wraps compute.ErrNotImplemented when it is
// recorded or compiled. No goroutine outlives a call.
//
// float32 is fast. float64, all integers and bool go through plain loops;
// float16 and bfloat16 are computed in float32 and rounded after each operation.
// Integer division by zero is an error. Shapes are static; there are no complex
// numbers, transforms, dtypes below a byte or collective operations.
//
// Closures run where While, If and Sort need them, functions are written down at
// each call. Random bits are those of XLA for the same state; see RNGBitGenerator.
// compute.Executable has no context; ExecuteContext runs an executable that can
// be stopped between two operations.
//
// # What it was tested with
//
// TestCompliance runs the whole of GoMLX's suite for engines,
// compute/support/backendtest. GoMLX's own tests of core/graph (v0.28.1), pointed
// at this engine, pass but for those that need complex numbers, FFT or dtypes
// below a byte.
package cpu
