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
//
// # Several devices
//
// GoMLX's distributed execution (v0.28, AutoSharding, which is XLA's Shardy) serves for several GPUs of one machine: with
// [Learning.Devices] each has a part of the pictures and the whole network, and XLA puts the sums over all devices where they
// are needed. It computes what one device would, batch normalisations over the whole batch included, where PyTorch's
// DistributedDataParallel without SyncBatchNorm normalises each part by itself. This is tested with XLA's plug-in for the
// processor, which says that it has four devices (losses are PyTorch's, on two); no machine with several GPUs was at hand, and
// nothing is known about the speed there. A batch that the devices cannot share equally, such as the last of an epoch, is
// computed whole by each. The trainer of GoMLX, ml/train, is not used: it keeps its own variables, and its batch normalisation
// cuts off a part of the gradient. Several machines are beyond GoMLX.
package train
