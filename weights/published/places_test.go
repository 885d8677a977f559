package published

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestWhereFilesAre looks into the caches of others and into mirrors, with a server that must not be asked.
func TestWhereFilesAre(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		t.Errorf("the address was asked for %s", r.URL)
	}))
	defer server.Close()
	mirror := httptest.NewServer(http.StripPrefix("/weights", http.FileServer(http.Dir(folderWith(t, "net-1.pth", content)))))
	defer mirror.Close()
	sum := sumOf(content)
	torch := folderWith(t, "hub/checkpoints/net-1.pth", content)
	for _, test := range []struct {
		name  string
		store Store
		from  string
	}{
		{"torch", Store{Torch: torch, Offline: true}, filepath.Join(torch, "hub/checkpoints/net-1.pth")},
		{"blob", Store{HuggingFace: folderWith(t, "hub/models--a--b/blobs/"+sum, content), Offline: true}, "blobs"},
		{"snapshot", Store{HuggingFace: folderWith(t, "hub/models--a--b/snapshots/1/net-1.pth", content)}, "snapshots"},
		{"mirror", Store{Mirror: folderWith(t, "net-1.pth", content), Offline: true}, "net-1.pth"},
		{"mirror by address", Store{Mirror: mirror.URL + "/weights/"}, mirror.URL + "/weights/net-1.pth"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, f := test.store, aFile(server.URL)
			s.Cache = t.TempDir()
			if _, ok := s.Find(f); ok != (s.Torch != "" || s.HuggingFace != "") {
				t.Errorf("found before the pull: %v", ok)
			}
			p, err := s.Pull(t.Context(), f, nil)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(p.From, test.from) || p.Path != s.Path(f) {
				t.Errorf("it comes from %s and is at %s", p.From, p.Path)
			}
			if got, _ := os.ReadFile(p.Path); sumOf(got) != sum {
				t.Error("it holds something else")
			}
			if place, ok := s.Find(f); !ok || place.Path != p.Path || place.In != "cache" {
				t.Errorf("afterwards it is found at %+v, %v", place, ok)
			}
			if again, err := s.Pull(t.Context(), f, nil); err != nil || again.From != "cache" {
				t.Errorf("pulled again it comes from %q, %v", again.From, err)
			}
		})
	}
}

func folderWith(t *testing.T, name string, b []byte) string {
	folder := t.TempDir()
	path := filepath.Join(folder, filepath.FromSlash(name))
	os.MkdirAll(filepath.Dir(path), 0o755)
	if err := os.WriteFile(path, b, 0o644); err != nil {
		t.Fatal(err)
	}
	return folder
}

// TestWrongFileElsewhere passes over files with the right name and size but the wrong content, and replaces that of the
// cache.
func TestWrongFileElsewhere(t *testing.T) {
	server := httptest.NewServer(serve(content))
	defer server.Close()
	damaged := append([]byte("x"), content[1:]...)
	s, f := aStore(t), aFile(server.URL)
	s.Torch = folderWith(t, "hub/checkpoints/net-1.pth", damaged)
	os.WriteFile(s.Path(f), damaged, 0o644)
	var notes []string
	p, err := s.Pull(t.Context(), f, func(p Progress) {
		if p.Note != "" {
			notes = append(notes, p.Note)
		}
	})
	if err != nil || p.From != server.URL {
		t.Fatalf("it comes from %q, %v", p.From, err)
	}
	if got, _ := os.ReadFile(s.Path(f)); sumOf(got) != sumOf(content) {
		t.Error("the damaged file was not replaced")
	}
	if len(notes) != 2 || !strings.Contains(notes[0], "passing over "+s.Path(f)) || !strings.Contains(notes[1], "checkpoints") {
		t.Errorf("it said %q", notes)
	}
	if got, _ := os.ReadFile(filepath.Join(s.Torch, "hub/checkpoints/net-1.pth")); sumOf(got) != sumOf(damaged) {
		t.Error("a file of another program was changed")
	}
}

func TestRefusals(t *testing.T) {
	empty := t.TempDir()
	for _, test := range []struct {
		name, want string
		store      Store
		change     func(*File)
	}{
		{"offline", "the network is switched off; fetch\n  http://127.0.0.1:1/x", Store{Offline: true}, nil},
		{"offline with a mirror on the network", "fetch\n  http://127.0.0.1:1/m/net-1.pth", Store{Offline: true, Mirror: "http://127.0.0.1:1/m"}, nil},
		{"by hand", "can only be got by hand, in a browser: take net-1.pth from\n  https://example.org/page", Store{}, func(f *File) { f.URL = "" }},
		{"mirror without it", "holds no net-1.pth", Store{Mirror: empty}, nil},
		{"nobody listens", "connection refused (6 attempts)", Store{}, nil},
		{"cache is a file", "making the cache", Store{Cache: "/dev/null/cache"}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, f := test.store, aFile("http://127.0.0.1:1/x")
			s.Pause = time.Millisecond
			if s.Cache == "" {
				s.Cache = t.TempDir()
			}
			if test.change != nil {
				test.change(&f)
			}
			if _, err := s.Pull(t.Context(), f, nil); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

// TestReadOnlyCache finds what is in a cache that it may not write to.
func TestReadOnlyCache(t *testing.T) {
	s, f := aStore(t), aFile("http://127.0.0.1:1/x")
	if err := os.WriteFile(s.Path(f), content, 0o444); err != nil {
		t.Fatal(err)
	}
	os.Chmod(s.Cache, 0o555)
	defer os.Chmod(s.Cache, 0o755)
	if p, err := s.Pull(t.Context(), f, nil); err != nil || p.From != "cache" {
		t.Errorf("got %+v, %v", p, err)
	}
	if left, _ := os.ReadDir(s.Cache); len(left) != 1 {
		t.Errorf("the cache has %d files", len(left))
	}
}
