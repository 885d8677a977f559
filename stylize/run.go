package stylize

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"time"

	"github.com/gestalt-vision/gestalt/dataset"
	"github.com/gestalt-vision/gestalt/style"
)

// Result is what a run did.
type Result struct {
	Pictures int       // that are to be made, those of other parts included
	Own      int       // of these, the part's
	Before   int       // of the part's, done before this run
	Done     int       // made by this run
	Failed   []Failure // those of the part, in the order of the set
	Broken   []style.BrokenStyle
	Whole    bool // all parts are done
	// Network is how long pictures were in the network, of the time that the run took from the first picture that was read to
	// the last that was written.
	Network, Time time.Duration

	tried int // pictures made or failed
}

// Failure is a picture that could not be stylised.
type Failure struct {
	Picture string `json:"picture"`
	Reason  string `json:"reason"`
}

// Busy is the share of the time that pictures were in the network; 0 where there were none.
func (r Result) Busy() float64 {
	if r.Time <= 0 {
		return 0
	}
	return r.Network.Seconds() / r.Time.Seconds()
}

// Errors is how many pictures and styles could not be used.
func (r Result) Errors() int { return len(r.Failed) + len(r.Broken) }

// Prepare says what is wrong with the job, before anything is read or written but the settings that lie in its folder.
func (j *Job) Prepare() error {
	if err := j.check(); err != nil {
		return err
	}
	if err := j.apart(); err != nil {
		return err
	}
	if err := j.distinct(); err != nil {
		return err
	}
	before, found, err := readSettings(j.Out)
	if err == nil && found {
		err = before.same(j.settings(), j.Out)
	}
	return err
}

// Run makes the pictures of this part that are not there yet. A picture that can't be read or decoded is listed in Failed
// and in the manifest, and the others go on; it is tried again by the next run. When ctx is done, the batch in hand is
// finished and written, and the error is ctx's. A killed run loses the batch that is in the network and what is left to
// write of the one before.
func (j *Job) Run(ctx context.Context) (r Result, err error) {
	if err := j.Prepare(); err != nil {
		return r, err
	}
	f, err := openFolder(j)
	if err != nil {
		return r, err
	}
	first, end := j.own()
	pending := f.pending()
	r = Result{Pictures: j.tasks(), Own: end - first, Before: end - first - len(pending), Broken: j.Broken}
	for _, shard := range j.shardsOf(first, end) { // those that a kill kept from being put together
		if err == nil {
			err = f.assemble(shard)
		}
	}
	if err == nil {
		err = j.stylise(ctx, f, pending, &r)
	}
	whole, failed := f.close()
	r.Whole = whole
	return r, errors.Join(err, failed)
}

// painted is a batch that has been through the network, with pictures that could not go there.
type painted struct {
	pictures []prepared
	out      style.Batch
	failed   []Entry
}

// stylise is the pipeline: pictures are decoded ahead on several goroutines, one batch is in the network, and the batch
// before is encoded and written meanwhile. A batch waits for the one before to be written, so that no more than these two
// are ever not yet on the disk.
func (j *Job) stylise(ctx context.Context, f *folder, pending []int, r *Result) error {
	begin := time.Now()
	defer func() { r.Time = time.Since(begin) }()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	batches, saved := make(chan painted), make(chan error, 1)
	go func() {
		var err error
		for b := range batches {
			if err == nil { // else it is only taken, so that the network's side need not know
				if err = j.save(f, b, r); err != nil {
					cancel(err)
				}
			}
		}
		saved <- err
	}()
	err := j.feed(ctx, pending, batches, &r.Network)
	close(batches)
	if failed := <-saved; failed != nil {
		return failed
	}
	return err
}

// feed brings the pictures of the tasks through the network.
func (j *Job) feed(ctx context.Context, pending []int, batches chan<- painted, network *time.Duration) error {
	var failed []Entry
	paint := func(pictures []prepared) error {
		start := time.Now()
		out, err := j.paint(context.WithoutCancel(ctx), pictures)
		*network += time.Since(start)
		if err == nil {
			batches <- painted{pictures, out, failed}
			failed = nil
		}
		return err
	}
	waiting := groups{batch: j.Batch}
	// So many pictures at a time that about two batches are decoded ahead of the network, but no more.
	step := max(1, 2*j.Batch/dataset.LookAhead(j.Workers))
	chunk := func(i int) (all []prepared, err error) {
		for _, task := range pending[i*step : min((i+1)*step, len(pending))] {
			p, err := j.prepare(task)
			if err != nil {
				return all, err
			}
			all = append(all, p)
		}
		return all, nil
	}
	for pictures, err := range dataset.Map(ctx, (len(pending)+step-1)/step, j.Workers, chunk) {
		if err != nil {
			return err
		}
		for _, p := range pictures {
			if p.entry.Error != "" {
				failed = append(failed, p.entry)
				continue
			}
			if full := waiting.add(p); full != nil {
				if err := paint(full); err != nil {
					return err
				}
				if err := ctx.Err(); err != nil {
					return err
				}
			}
		}
	}
	for rest := waiting.rest(); rest != nil; rest = waiting.rest() {
		if err := paint(rest); err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	if len(failed) > 0 {
		batches <- painted{failed: failed}
	}
	return nil
}

// save encodes and writes a batch, then its lines of the manifest, then the tar shards that it makes whole.
func (j *Job) save(f *folder, b painted, r *Result) error {
	entries := b.failed
	one := func(i int) (Entry, error) { return j.saveOne(f, b.pictures[i].entry, b.out, i) }
	for e, err := range dataset.Map(context.Background(), len(b.pictures), j.Workers, one) {
		if err != nil {
			return err
		}
		entries = append(entries, e)
	}
	if err := f.record(entries); err != nil {
		return err
	}
	if err := f.assembleOf(entries); err != nil {
		return err
	}
	r.Done += len(b.pictures)
	r.addFailed(b.failed)
	r.tried += len(entries)
	if j.Progress != nil {
		j.Progress(r.tried, r.Own-r.Before)
	}
	return nil
}

// saveOne encodes and writes a picture, and beside it its label.
func (j *Job) saveOne(f *folder, e Entry, out style.Batch, i int) (Entry, error) {
	data, err := j.Recipe.encode(out.Image(i))
	if err != nil {
		return e, err
	}
	put := func(name string, data []byte) error {
		return f.write(name, func(w io.Writer) error { _, err := w.Write(data); return err })
	}
	e.Output = j.output(e.Task)
	if index, _ := j.item(e.Task); j.ShardSize == 0 && j.label(index) != "" {
		if err := put(labelName(e.Output), []byte(j.label(index)+"\n")); err != nil {
			return e, err
		}
	}
	sum := sha256.Sum256(data)
	e.Bytes, e.SHA256 = int64(len(data)), hex.EncodeToString(sum[:])
	return e, put(f.member(e.Task), data)
}

// addFailed lists failed pictures, each once.
func (r *Result) addFailed(entries []Entry) {
	for _, e := range entries {
		if n := len(r.Failed); n == 0 || r.Failed[n-1].Picture != e.Picture {
			r.Failed = append(r.Failed, Failure{e.Picture, e.Error})
		}
	}
}
