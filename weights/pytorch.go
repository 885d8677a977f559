package weights

import (
	"errors"
	"fmt"
	"strings"

	"github.com/gestalt-vision/gestalt/internal/pickle"
)

// What torch.save writes is a pickle in which each tensor is a call of a function in torch._utils, with a storage, an
// offset, sizes and strides; the storage is a persistent id ("storage", type, key, device, number of elements). The
// storages' bytes are outside the pickle. Since PyTorch 1.6 (2020) pickle and storages are entries of a zip archive;
// before, they followed one another in one stream (torch/serialization.py, functions _save and _legacy_save).

// storageTypes are the classes of storages, and the element types they stand for.
var storageTypes = map[string]DType{
	"BoolStorage": Bool, "ByteStorage": U8, "CharStorage": I8, "ShortStorage": I16, "IntStorage": I32, "LongStorage": I64,
	"HalfStorage": F16, "BFloat16Storage": BF16, "FloatStorage": F32, "DoubleStorage": F64,
	"UntypedStorage": U8,
}

// torchTypes are PyTorch's names for element types.
var torchTypes = map[string]DType{
	"bool": Bool, "uint8": U8, "int8": I8, "int16": I16, "uint16": U16, "int32": I32, "uint32": U32, "int64": I64, "uint64": U64,
	"float16": F16, "bfloat16": BF16, "float32": F32, "float64": F64,
}

// inert is a thing that a checkpoint may mention and that nothing is read from: a device, a type, NumPy's scalars.
type inert string

func (i *inert) String() string     { return string(*i) }
func (i *inert) SetState(any) error { return nil }

// checkpoint reads the pickle of a PyTorch file.
type checkpoint struct {
	decoder  *pickle.Decoder
	storages map[string]*storage
	// locate fills in where the bytes of a new storage are. It is nil where they come after the pickle.
	locate func(*storage) error
	views  bool // persistent ids have a sixth part, a view onto the storage
}

func newCheckpoint(data []byte) *checkpoint {
	c := &checkpoint{decoder: pickle.NewDecoder(data), storages: map[string]*storage{}}
	c.decoder.Global, c.decoder.Persistent = global, c.persistent
	return c
}

// global gives the values of the names that files of weights need, and refuses all others.
func global(module, name string) (any, error) {
	switch module {
	case "torch", "torch.cuda", "torch.storage":
		if d, ok := storageTypes[name]; ok {
			return d, nil
		}
	}
	if d, ok := torchTypes[name]; ok && module == "torch" {
		return d, nil
	}
	if kind, ok := strings.CutSuffix(name, "Tensor"); ok && (module == "torch" || module == "torch.cuda") {
		if _, ok := storageTypes[kind+"Storage"]; ok || kind == "" {
			return pickle.Callable(newTensor), nil
		}
	}
	switch module + "." + name {
	case "torch.nn.parameter.Parameter", "torch._tensor.Tensor":
		return pickle.Callable(newTensor), nil
	case "torch._utils._rebuild_tensor", "torch._utils._rebuild_tensor_v2":
		return pickle.Callable(rebuildTensor), nil
	case "torch._utils._rebuild_tensor_v3":
		return pickle.Callable(rebuildTyped), nil
	case "torch._utils._rebuild_parameter", "torch._utils._rebuild_parameter_with_state":
		return pickle.Callable(rebuildParameter), nil
	case "torch._tensor._rebuild_from_type_v2":
		return pickle.Callable(rebuildFromType), nil
	case "torch.Size":
		return pickle.Callable(func(args pickle.Tuple) (any, error) {
			if len(args) != 1 {
				return nil, errors.New("torch.Size has not one argument")
			}
			return args[0], nil
		}), nil
	case "torch.device", "numpy.dtype", "numpy.core.multiarray.scalar", "numpy._core.multiarray.scalar",
		"builtins.complex", "__builtin__.complex":
		return pickle.Callable(func(pickle.Tuple) (any, error) {
			kind := inert("a value of " + module + "." + name)
			return &kind, nil
		}), nil
	}
	return nil, refusedError{module, name}
}

// refusedError refuses a name. Nothing of it has been looked for, let alone executed.
type refusedError struct{ module, name string }

func (e refusedError) Error() string {
	name := strings.ToValidUTF8(e.module+"."+e.name, "?")
	if len(name) > 100 {
		name = name[:100] + "…"
	}
	text := fmt.Sprintf("it holds a %q; only tensors, numbers, strings and containers of them are read", name)
	switch top, _, _ := strings.Cut(e.module, "."); {
	case top == "__torch__":
		return text + `. It is a TorchScript program. Where PyTorch is installed, save its weights alone:
  python3 -c "import torch; torch.save(torch.jit.load('IN', map_location='cpu').state_dict(), 'OUT.pth')"`
	case strings.Contains(e.module, "torch.nn.modules") || top == "torchvision" || top == "timm":
		text += ". It is a whole module, which can only be read together with its code"
	}
	// weights_only=False, because PyTorch refuses such files too since 2.6.
	return text + `. If you trust the file, and PyTorch and the code it was written with are installed, save its weights alone:
  python3 -c "import torch; c = torch.load('IN', map_location='cpu', weights_only=False); torch.save(c['state_dict'] if isinstance(c, dict) else c.state_dict(), 'OUT.pth')"`
}

// persistent gives the storage that an id names.
func (c *checkpoint) persistent(id any) (any, error) {
	parts, ok := id.(pickle.Tuple)
	if ok && len(parts) > 1 && parts[0] == "module" {
		return nil, errors.New("it holds the source code of a module, and so a whole module") // its class is refused before
	}
	want := 5
	if c.views {
		want = 6
	}
	if !ok || len(parts) != want || parts[0] != "storage" {
		return nil, fmt.Errorf("it refers to %s, where a storage was expected", pickle.Describe(id))
	}
	dtype, ok1 := parts[1].(DType)
	key, ok2 := parts[2].(string)
	numel, ok3 := count(parts[4])
	if !ok1 || !ok2 || !ok3 {
		return nil, fmt.Errorf("it refers to a storage of %s, key %s, with %s for its number of elements",
			pickle.Describe(parts[1]), pickle.Describe(parts[2]), pickle.Describe(parts[4]))
	}
	s, ok := c.storages[key]
	switch {
	case !ok:
		if _, err := byteSize(dtype, []int{numel}); err != nil {
			return nil, err
		}
		s = &storage{key: key, dtype: dtype, numel: numel}
		if c.locate != nil {
			if err := c.locate(s); err != nil {
				return nil, err
			}
		}
		c.storages[key] = s
	case s.dtype != dtype || s.numel != numel:
		return nil, fmt.Errorf("storage %.40q is once %d elements of %s and once %d of %s", key, s.numel, s.dtype, numel, dtype)
	}
	if c.views && parts[5] != nil {
		return viewOf(s, parts[5])
	}
	return s, nil
}

// viewOf is a part of a storage (key, first element, number of elements).
func viewOf(s *storage, id any) (*storage, error) {
	parts, _ := id.(pickle.Tuple)
	if len(parts) != 3 {
		return nil, fmt.Errorf("storage %.40q is viewed by %s", s.key, pickle.Describe(id))
	}
	at, ok1 := count(parts[1])
	numel, ok2 := count(parts[2])
	if !ok1 || !ok2 || at > s.numel || numel > s.numel-at {
		return nil, fmt.Errorf("a view reaches beyond storage %.40q of %d elements", s.key, s.numel)
	}
	return &storage{key: s.key, dtype: s.dtype, numel: numel, within: s, at: at}, nil
}

// newTensor is how files before PyTorch 0.4 make tensors and parameters: without arguments, or with the tensor of which
// the new one is another view. Without, the elements come with its state (see view.SetState).
func newTensor(args pickle.Tuple) (any, error) {
	if len(args) == 0 {
		return &view{}, nil
	}
	if v, ok := args[0].(*view); ok {
		return v, nil
	}
	return nil, fmt.Errorf("a tensor is made of %s", pickle.Describe(args[0]))
}

// rebuildTensor takes a storage, an offset, sizes and strides; what follows (requires_grad, hooks) is for training.
func rebuildTensor(args pickle.Tuple) (any, error) {
	if len(args) < 4 {
		return nil, fmt.Errorf("a tensor is made of %d things", len(args))
	}
	s, ok := args[0].(*storage)
	if !ok {
		return nil, fmt.Errorf("a tensor is made of %s", pickle.Describe(args[0]))
	}
	return newView(s, args[1], args[2], args[3])
}

// rebuildTyped is rebuildTensor for element types that have no class of storages: the storage is untyped, and the type
// is the seventh argument.
func rebuildTyped(args pickle.Tuple) (any, error) {
	if len(args) < 7 {
		return nil, fmt.Errorf("a tensor is made of %d things", len(args))
	}
	s, ok1 := args[0].(*storage)
	dtype, ok2 := args[6].(DType)
	if !ok1 || !ok2 || s.within != nil {
		return nil, fmt.Errorf("a tensor is made of %s of type %s", pickle.Describe(args[0]), pickle.Describe(args[6]))
	}
	typed := *s
	typed.dtype, typed.numel = dtype, s.numel*s.dtype.Size()/dtype.Size()
	return newView(&typed, args[1], args[2], args[3])
}

// rebuildParameter takes the parameter's tensor; what follows is for training.
func rebuildParameter(args pickle.Tuple) (any, error) {
	if len(args) > 0 {
		if v, ok := args[0].(*view); ok {
			return v, nil
		}
	}
	return nil, errors.New("a parameter is made of something other than a tensor")
}

// rebuildFromType takes one of the functions above, a class, the function's arguments, and attributes.
func rebuildFromType(args pickle.Tuple) (any, error) {
	if len(args) != 4 {
		return nil, fmt.Errorf("a tensor with attributes is made of %d things", len(args))
	}
	rebuild, ok1 := args[0].(pickle.Callable)
	inner, ok2 := args[2].(pickle.Tuple)
	if !ok1 || !ok2 {
		return nil, fmt.Errorf("a tensor with attributes is made by %s", pickle.Describe(args[0]))
	}
	return rebuild(inner)
}
