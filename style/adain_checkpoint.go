package style

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"io/fs"
	"math"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"

	"github.com/gestalt-vision/gestalt/engine"
	"github.com/gestalt-vision/gestalt/nets"
	"github.com/gestalt-vision/gestalt/weights"
)

// checkpoint is a file from which training goes on as if it had never stopped: the decoder's parameters by their own
// names, Adam's running means as NAME.adam_mean and NAME.adam_square, the losses of all steps so far [steps, 2]; the
// metadata say what of.
type checkpoint struct {
	file   *weights.File
	losses []AdaINLoss // one for each step
}

const (
	adamMeanKind       = "adam_mean"
	adamSquareKind     = "adam_square"
	checkpointLosses   = "losses"
	checkpointSettings = "settings"
	checkpointSteps    = "steps"
)

// openCheckpoint opens the checkpoint at path. It makes one of untrained parameters where there is none, and refuses that
// of a training with other settings.
func openCheckpoint(path, settings string, fresh func() ([]nets.Param, [][]float32, error)) (*checkpoint, error) {
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		params, values, err := fresh()
		if err != nil {
			return nil, err
		}
		if err := writeCheckpoint(path, settings, params, values, nil); err != nil {
			return nil, err
		}
	}
	f, err := weights.Open(path)
	if err != nil {
		return nil, err
	}
	c := &checkpoint{file: f}
	if err := c.read(settings); err != nil {
		return nil, errors.Join(fmt.Errorf("style: %s: %w", path, err), f.Close())
	}
	return c, nil
}

func (c *checkpoint) read(settings string) error {
	metadata := c.file.Metadata()
	if was, ok := metadata[checkpointSettings]; !ok {
		return errors.New("not a checkpoint of a decoder in training")
	} else if was != settings {
		return fmt.Errorf("it was made with other settings (%s); go on with these, or write to another file than with %s", was, settings)
	}
	steps, err := strconv.Atoi(metadata[checkpointSteps])
	if err != nil || steps < 0 {
		return fmt.Errorf("it says that %q steps are done", metadata[checkpointSteps])
	}
	if steps == 0 {
		return nil
	}
	losses, shape, err := c.file.Float32(checkpointLosses)
	if err != nil {
		return err
	}
	if len(losses) != 2*steps {
		return fmt.Errorf("the losses of %d steps are %v", steps, shape)
	}
	for i := range steps {
		c.losses = append(c.losses, AdaINLoss{losses[2*i], losses[2*i+1]})
	}
	return nil
}

// running is a running mean of one of the decoder's parameters, in the graph's layout. It panics as graph code does.
func (c *checkpoint) running(in nets.Input, kind string) []float32 {
	name := strings.TrimPrefix(in.Name, adainDecoderPart+".") + "." + kind
	values, shape, err := c.file.Float32(name)
	if err != nil {
		panic(err)
	}
	if len(values) != in.Node.Shape().Size() {
		panic(fmt.Errorf("style: %s: %s is %v", c.file.Path(), name, shape))
	}
	if len(shape) == 4 {
		return weights.OIHWToHWIO(values, shape[0], shape[1], shape[2], shape[3])
	}
	return values
}

// writeCheckpoint writes the state of the parameters: themselves, then running means and squares.
func writeCheckpoint(path, settings string, params []nets.Param, state [][]float32, losses []AdaINLoss) error {
	var tensors []weights.Tensor
	for i, values := range state {
		p := params[i%len(params)]
		name := p.Name + []string{"", "." + adamMeanKind, "." + adamSquareKind}[i/len(params)]
		for _, v := range values {
			if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
				return fmt.Errorf("style: after step %d %s is not finite; %s is of an earlier step. A smaller rate may help", len(losses), name, path)
			}
		}
		tensors = append(tensors, float32s(name, values, p.Shape...))
	}
	if len(losses) > 0 {
		var values []float32
		for _, l := range losses {
			values = append(values, l.Content, l.Style)
		}
		tensors = append(tensors, float32s(checkpointLosses, values, len(losses), 2))
	}
	return weights.Write(path, tensors, map[string]string{checkpointSettings: settings, checkpointSteps: strconv.Itoa(len(losses))})
}

func float32s(name string, values []float32, shape ...int) weights.Tensor {
	data := make([]byte, 0, 4*len(values))
	for _, v := range values {
		data = binary.LittleEndian.AppendUint32(data, math.Float32bits(v))
	}
	return weights.Tensor{Name: name, DType: weights.F32, Shape: shape, Data: data}
}

// decoderParams are the parameters of the decoder for an encoder, by their names in its file.
func decoderParams(b compute.Backend, e *encoder) (params []nets.Param, err error) {
	err = engine.Catch(func() {
		g := graph.NewGraph(b, "adain decoder")
		defer g.Finalize()
		net, scope := nets.Begin(g, nets.Inference)
		decode(scope, graph.Parameter(g, "feature", shapes.Make(dtypes.Float32, 1, 4, 4, e.last().channels)), e.levels)
		params = net.Params
	})
	return params, err
}

// untrained are the parameters of a decoder and its running means before training. Kernels keep the variance of a ReLU
// network's activations (He et al., ICCV 2015), biases are zero.
func untrained(params []nets.Param, seed uint64) [][]float32 {
	state := make([][]float32, 3*len(params))
	for i, p := range params {
		for kind := range 3 {
			state[kind*len(params)+i] = make([]float32, p.Len())
		}
		if len(p.Shape) == 1 {
			continue
		}
		name := fnv.New64a()
		name.Write([]byte(p.Name))
		random := rand.New(rand.NewPCG(seed^decoderPurpose, name.Sum64()))
		bound := math.Sqrt(6 / float64(p.Len()/p.Shape[0]))
		for j := range state[i] {
			state[i][j] = float32(bound * (2*random.Float64() - 1))
		}
	}
	return state
}

// decoderPurpose keeps these numbers apart from those that other things draw from the same seed.
const decoderPurpose = 0x6465636f646572 // "decoder"
