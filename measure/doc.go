// Package measure reads trials as the field stores them and computes from them what Geirhos et al. (ICLR 2019, arXiv
// 1811.12231) and Geirhos et al. (NeurIPS 2020 and 2021, model-vs-human) report: shape bias, accuracy, error consistency,
// response entropy, confusion, rank correlation. Every proportion comes with two 95% intervals, a bootstrap over
// stimuli (see below) and the exact binomial one of Clopper and Pearson, and the shape biases of two observers with a
// paired difference, its interval and a permutation p-value.
//
// # Shape bias
//
// A cue-conflict picture has the shape of one category and the texture of another; cat7-elephant1.png is a cat with an
// elephant's skin. Of an observer's trials T, those in which the two differ are the conflict trials C; S of them were
// answered with the shape category, X with the texture category, the rest with something else or, by a person too
// late, not at all ("na"). Shape bias is S/(S+X). Trials without conflict are left out of it, "na" is kept in C. All
// figures are proportions from 0 to 1, undefined ones (S+X = 0) are NaN, null in JSON.
//
// The categories are those of a [Vocabulary]: the 16 of the published trials, or, where [Settings] name them, any others,
// such as the classes of drawn pictures. All figures, intervals and reports follow:
//
//	own := measure.Vocabulary{"arrow", "bolt", "fish"}
//	analysis := measure.Analyze(experiments, measure.Settings{Categories: own})
//
// where a trial with the image fish3-bolt3.png is one on the shape of a fish with the texture of bolts. Files of trials are
// held to the 16 categories, unless they are read and written by the vocabulary's own methods.
//
// Ten people who see the same pictures are also one observer, "humans": all their trials in one pool.
//
// # Why a bootstrap over stimuli
//
// The pictures are the sample: another set of cat shapes and elephant skins would have given other answers, and it is this
// spread that an interval has to show. They are also what observers share. An odd picture is odd to all people who see
// it, so their answers to it are not independent of each other, and an interval that counts each of them as a sample
// of its own is too narrow. Therefore whole stimuli are drawn, each with the answers of all who saw it, and in one
// round the same stimuli for all observers, so that differences between observers are paired ones.
//
// Random numbers are a function of the seed, the set of stimuli, their purpose and the round, so equal input gives
// equal bytes, with any number of workers and whoever else is in the table.
package measure
