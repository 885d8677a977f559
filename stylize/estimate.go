package stylize

import (
	"context"
	"fmt"
	"time"
)

// Estimate is what a run would cost.
type Estimate struct {
	Pictures int           // that are to be made, those of other parts included
	Own      int           // of these, the part's
	Pending  int           // of the part's, not done yet
	Time     time.Duration // for those, were nothing but the network to be waited for
	Bytes    int64         // that those would take on the disk
	Broken   int           // pictures among those measured that can't be read
	Measured int           // pictures that were stylised to tell
}

// Estimate stylises a batch of pictures, spread over those that are not done, and throws them away: how long the others
// would take, and how large they would be. It writes nothing.
func (j *Job) Estimate(ctx context.Context) (e Estimate, err error) {
	if err := j.Prepare(); err != nil {
		return e, err
	}
	f := &folder{job: j}
	if f.done, err = readLedger(j); err != nil {
		return e, err
	}
	first, end := j.own()
	pending := f.pending()
	e = Estimate{Pictures: j.tasks(), Own: end - first, Pending: len(pending)}
	if len(pending) == 0 {
		return e, nil
	}
	n := min(j.Batch, len(pending))
	var whole []prepared
	for i := range n {
		p, err := j.prepare(pending[i*len(pending)/n])
		if err != nil {
			return e, err
		}
		if p.entry.Error != "" {
			e.Broken++
		} else {
			whole = append(whole, p)
		}
	}
	e.Measured = len(whole)
	if e.Measured == 0 {
		return e, fmt.Errorf("none of %d pictures could be read, so that nothing can be measured", n)
	}
	spent, size, err := j.measure(ctx, whole)
	e.Time = spent / time.Duration(e.Measured) * time.Duration(e.Pending)
	e.Bytes = size / int64(e.Measured) * int64(e.Pending)
	return e, err
}

// measure passes pictures through the network twice, because the first time it is compiled too, and encodes them.
func (j *Job) measure(ctx context.Context, pictures []prepared) (spent time.Duration, size int64, err error) {
	waiting := groups{batch: j.Batch}
	var batches [][]prepared
	for _, p := range pictures {
		if full := waiting.add(p); full != nil {
			batches = append(batches, full)
		}
	}
	for rest := waiting.rest(); rest != nil; rest = waiting.rest() {
		batches = append(batches, rest)
	}
	for _, batch := range batches {
		if err := ctx.Err(); err != nil {
			return 0, 0, err
		}
		if _, err := j.paint(ctx, batch); err != nil {
			return 0, 0, err
		}
		start := time.Now()
		out, err := j.paint(ctx, batch)
		if err != nil {
			return 0, 0, err
		}
		spent += time.Since(start)
		for i := range batch {
			data, err := j.Recipe.encode(out.Image(i))
			if err != nil {
				return 0, 0, err
			}
			size += int64(len(data))
		}
	}
	return spent, size, nil
}
