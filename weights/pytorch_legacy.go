package weights

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/big"

	"github.com/gestalt-vision/gestalt/internal/pickle"
)

// legacyMagic is the first pickle of a file written by PyTorch before 1.6, legacyProtocol the second.
var legacyMagic, _ = new(big.Int).SetString("1950a86a20f9469cfc6c", 16)

const legacyProtocol = 1001

// isPickle says whether a file begins with a pickle of protocol 2 or later. The same bytes could be the length of a
// safetensors header; but that begins with a brace, and the ninth byte of PyTorch's magic number is none.
func isPickle(data []byte) bool {
	return len(data) > 8 && data[0] == 0x80 && data[1] >= 2 && data[1] <= 5 && data[8] != '{'
}

// readTorchLegacy reads what torch.save wrote before PyTorch 1.6, and still writes when asked to: pickles of the magic
// number, the protocol, the system, the object and a list of its storages' keys, then for each of these the number of
// its elements (8 bytes) and the elements. All are little endian, whatever the system was.
func readTorchLegacy(data []byte) (any, error) {
	c := newCheckpoint(data)
	c.views = true
	magic, err := c.decoder.Decode()
	if err != nil {
		return nil, err
	}
	if n, ok := magic.(*big.Int); !ok || n.Cmp(legacyMagic) != 0 {
		return nil, fmt.Errorf("it begins with a Python pickle of %s, not with the magic number of torch.save", pickle.Describe(magic))
	}
	protocol, err := c.decoder.Decode()
	if err != nil {
		return nil, err
	}
	if protocol != int64(legacyProtocol) {
		return nil, fmt.Errorf("its protocol version is %s, not %d", pickle.Describe(protocol), legacyProtocol)
	}
	if _, err := c.decoder.Decode(); err != nil { // the system: byte order and sizes of C's types
		return nil, err
	}
	object, err := c.decoder.Decode()
	if err != nil {
		return nil, err
	}
	keys, err := c.decoder.Decode()
	if err != nil {
		return nil, err
	}
	list, ok := keys.(*pickle.List)
	if !ok {
		return nil, fmt.Errorf("where the list of storages should be is %s", pickle.Describe(keys))
	}
	return object, c.placeLegacy(list.Items, data[c.decoder.Offset():])
}

// placeLegacy finds the bytes of the storages, which are in the order of keys.
func (c *checkpoint) placeLegacy(keys []any, data []byte) error {
	errShort := errors.New("the file is cut short, fetch it again")
	for _, k := range keys {
		key, _ := k.(string)
		s, ok := c.storages[key]
		switch {
		case !ok:
			return fmt.Errorf("it holds a storage %s that no tensor uses", pickle.Describe(k))
		case s.bytes != nil:
			return fmt.Errorf("it holds storage %.40q twice", key)
		case len(data) < 8:
			return fmt.Errorf("storage %.40q: %w", key, errShort)
		}
		if numel := binary.LittleEndian.Uint64(data); numel != uint64(s.numel) {
			return fmt.Errorf("storage %.40q has %d elements, its tensors want %d: the file is damaged, fetch it again", key, numel, s.numel)
		}
		data = data[8:]
		size := s.numel * s.dtype.Size()
		if size > len(data) {
			return fmt.Errorf("storage %.40q: %w", key, errShort)
		}
		s.bytes, data = data[:size:size], data[size:]
	}
	for key, s := range c.storages {
		if s.bytes == nil {
			return fmt.Errorf("the bytes of storage %.40q are not in the file: it is damaged, fetch it again", key)
		}
	}
	return nil
}
