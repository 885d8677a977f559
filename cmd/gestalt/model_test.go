package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gestalt-vision/gestalt/internal/sharedtest"
	"github.com/gestalt-vision/gestalt/nets"
	"github.com/gestalt-vision/gestalt/weights"
	"github.com/gestalt-vision/gestalt/weights/published"
)

// noWeights points every place where weights are looked for, but the test data, at empty folders.
func noWeights(t *testing.T) (cache, torch string) {
	cache, torch = t.TempDir(), t.TempDir()
	t.Setenv("GESTALT_CACHE", cache)
	t.Setenv("TORCH_HOME", torch)
	t.Setenv("HF_HOME", t.TempDir())
	t.Setenv("GESTALT_MIRROR", "")
	return cache, torch
}

// touch makes empty files.
func touch(t *testing.T, files ...string) {
	for _, f := range files {
		if err := os.MkdirAll(filepath.Dir(f), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(f, nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func TestParseModel(t *testing.T) {
	cache, torch := noWeights(t)
	file := filepath.Join(cache, "my_net.safetensors")
	named := filepath.Join(cache, "resnet18.safetensors")
	checkpoint := filepath.Join(cache, "my_net.pth.tar")
	sin, _ := published.Lookup("resnet50-sin")
	sinIN, _ := published.Lookup("resnet50-sin-in")
	sinFile := filepath.Join(cache, sin.File)
	sinINFile := filepath.Join(torch, "hub", "checkpoints", sinIN.File)
	touch(t, file, named, checkpoint, sinFile, sinINFile)
	for spec, want := range map[string]modelSpec{
		"resnet18":                   {"resnet18", named, "resnet18", nil},
		"resnet50=" + file:           {"resnet50", file, "my-net", nil},
		"resnet50=" + checkpoint:     {"resnet50", checkpoint, "my-net", nil},
		"resnet50-sin=" + checkpoint: {"resnet50", checkpoint, "my-net", nil},
		named:                        {"resnet18", named, "resnet18", nil},
		"resnet50-sin":               {"resnet50", sinFile, "resnet50-sin", &sin},
		"resnet50-sin-in":            {"resnet50", sinINFile, "resnet50-sin-in", &sinIN},
		sinFile:                      {"resnet50", sinFile, "resnet50-train-60-epochs-c8e5653e", nil},
	} {
		got, err := parseModel(spec)
		if (got.published == nil) != (want.published == nil) || got.published != nil && *got.published != *want.published {
			t.Errorf("parseModel(%q) takes it for the published %v, want %v", spec, got.published, want.published)
		}
		got.published = want.published
		if err != nil || got != want {
			t.Errorf("parseModel(%q) = %v, %v; want %v", spec, got, err, want)
		}
	}
	for _, spec := range []string{"resnet5", "resnet50=" + file + "x", file, checkpoint, "", "resnet5=" + file, "adain-decoder", "resnet50-shape"} {
		if got, err := parseModel(spec); err == nil {
			t.Errorf("parseModel(%q) = %v, want an error", spec, got)
		}
	}
}

// Weights found by a published name must be the published ones; as a file of somebody's own they may be anything.
func TestLoadChecksPublished(t *testing.T) {
	file := sharedtest.Path(t, "weights/squeezenet1_1.safetensors")
	c, err := configure("cpu")
	if err != nil {
		t.Fatal(err)
	}
	f, _ := published.Lookup("squeezenet1_1")
	_, err = modelSpec{"squeezenet1_1", file, "squeezenet1-1", &f}.load(c)
	if err == nil || !strings.Contains(err.Error(), "but that of the published squeezenet1_1-b8a52dc0.pth is b8a52dc0") || !strings.Contains(err.Error(), "gestalt models pull squeezenet1_1") {
		t.Errorf("other weights under the published name: %v", err)
	}
	model, err := modelSpec{"squeezenet1_1", file, "squeezenet1-1", nil}.load(c)
	if err != nil {
		t.Fatal(err)
	}
	model.Close()
}

// Weights that want another size of picture get it, also after a conversion to safetensors.
func TestOrigin(t *testing.T) {
	v2, _ := published.Lookup("resnet50-v2")
	file := filepath.Join(t.TempDir(), "mine.safetensors")
	for _, test := range []struct {
		metadata  map[string]string
		sum       string
		want      string
		converted bool
	}{
		{nil, v2.SHA256, "resnet50-v2", false},
		{map[string]string{convertedFrom: v2.SHA256}, "f00", "resnet50-v2", true},
		{map[string]string{convertedFrom: "f00"}, "f00", "", false},
		{nil, "f00", "", false},
	} {
		if err := weights.Write(file, nil, test.metadata); err != nil {
			t.Fatal(err)
		}
		f, converted, err := originOf(file, test.sum)
		if err != nil || f.Name != test.want || converted != test.converted {
			t.Errorf("with %v and hash %.8s it comes from %q, %v, %v", test.metadata, test.sum, f.Name, converted, err)
		}
	}
	if v2.Resize != 232 {
		t.Errorf("resnet50-v2 wants %d pixels", v2.Resize)
	}
}

// Every classifier of the register is of a network that there is.
func TestPublishedNetworks(t *testing.T) {
	for _, f := range published.Files() {
		if f.Network == "" {
			continue
		}
		if _, err := nets.Lookup(f.Network); err != nil {
			t.Errorf("%s: %v", f.Name, err)
		}
	}
}
