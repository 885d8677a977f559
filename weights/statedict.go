package weights

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/gestalt-vision/gestalt/internal/pickle"
)

// stateDictKeys are the names under which training programs put a network's parameters into a checkpoint, the most
// telling first.
var stateDictKeys = []string{
	"state_dict", "model_state_dict", "model_state", "model", "module", "network", "net", "weights", "params", "parameters",
}

// trainingKeys are the names of what a checkpoint holds for going on with training.
var trainingKeys = []string{"optim", "scheduler", "scaler", "ema"}

// stateDict finds the dictionary of tensors in what a file holds, and the key that leads to it: the value itself where it
// holds tensors under names, else, or in a checkpoint, what is under one of stateDictKeys, else the only dictionary of
// tensors that is not there for training.
func stateDict(v any) (dict *pickle.Dict, key string, err error) {
	const deepest = 3 // as in {"model": {"state_dict": …}}
	for range deepest {
		var ok bool
		if dict, ok = v.(*pickle.Dict); !ok {
			return nil, "", fmt.Errorf("it holds %s, not tensors under names (a state_dict)", pickle.Describe(v))
		}
		next, err := innerDict(dict)
		if err != nil {
			return nil, "", err
		}
		if next == "" {
			if !holdsTensors(dict) {
				return nil, "", errors.New("it holds no tensors under names (no state_dict)")
			}
			return dict, key, nil
		}
		v, _ = dict.Get(next)
		key = strings.TrimPrefix(key+"."+next, ".")
	}
	return nil, "", fmt.Errorf("it holds dictionaries within dictionaries, below %s", key)
}

// innerDict is the key of a checkpoint that leads to the network's parameters, "" where dict is not a checkpoint but
// the parameters themselves.
func innerDict(dict *pickle.Dict) (string, error) {
	known := map[*pickle.Dict]bool{} // a pickle can give one dictionary many names
	holds := func(d *pickle.Dict) bool {
		found, ok := known[d]
		if !ok {
			found = holdsTensors(d)
			known[d] = found
		}
		return found
	}
	for _, key := range stateDictKeys {
		if v, ok := dict.Get(key); ok {
			if inner, ok := v.(*pickle.Dict); ok && len(inner.Keys) > 0 {
				return key, nil
			}
		}
	}
	if holdsTensors(dict) {
		return "", nil
	}
	var candidates []string
	for i, k := range dict.Keys {
		name, ok := k.(string)
		inner, isDict := dict.Values[i].(*pickle.Dict)
		if ok && isDict && holds(inner) && !slices.ContainsFunc(trainingKeys, func(t string) bool { return strings.Contains(strings.ToLower(name), t) }) {
			candidates = append(candidates, name)
		}
	}
	switch len(candidates) {
	case 0:
		return "", nil
	case 1:
		return candidates[0], nil
	}
	const most = 8
	return "", fmt.Errorf("it holds the parameters of several networks (%.200q); save the one you want to a file of its own", candidates[:min(most, len(candidates))])
}

func holdsTensors(dict *pickle.Dict) bool {
	return slices.ContainsFunc(dict.Values, func(v any) bool {
		tensor, ok := v.(*view)
		return ok && tensor.storage != nil
	})
}

const (
	maxTensors    = 1 << 16 // the largest network of the zoo has a thousand
	maxTensorName = 1024
)

// fromTorch makes the contents of a File of what a PyTorch file of n bytes holds.
func fromTorch(v any, format string, n int) (contents, error) {
	c := contents{origin: Origin{Format: format}}
	top, _ := v.(*pickle.Dict)
	dict, key, err := stateDict(v)
	if err != nil {
		return c, err
	}
	c.origin.Key = key
	if dict != top {
		for i, k := range top.Keys {
			if inner, ok := top.Values[i].(*pickle.Dict); !ok || inner != dict {
				c.leaveOut(k, top.Values[i])
			}
		}
	}
	total := 0
	for i, k := range dict.Keys {
		name, ok1 := k.(string)
		v, ok2 := dict.Values[i].(*view)
		if !ok1 || !ok2 || v.storage == nil {
			c.leaveOut(k, dict.Values[i])
			continue
		}
		if len(name) > maxTensorName || len(c.tensors) == maxTensors {
			return c, fmt.Errorf("it holds more than %d tensors, or one whose name has more than %d bytes", maxTensors, maxTensorName)
		}
		shape := v.sizes()
		size, err := byteSize(v.storage.dtype, shape)
		if err != nil {
			return c, fmt.Errorf("tensor %q: %w", name, err)
		}
		// Tensors may share bytes, and a stride may be zero, so that a small file could claim to be huge.
		if total += size; size > maxTotal(n) || total > maxTotal(n) {
			return c, fmt.Errorf("its tensors would take more than %d bytes, while the file has %d: it is damaged, or made to do harm", maxTotal(n), n)
		}
		t := stored{Tensor: Tensor{Name: name, DType: v.storage.dtype, Shape: shape}}
		if v.contiguous() && (v.storage.inPlace() || size == 0) {
			if t.Data, err = v.data(); err != nil {
				return c, fmt.Errorf("tensor %q: %w", name, err)
			}
		} else {
			t.fetch = v.data
		}
		c.tensors = append(c.tensors, t)
	}
	return c, nil
}

// leaveOut notes a value that is no tensor of the network.
func (c *contents) leaveOut(key, value any) {
	const most = 100 // what nobody would read on
	if name, ok := key.(string); ok && len(c.origin.LeftOut) < most {
		c.origin.LeftOut = append(c.origin.LeftOut, fmt.Sprintf("%.100s (%s)", name, pickle.Describe(value)))
	}
}

// wrappers are the names under which wrappers keep the module that they wrap: DataParallel and DistributedDataParallel,
// and torch.compile.
var wrappers = []string{"module", "_orig_mod"}

// unwrap takes the wrappers out of parameters' names: where all names that begin with a path go on with the same
// wrapper, as in module.conv1.weight or features.module.0.weight, the wrapper is dropped. The result has an entry for
// each name that changes. It is empty if two names would become one.
func unwrap(names []string) map[string]string {
	under, wrapped := map[string]int{}, map[string]int{} // names below a path, and those that go on with a wrapper
	each := func(name string, visit func(path, segment string)) {
		const deepest = 32
		if len(name) > maxTensorName {
			return
		}
		rest := name
		for range deepest {
			segment, after, more := strings.Cut(rest, ".")
			if !more {
				return
			}
			visit(name[:len(name)-len(rest)], segment)
			rest = after
		}
	}
	for _, name := range names {
		each(name, func(path, segment string) {
			under[path]++
			if slices.Contains(wrappers, segment) {
				wrapped[path+segment]++
			}
		})
		under[name[:strings.LastIndexByte(name, '.')+1]]++ // a parameter, which no wrapper has beside what it wraps
	}
	renamed, taken := map[string]string{}, map[string]bool{}
	for _, name := range names {
		short := ""
		rest := name
		each(name, func(path, segment string) {
			_, rest, _ = strings.Cut(rest, ".")
			if n := wrapped[path+segment]; n == 0 || n != under[path] {
				short += segment + "."
			}
		})
		short += rest
		if taken[short] {
			return nil
		}
		taken[short] = true
		if short != name {
			renamed[name] = short
		}
	}
	return renamed
}

// rename gives tensors the names that unwrap and joinDenseNet find for them.
func (c *contents) rename() {
	names := make([]string, len(c.tensors))
	for i, t := range c.tensors {
		names[i] = t.Name
	}
	c.origin.Renamed = map[string]string{}
	for _, find := range []func([]string) map[string]string{unwrap, joinDenseNet} {
		renamed := find(names)
		for i, name := range names {
			if better, ok := renamed[name]; ok {
				names[i] = better
				c.origin.Renamed[c.tensors[i].Name] = better
			}
		}
	}
	for i := range c.tensors {
		c.tensors[i].Name = names[i]
	}
}

// oldDenseLayer is a parameter of a layer of DenseNet as it was called before PyTorch 0.4, where names of modules could
// have dots: denselayer1.norm.1.weight, now denselayer1.norm1.weight. torchvision's files are that old.
var oldDenseLayer = regexp.MustCompile(`^(.*\bdenselayer\d+\.(?:norm|conv))\.([12]\.(?:weight|bias|running_mean|running_var|num_batches_tracked))$`)

// joinDenseNet finds today's names of DenseNet's parameters, unless one of them is taken.
func joinDenseNet(names []string) map[string]string {
	renamed, taken := map[string]string{}, map[string]bool{}
	for _, name := range names {
		taken[name] = true
		if m := oldDenseLayer.FindStringSubmatch(name); m != nil {
			renamed[name] = m[1] + m[2]
		}
	}
	for _, better := range renamed {
		if taken[better] {
			return nil
		}
	}
	return renamed
}

// clone is a copy that its receiver may change.
func (o Origin) clone() Origin {
	o.Renamed, o.LeftOut = maps.Clone(o.Renamed), slices.Clone(o.LeftOut)
	return o
}
