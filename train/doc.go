// Package train trains networks.
//
// [Run] trains one by a [Recipe] and leaves weights, metrics and a checkpoint in a folder; killed and run again, it leaves
// the same bytes. It is made of two parts that can be used without it.
//
// A [Feed] makes batches of the labelled pictures of a [Source]: decoded, augmented and repainted while the network
// computes, the same for any number of workers.
//
// A [Learner] takes training steps on an engine: the network, its loss, the gradients and the optimiser are one graph,
// compiled once for each size of batch, whose parameters stay in the engine's buffers. All of it is PyTorch's to the
// last term (torch.optim.SGD, torch.optim.AdamW, CrossEntropyLoss, BatchNorm2d), so that a recipe from there does the
// same here. On the cpu engine the parameters after a step are the same bytes for any number of threads, and a Learner
// that goes on from a [State] does what the one that gave the State would have done.
//
//	learner, err := train.NewLearner(backend, architecture, train.Learning{Optimiser: train.SGD, Momentum: 0.9, WeightDecay: 1e-4}, train.Start{Seed: 1})
//	…
//	progress, err := learner.Step(ctx, batch, schedule.Rate(step), uint64(step))
package train
