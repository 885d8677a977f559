package train

import (
	"encoding/binary"
	"math"
	"slices"

	"github.com/gestalt-vision/gestalt/style"
)

// position is where a training stands, beside the State: what a checkpoint says in its metadata.
type position struct {
	Epoch int `json:"epoch"` // that is under way, from 0
	Batch int `json:"batch"` // batches of it that are done

	Sum  sums    `json:"sum"`  // over the epoch so far
	Part sums    `json:"part"` // over the steps since the last line of the metrics
	Loss float64 `json:"loss"` // running mean, which tells when training diverges
	Best Epoch   `json:"best"` // so far; its Epoch is 0 before the first

	Broken []style.BrokenPicture `json:"broken,omitempty"` // met so far

	CSV   int64 `json:"csv"`   // bytes of metrics.csv
	JSONL int64 `json:"jsonl"` // and of metrics.jsonl
}

// add counts a step.
func (p *position) add(step Progress, pictures int) {
	const memory = 0.95 // the mean is over about twenty steps
	if p.Loss == 0 {
		p.Loss = float64(step.Loss)
	}
	p.Loss = memory*p.Loss + (1-memory)*float64(step.Loss)
	p.Batch++
	p.Sum.add(step, pictures)
	p.Part.add(step, pictures)
}

// meet notes broken pictures, each once.
func (p *position) meet(broken []style.BrokenPicture) {
	for _, b := range broken {
		if !slices.Contains(p.Broken, b) {
			p.Broken = append(p.Broken, b)
		}
	}
}

// sums are over pictures.
type sums struct {
	Loss     float64 `json:"loss"`
	Right    int     `json:"right"`
	Pictures int     `json:"pictures"`
}

func (s *sums) add(step Progress, pictures int) {
	s.Loss += float64(step.Loss) * float64(pictures)
	s.Right += step.Right
	s.Pictures += pictures
}

func (s sums) loss() float64 { return s.Loss / float64(max(1, s.Pictures)) }
func (s sums) top1() float64 { return float64(s.Right) / float64(max(1, s.Pictures)) }

// finite says whether all numbers of the network are numbers.
func (s State) finite() bool {
	const exponent = 0x7F800000 // all ones in infinities and what is no number (IEEE 754)
	for _, t := range s.Network {
		for data := t.Data; len(data) >= 4; data = data[4:] {
			if binary.LittleEndian.Uint32(data)&exponent == exponent {
				return false
			}
		}
	}
	return true
}

// Part is a line of metrics.jsonl about some steps of an epoch.
type Part struct {
	Epoch     int     `json:"epoch"`
	Step      int     `json:"step"`
	Rate      float64 `json:"rate"`
	TrainLoss float64 `json:"train_loss"`
	TrainTop1 float64 `json:"train_top1"`
}

// better says whether an epoch is better than the best before it.
func (e Epoch) better(best Epoch) bool {
	return best.Epoch == 0 || e.ValidationTop1 > best.ValidationTop1 && !math.IsNaN(e.ValidationTop1)
}
