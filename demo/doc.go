// Package demo is the paper's experiment in small, with nothing downloaded: pictures whose shape and texture are known
// (package synth), four networks trained as the four rows of its table (Geirhos et al., ICLR 2019, arXiv 1811.12231,
// table 2), and what each of them goes by where shape and texture disagree.
//
// The rows are trained on IN, on SIN, on both, and on both and then on IN again. IN is pictures whose shape and texture both
// tell the class; SIN are the same pictures repainted, each in a style of its own, so that the texture tells nothing. The
// paper repaints with AdaIN and paintings; here it is random convolution, which needs no weights.
//
// What comes out is a function of the options that say so, on one engine: not of the number of workers, nor of how many
// networks are trained at once.
package demo
