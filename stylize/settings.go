package stylize

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/gestalt-vision/gestalt/dataset"
)

// settingsName is the file that says how the pictures in a folder were made.
const settingsName = "settings.json"

// settings are all that the bytes in a folder depend on, and the version of the program that began it.
type settings struct {
	Version   string `json:"version"`
	Method    string `json:"method"`
	Styles    string `json:"styles"`
	Engine    string `json:"engine"`
	Pictures  int    `json:"pictures"`
	Keys      string `json:"keys_sha256"` // of the keys and labels of all pictures
	Pairs     string `json:"pairs_sha256,omitempty"`
	Masks     string `json:"masks_sha256,omitempty"` // of their keys
	Limit     int    `json:"limit"`
	Seed      uint64 `json:"seed"`
	Copies    int    `json:"copies"`
	Size      int    `json:"size"`
	Resize    int    `json:"resize"`
	Reduce    int    `json:"reduce"`
	Format    string `json:"format"`
	Quality   int    `json:"quality"`
	ShardSize int    `json:"shard_size"`
}

func (j *Job) settings() settings {
	r := j.Recipe
	s := settings{Version: j.Version, Method: j.Stylizer.Identity(), Styles: j.From, Engine: j.Engine, Pictures: j.Pictures.Len(),
		Keys: keysOf(j.Pictures), Limit: r.Limit, Seed: r.Seed, Copies: r.Copies, Size: r.Size, Resize: r.Resize, Reduce: r.Reduce,
		Format: r.Format, Quality: r.Quality, ShardSize: j.ShardSize}
	if r.Format != JPEG {
		s.Quality = 0
	}
	if j.Pairs != nil {
		s.Pairs = hashOfPairs(j.Pairs)
	}
	if j.Masks != nil {
		s.Masks = keysOf(j.Masks)
	}
	return s
}

// keysOf is the SHA-256 of the keys and labels of all pictures of a set.
func keysOf(set *dataset.Set) string {
	keys := sha256.New()
	for i := range set.Len() {
		item := set.Item(i)
		fmt.Fprintf(keys, "%s\x00%s\n", item.Key, item.Label)
	}
	return fmt.Sprintf("%x", keys.Sum(nil))
}

// readSettings reads the settings of a folder; found is false for a folder that is not there or holds nothing yet.
func readSettings(out string) (s settings, found bool, err error) {
	path := filepath.Join(out, settingsName)
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		if err := vacant(out); err != nil {
			return s, false, err
		}
		data, err = os.ReadFile(path) // another run may just have begun
		if errors.Is(err, fs.ErrNotExist) {
			return s, false, nil
		}
	}
	if err != nil {
		return s, false, err
	}
	if err := json.Unmarshal(data, &s); err != nil || s.Keys == "" {
		return s, false, fmt.Errorf("%s is not the settings.json of stylised pictures; choose another folder", path)
	}
	return s, true, nil
}

// vacant makes sure that a folder that had no settings a moment ago holds nothing else, unless it has them now.
func vacant(out string) error {
	entries, err := os.ReadDir(out)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), ".") && !isFile(filepath.Join(out, settingsName)) {
			return fmt.Errorf("%s holds %s and was not made by stylising; choose another folder", out, e.Name())
		}
	}
	return nil
}

// differs lists in words where two settings differ, but for the version.
func (s settings) differs(now settings) (all []string) {
	table := func(s settings) (rows [][2]string) {
		var fields map[string]any
		data, _ := json.Marshal(s) // strings and numbers alone
		exact := json.NewDecoder(bytes.NewReader(data))
		exact.UseNumber()
		exact.Decode(&fields)
		for _, name := range []string{"method", "styles", "engine", "pictures", "keys_sha256", "pairs_sha256", "masks_sha256", "limit", "seed", "copies", "size", "resize", "reduce", "format", "quality", "shard_size"} {
			rows = append(rows, [2]string{name, fmt.Sprint(fields[name])})
		}
		return rows
	}
	after := table(now)
	for i, row := range table(s) {
		if row != after[i] {
			all = append(all, fmt.Sprintf("%s %s instead of %s", row[0], row[1], after[i][1]))
		}
	}
	return all
}

// same refuses a folder whose pictures were made in another way.
func (s settings) same(now settings, out string) error {
	if d := s.differs(now); len(d) > 0 {
		return fmt.Errorf("%s holds pictures made in another way (%s); choose another folder, or delete that one", out, strings.Join(d, "; "))
	}
	return nil
}

// apart makes sure that the pictures that are read and those that are written do not lie in one another's folder.
func (j *Job) apart() error {
	in, err := realPath(j.Pictures.Path())
	if err != nil {
		return err
	}
	out, err := realPath(j.Out)
	if err != nil {
		return err
	}
	inside := func(a, b string) bool {
		return a == b || strings.HasPrefix(a, strings.TrimSuffix(b, string(filepath.Separator))+string(filepath.Separator))
	}
	if info, err := os.Stat(in); err == nil && info.IsDir() && inside(out, in) {
		return fmt.Errorf("stylize: %s is in %s, the folder of the pictures, and would be taken for some of them; choose a folder outside", j.Out, j.Pictures.Path())
	}
	if inside(in, out) {
		return fmt.Errorf("stylize: the pictures (%s) are in %s, where the stylised ones would go; choose another folder", j.Pictures.Path(), j.Out)
	}
	return nil
}

// realPath is an absolute path with the links in that part of it resolved that exists.
func realPath(path string) (string, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	for rest := ""; ; {
		if real, err := filepath.EvalSymlinks(abs); err == nil {
			return filepath.Join(real, rest), nil
		}
		if abs == filepath.Dir(abs) {
			return filepath.Join(abs, rest), nil
		}
		abs, rest = filepath.Dir(abs), filepath.Join(filepath.Base(abs), rest)
	}
}
