package dataset

import (
	"archive/tar"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestClassIndex(t *testing.T) {
	for i := range NumClasses {
		wnid, _ := Class(i)
		if got, ok := ClassIndex(wnid); !ok || got != i {
			t.Fatalf("ClassIndex(%s) = %d, %v, want %d", wnid, got, ok, i)
		}
	}
	for _, wnid := range []string{"", "n01440765", "n99999999", "n0144076", "n01440764 tench"} {
		if got, ok := ClassIndex(wnid); ok {
			t.Errorf("ClassIndex(%q) = %d", wnid, got)
		}
	}
}

// truths opens the labels and the set and says what each picture shows.
func truths(t *testing.T, set, list string) (map[string]string, error) {
	t.Helper()
	s := open(t, set)
	var labels *Labels
	if list != "" {
		var err error
		if labels, err = OpenLabels(writeFile(t, filepath.Join(t.TempDir(), "labels.txt"), []byte(list))); err != nil {
			return nil, err
		}
	}
	all, err := s.Truths(labels)
	if err != nil {
		return nil, err
	}
	got := make(map[string]string)
	for i, truth := range all {
		got[s.Item(i).Key] = fmt.Sprint(truth.Class)
		if truth.Err != nil {
			got[s.Item(i).Key] = truth.Err.Error()
		}
	}
	return got, nil
}

func TestTruths(t *testing.T) {
	flat := tree{"val/ILSVRC2012_val_00000001.JPEG": "a", "val/ILSVRC2012_val_00000003.JPEG": "c"}
	for _, c := range []struct {
		name string
		tree tree
		list string
		want map[string]string // class, or a part of what is wrong
	}{
		{name: "folders at any depth and names", tree: tree{
			"n01440764/x.JPEG":              "",
			"train/n01443537/sub/y.JPEG":    "",
			"n01440764_tench.jpg":           "",
			"n15075141.jpg":                 "",
			"n02102040/n02102040_12.jpg":    "",
			"other/n01440764x.jpg":          "",
			"n01440764/n02102040_7.jpg":     "",
			"n00000001/unknown.jpg":         "",
			"n02102040/n01440764/inner.jpg": "",
		}, want: map[string]string{
			"n01440764/x.JPEG": "0", "train/n01443537/sub/y.JPEG": "1", "n01440764_tench.jpg": "0", "n15075141.jpg": "999",
			"n02102040/n02102040_12.jpg": "217", "other/n01440764x.jpg": "nothing tells its class",
			"n01440764/n02102040_7.jpg": "its folder says n01440764 tench, but its name says n02102040",
			"n00000001/unknown.jpg":     "n00000001 is none of the 1,000", "n02102040/n01440764/inner.jpg": "0",
		}},
		{name: "labels of WebDataset", tree: tree{
			"s/000.jpg": "", "s/000.cls": "7\n", "s/001.seg.jpg": "", "s/001.cls": " n01440764", "s/002.jpg": "", "s/002.cls": "1000",
			"s/003.jpg": "", "s/003.cls": "tench", "n01440764_5.jpg": "", "n01440764_5.cls": "0", "n01440764_6.jpg": "", "n01440764_6.cls": "1",
		}, want: map[string]string{
			"s/000.jpg": "7", "s/001.seg.jpg": "0", "s/002.jpg": "there is no class 1000", "s/003.jpg": `"tench" is neither`,
			"n01440764_5.jpg": "0", "n01440764_6.jpg": "its .cls file says n01443537 goldfish, but its name says n01440764 tench",
		}},
		{name: "Caffe's list", tree: flat, list: "# x\nILSVRC2012_val_00000003.JPEG 65\r\nILSVRC2012_val_00000001.JPEG 970\n",
			want: map[string]string{"val/ILSVRC2012_val_00000001.JPEG": "970", "val/ILSVRC2012_val_00000003.JPEG": "65"}},
		{name: "names with folders, without extension, with a comma", tree: flat, list: "a b/ILSVRC2012_val_00000003,n01440764\nILSVRC2012_val_00000002,n01440764\n",
			want: map[string]string{"val/ILSVRC2012_val_00000001.JPEG": "has no line for it", "val/ILSVRC2012_val_00000003.JPEG": "0"}},
		{name: "an id a line, by the number in the name", tree: flat, list: "n01440764\nn01443537\nn15075141\nn01440764\n",
			want: map[string]string{"val/ILSVRC2012_val_00000001.JPEG": "0", "val/ILSVRC2012_val_00000003.JPEG": "999"}},
		{name: "too few lines", tree: flat, list: "n01440764\n",
			want: map[string]string{"val/ILSVRC2012_val_00000001.JPEG": "0", "val/ILSVRC2012_val_00000003.JPEG": "has only 1 lines"}},
		{name: "an id a line, in order", tree: tree{"b.jpg": "", "a.jpg": ""}, list: "n01440764\nn01443537\n",
			want: map[string]string{"a.jpg": "0", "b.jpg": "1"}},
		{name: "Kaggle's list", tree: flat, list: "ImageId,PredictionString\nILSVRC2012_val_00000001,n01443537 1 2 3 4 n01443537 5 6 7 8 \nILSVRC2012_val_00000003,n01440764 1 2 3 4\n",
			want: map[string]string{"val/ILSVRC2012_val_00000001.JPEG": "1", "val/ILSVRC2012_val_00000003.JPEG": "0"}},
		{name: "a list against the folders", tree: tree{"n01440764/a.jpg": ""}, list: "a.jpg 1\n",
			want: map[string]string{"n01440764/a.jpg": "the list of labels says n01443537 goldfish, but its folder says n01440764"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			pack := writeFile(t, filepath.Join(t.TempDir(), "set.tar"), c.tree.tar(t, ""))
			for _, set := range []string{c.tree.folder(t), pack} {
				got, err := truths(t, set, c.list)
				if err != nil {
					t.Fatal(err)
				}
				if !slices.Equal(slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(c.want))) {
					t.Errorf("pictures %v, want %v", got, c.want)
				}
				for key, want := range c.want {
					if got[key] != want && (len(want) < 4 || !strings.Contains(got[key], want)) {
						t.Errorf("%s: %s, want %s", key, got[key], want)
					}
				}
			}
		})
	}
}

func TestLabelsRefused(t *testing.T) {
	set := tree{"b.jpg": "", "a.jpg": ""}.folder(t)
	for list, want := range map[string]string{
		"# nothing\n\n":              "no lines",
		"490\n361\n":                 "nothing tells which",
		"a.jpg 3\nn01440764\n":       "line 2 has a WordNet id alone, the lines before it a name and a number",
		"a.jpg 3\nb.jpg n01440764\n": "line 2 has a name and a WordNet id",
		"a.jpg 1000\n":               "line 1: there is no class 1000",
		"a.jpg -1\n":                 "there is no class -1",
		"n00000001\n":                "line 1: n00000001 is none of",
		"a.jpg 3\na.jpg 4\n":         "line 2: a.jpg had another class before",
		"name,label\n":               `"label" is neither`,
		"n01440764\n":                "it has a class for each of 1 pictures in order, but there are 2",
		"ImageId,PredictionString\na,n01440764 1 2 3\n":                     "line 2: it should be a name",
		"ImageId,PredictionString\na,n01440764 1 2 3 4 n01443537 1 2 3 4\n": "objects of two classes",
		"ImageId,PredictionString\na,490 1 2 3 4\nb,n01440764 1 2 3 4\n":    "line 3 has",
		"a.jpg " + strings.Repeat("x", 1<<17):                               "after 0 lines",
	} {
		if _, err := truths(t, set, list); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "labels.txt") {
			t.Errorf("%.60q: %v, want an error with the file and %q", list, err, want)
		}
	}
	if _, err := OpenLabels(filepath.Join(set, "absent")); err == nil {
		t.Error("a list that is not there")
	}
}

func TestLabelFilesRefused(t *testing.T) {
	long := writeFile(t, filepath.Join(t.TempDir(), "long.tar"), tree{"a.jpg": "", "a.cls": strings.Repeat("1", 65)}.tar(t, ""))
	if _, err := Open(long); err == nil || !strings.Contains(err.Error(), "more than 64 bytes") {
		t.Errorf("a label of 65 bytes: %v", err)
	}
	i := 0
	two := packTar(t, []tar.Header{{Name: "a.cls", Typeflag: tar.TypeReg}, {Name: "a.cls", Typeflag: tar.TypeReg}, {Name: "a.jpg", Typeflag: tar.TypeReg}},
		func(string) string { i++; return fmt.Sprint(i) })
	if _, err := Open(writeFile(t, filepath.Join(t.TempDir(), "two.tar"), two)); err == nil || !strings.Contains(err.Error(), `labels "1" and "2"`) {
		t.Errorf("two labels: %v", err)
	}
}

func TestItemCategory(t *testing.T) {
	for key, want := range map[string]string{
		"bear/x.png": "bear", "x/cat7-elephant1.png": "cat", "bear3.png": "bear", "a/airplane.jpg": "airplane", "x/y.png": "", "dogs/1.png": "",
	} {
		got, err := Item{Key: key, Class: classOf(key)}.Category()
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%s: %q, %v, want %q", key, got, err, want)
		}
	}
}

func TestItemEntryCategory(t *testing.T) {
	for key, want := range map[string]string{
		"bear/x.png": "bear", "bear3.png": "bear", "n02690373_airliner.jpg": "airplane", "n02123045/1.jpg": "cat", "n01440764_tench.jpg": "", "x/y.png": "",
	} {
		got, err := Item{Key: key, Class: classOf(key)}.EntryCategory()
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%s: %q, %v, want %q", key, got, err, want)
		}
	}
}

// FuzzLabels reads any list: it is refused, or every class is one of the 1,000.
func FuzzLabels(f *testing.F) {
	f.Add("ILSVRC2012_val_00000001.JPEG 65\n")
	f.Add("n01440764\n\ufeffn01443537")
	f.Add("ImageId,PredictionString\nILSVRC2012_val_00000001,n01443537 1 2 3 4\n")
	f.Add("a,b,c 3\n,3\n")
	f.Fuzz(func(t *testing.T, list string) {
		l, err := readLabels(strings.NewReader(list))
		if err != nil {
			return
		}
		for _, class := range slices.Concat(l.lines, slices.Collect(maps.Values(l.named))) {
			if class < 0 || class >= NumClasses {
				t.Fatalf("class %d", class)
			}
		}
		if l.Len() == 0 || len(l.lines) > 0 && len(l.named) > 0 {
			t.Fatalf("%d lines and %d names", len(l.lines), len(l.named))
		}
	})
}
