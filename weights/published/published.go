// Package published knows the published files of weights (torchvision's, those of Geirhos et al., BagNets, the networks
// of style transfer) and gets them: from a folder where some program has put them already, from a mirror or from their
// address, resuming what was cut off and checking size and SHA-256 before a file gets its name.
//
// [Files] is the table; a [Store] is the places where the files may lie.
package published

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// File is one published file of weights.
type File struct {
	Name    string // what gestalt calls it: resnet50, resnet50-sin
	Network string // whose parameters it holds, by torchvision's name; "" where it is no classifier
	File    string // its file name, unique in the table: in caches and mirrors it lies under this name
	URL     string // "" where only a person in a browser can get it
	Page    string // where it is described, and got from by hand
	Size    Size
	SHA256  string // lower-case hexadecimal; only its first digits where no more are known; "" when unknown
	Licence string // of the file or, failing that, of the project that publishes it; "" when none is stated

	// Top1 and Top5 are the published accuracies on the ImageNet validation set in per cent, 0 when unknown.
	Top1, Top5 float64
	Resize     int    // pixels of the shorter side where these weights want another size than their network
	About      string // a few words
}

// Size is the size of a file in bytes: at least Bytes - Within, at most Bytes + Within. The zero Size is unknown.
type Size struct{ Bytes, Within int64 }

// exactly is a size that is known to the byte.
func exactly(n int64) Size { return Size{Bytes: n} }

// about is a size as torchvision states it (_file_size): in MiB, rounded to three decimals.
func about(mib float64) Size {
	const half = 525 // 0.0005 MiB, rounded up
	return Size{Bytes: int64(math.Round(mib * (1 << 20))), Within: half}
}

// Known says whether anything is known of the size.
func (s Size) Known() bool { return s.Bytes > 0 }

// Fits says whether n bytes can be the whole file; true where nothing is known.
func (s Size) Fits(n int64) bool {
	return !s.Known() || n >= s.Bytes-s.Within && n <= s.Bytes+s.Within
}

// String is the size as a person would say it, in decimal units.
func (s Size) String() string {
	if !s.Known() {
		return "unknown"
	}
	return Bytes(s.Bytes)
}

// Bytes writes a number of bytes in decimal units, with three digits or so.
func Bytes(n int64) string {
	value, unit := float64(n), "bytes"
	for _, larger := range []string{"kB", "MB", "GB", "TB"} {
		if math.Round(value) < 1000 {
			break
		}
		value, unit = value/1000, larger
	}
	if unit != "bytes" && value < 99.95 {
		return fmt.Sprintf("%.1f %s", value, unit)
	}
	return fmt.Sprintf("%.0f %s", value, unit)
}

// Whole says whether the whole SHA-256 of the file is known.
func (f File) Whole() bool { return len(f.SHA256) == 64 }

// CheckSHA256 compares the hash of a file's content with as many digits of the published one as are known.
func (f File) CheckSHA256(sum string) error {
	if f.SHA256 == "" || strings.HasPrefix(sum, f.SHA256) {
		return nil
	}
	is := "is"
	if !f.Whole() {
		is = "begins with"
	}
	return fmt.Errorf("its SHA-256 is %s, but that of the published %s %s %s", sum, f.File, is, f.SHA256)
}

// Files are all published files, in the order of the table.
func Files() []File { return slices.Clone(table) }

// Lookup finds a file by what gestalt calls it.
func Lookup(name string) (File, bool) {
	return find(func(f File) bool { return f.Name == name })
}

// ByFile finds a file by its file name.
func ByFile(file string) (File, bool) {
	return find(func(f File) bool { return f.File == file })
}

// BySHA256 finds the file that content of this hash is.
func BySHA256(sum string) (File, bool) {
	return find(func(f File) bool { return f.SHA256 != "" && f.CheckSHA256(sum) == nil })
}

func find(is func(File) bool) (File, bool) {
	if i := slices.IndexFunc(table, is); i >= 0 {
		return table[i], true
	}
	return File{}, false
}
