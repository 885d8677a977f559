package main

import (
	"bytes"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gestalt-vision/gestalt/weights/published"
)

// TestKillPull kills `gestalt models pull` twice and lets the third one finish: it must ask only for what is missing,
// and the file must be whole.
func TestKillPull(t *testing.T) {
	if testing.Short() {
		t.Skip("runs the program several times")
	}
	f, _ := published.Lookup("magenta-predictor") // has no published hash, so that any bytes will do
	random := rand.New(rand.NewPCG(3, 4))
	data := make([]byte, 3<<20)
	for i := range data {
		data[i] = byte(random.Uint32())
	}
	var mu sync.Mutex
	var ranges []string
	slow := true
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		ranges = append(ranges, r.Header.Get("Range"))
		pause := slow
		mu.Unlock()
		w.Header().Set("ETag", `"1"`)
		if pause {
			w = &slowWriter{w}
		}
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(data))
	}))
	defer server.Close()
	cache, _ := noWeights(t)
	t.Setenv("GESTALT_MIRROR", server.URL)
	part := filepath.Join(cache, f.File+".part")
	for i, stop := range []struct {
		signal os.Signal
		code   int
	}{{os.Kill, -1}, {os.Interrupt, exitInterrupted}} {
		cmd := exec.Command("gestalt", "models", "pull", f.Name)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		for start := time.Now(); size(part) < int64(i+1)<<20 && time.Since(start) < time.Minute; {
			time.Sleep(time.Millisecond)
		}
		cmd.Process.Signal(stop.signal)
		cmd.Wait()
		if code := cmd.ProcessState.ExitCode(); code != stop.code {
			t.Fatalf("after %v the exit code is %d, want %d", stop.signal, code, stop.code)
		}
		if isFile(filepath.Join(cache, f.File)) {
			t.Fatal("a killed download has got the file's name")
		}
	}
	mu.Lock()
	slow = false
	mu.Unlock()
	out, err := exec.Command("gestalt", "models", "pull", f.Name).CombinedOutput()
	if err != nil || !strings.Contains(string(out), "from an earlier attempt") {
		t.Fatalf("%v\n%s", err, out)
	}
	if got, err := os.ReadFile(filepath.Join(cache, f.File)); err != nil || !bytes.Equal(got, data) {
		t.Errorf("the file is not what was served: %d bytes, %v", len(got), err)
	}
	if len(ranges) != 3 || ranges[0] != "" || ranges[1] == "" || ranges[2] == "" {
		t.Errorf("the ranges asked for are %q; only the first may be for the whole file", ranges)
	}
}

// TestFullDisk limits the size of files instead, which fails in the same place. What fits is kept.
func TestFullDisk(t *testing.T) {
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Skip(err)
	}
	data := bytes.Repeat([]byte("0123456789abcdef"), 1<<17)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", `"1"`)
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(data))
	}))
	defer server.Close()
	cache, _ := noWeights(t)
	t.Setenv("GESTALT_MIRROR", server.URL)
	part := filepath.Join(cache, "style_predict_quantized_256.tflite.part")
	out, err := exec.Command(sh, "-c", "ulimit -f 1000 && exec gestalt models pull magenta-predictor").CombinedOutput()
	if err == nil || !strings.Contains(string(out), "writing "+part+": file too large") || !strings.Contains(string(out), "the next pull continues there") {
		t.Fatalf("%v\n%s", err, out)
	}
	if n := size(part); n == 0 || n >= int64(len(data)) {
		t.Errorf("%d bytes are kept", n)
	}
	if out, err := exec.Command("gestalt", "models", "pull", "magenta-predictor").CombinedOutput(); err != nil {
		t.Fatalf("with room again: %v\n%s", err, out)
	}
	if got, _ := os.ReadFile(strings.TrimSuffix(part, ".part")); !bytes.Equal(got, data) {
		t.Errorf("the file is not what was served: %d bytes", len(got))
	}
}

// slowWriter takes a second or two for a megabyte.
type slowWriter struct{ http.ResponseWriter }

func (s *slowWriter) Write(b []byte) (int, error) {
	for n := 0; n < len(b); n += 16 << 10 {
		if _, err := s.ResponseWriter.Write(b[n:min(n+16<<10, len(b))]); err != nil {
			return n, err
		}
		s.ResponseWriter.(http.Flusher).Flush()
		time.Sleep(5 * time.Millisecond)
	}
	return len(b), nil
}

func TestTransferLine(t *testing.T) {
	for _, test := range []struct {
		p       published.Progress
		brought int64
		want    string
	}{
		{published.Progress{Done: 30_000_000, Total: 100_000_000}, 10_000_000, "net: 30.0 MB of 100 MB, 1.0 MB a second, 1m10s left"},
		{published.Progress{Done: 30_000_000}, 30_000_000, "net: 30.0 MB, 3.0 MB a second"},
		{published.Progress{Done: 5, Total: 5}, 0, "net: 5 bytes of 5 bytes, 0 bytes a second"},
	} {
		if got := transferLine("net", test.p, test.brought, 10*time.Second); got != test.want {
			t.Errorf("got %q, want %q", got, test.want)
		}
	}
}

// A proxy in the environment is asked for the mirror's address.
func TestProxy(t *testing.T) {
	asked := make(chan string, 1)
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked <- r.URL.String()
		w.Write([]byte("from the proxy"))
	}))
	defer proxy.Close()
	cache, _ := noWeights(t)
	gestalt := exec.Command("gestalt", "models", "pull", "magenta-predictor") // testscript.Main has put it into PATH
	gestalt.Env = append(os.Environ(), "HTTP_PROXY="+proxy.URL, "http_proxy="+proxy.URL, "NO_PROXY=", "no_proxy=", "GESTALT_MIRROR=http://mirror.invalid/w")
	if out, err := gestalt.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if got := <-asked; got != "http://mirror.invalid/w/style_predict_quantized_256.tflite" {
		t.Errorf("the proxy was asked for %s", got)
	}
	if got, _ := os.ReadFile(filepath.Join(cache, "style_predict_quantized_256.tflite")); string(got) != "from the proxy" {
		t.Errorf("the file holds %q", got)
	}
}
