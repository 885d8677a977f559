package published

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// content is what the files of these tests hold, larger than the buffers on the way.
var content = func() []byte {
	b := make([]byte, 1<<20)
	random := rand.New(rand.NewPCG(1, 2))
	for i := range b {
		b[i] = byte(random.Uint32())
	}
	return b
}()

func sumOf(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// aFile is a published file with that content.
func aFile(url string) File {
	return File{Name: "net", Network: "net", File: "net-1.pth", URL: url, Page: "https://example.org/page", Size: exactly(int64(len(content))), SHA256: sumOf(content)}
}

func aStore(t *testing.T) Store {
	return Store{Cache: t.TempDir(), Stall: 2 * time.Second, Pause: time.Millisecond}
}

// serve is a well-behaved server of b.
func serve(b []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", `"v1"`)
		w.Header().Set("Content-Type", "application/octet-stream")
		http.ServeContent(w, r, "", time.Time{}, strings.NewReader(string(b)))
	}
}

// cutting ends every answer of h after n bytes of the body, without a proper end of the connection.
func cutting(n int, h http.Handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		h.ServeHTTP(&cutWriter{w, n}, r)
	}
}

type cutWriter struct {
	http.ResponseWriter
	left int
}

func (c *cutWriter) Write(b []byte) (int, error) {
	if len(b) > c.left {
		c.ResponseWriter.Write(b[:c.left])
		c.ResponseWriter.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	}
	c.left -= len(b)
	return c.ResponseWriter.Write(b)
}

func TestPull(t *testing.T) {
	whole := serve(content)
	wrong := append([]byte("other"), content[5:]...)
	for _, test := range []struct {
		name     string
		server   func(count int) http.HandlerFunc // how the count-th request is answered, from 1
		requests int                              // 0: any number
		fails    string                           // in the error; "" when the file comes
	}{
		{"plain", func(int) http.HandlerFunc { return whole }, 1, ""},
		{"drops every 300 kB", func(int) http.HandlerFunc { return cutting(300_000, whole) }, 4, ""},
		{"drops at once, for ever", func(int) http.HandlerFunc { return cutting(0, whole) }, attempts, "(6 attempts)"},
		{"drops and ignores Range", func(n int) http.HandlerFunc {
			return func(w http.ResponseWriter, r *http.Request) {
				if r.Header.Del("Range"); n < 3 {
					cutting(400_000, whole)(w, r)
				} else {
					whole(w, r)
				}
			}
		}, 3, ""},
		{"drops, then has another version", func(n int) http.HandlerFunc {
			return func(w http.ResponseWriter, r *http.Request) {
				if n == 1 {
					cutting(400_000, serve(wrong))(w, r)
				} else {
					w.Header().Set("ETag", `"v2"`)
					http.ServeContent(w, r, "", time.Time{}, strings.NewReader(string(content)))
				}
			}
		}, 2, ""},
		{"drops, then has another version with the same ETag", func(n int) http.HandlerFunc {
			if n == 1 {
				return cutting(400_000, serve(wrong))
			}
			return whole
		}, 3, ""},
		{"has only a weak ETag", func(n int) http.HandlerFunc {
			return func(w http.ResponseWriter, r *http.Request) {
				if r.Header.Get("Range") != "" {
					t.Error("a weak ETag cannot say that the rest is of the same file, but a rest was asked for")
				}
				w.Header().Set("ETag", `W/"v1"`)
				h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					http.ServeContent(w, r, "", time.Time{}, strings.NewReader(string(content)))
				})
				if n == 1 {
					cutting(400_000, h)(w, r)
				} else {
					h(w, r)
				}
			}
		}, 2, ""},
		{"continues at another byte", func(n int) http.HandlerFunc {
			if n == 1 {
				return cutting(300_000, whole)
			}
			return func(w http.ResponseWriter, r *http.Request) {
				if r.Header.Get("Range") != "" {
					r.Header.Set("Range", "bytes=7-")
				}
				whole(w, r)
			}
		}, 3, ""},
		{"sends a malformed Content-Range", func(n int) http.HandlerFunc {
			if n == 1 {
				return cutting(300_000, whole)
			}
			return func(w http.ResponseWriter, r *http.Request) {
				if r.Header.Get("Range") != "" {
					w.Header().Set("Content-Range", "bytes 3e5-/*")
					w.WriteHeader(http.StatusPartialContent)
					return
				}
				whole(w, r)
			}
		}, 3, ""},
		{"announces more than it has", func(int) http.HandlerFunc {
			return func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Length", strconv.Itoa(len(content)))
				w.Write(content[:1000])
			}
		}, attempts, "the connection ended after 1000 of 1048576 bytes"},
		{"announces another size", func(int) http.HandlerFunc { return serve(content[:5000]) }, 1, "announces 5000 bytes, but the published file has 1048576"},
		{"announces nothing and sends too little", func(int) http.HandlerFunc {
			return func(w http.ResponseWriter, r *http.Request) {
				w.(http.Flusher).Flush()
				w.Write(content[:5000])
			}
		}, 1, "its SHA-256 is " + sumOf(content[:5000])},
		{"announces nothing and never ends", func(int) http.HandlerFunc {
			return func(w http.ResponseWriter, r *http.Request) {
				w.(http.Flusher).Flush()
				for {
					if _, err := w.Write(content); err != nil {
						return
					}
				}
			}
		}, 1, "sends more than the 1048576 bytes"},
		{"announces nothing and is right", func(int) http.HandlerFunc {
			return func(w http.ResponseWriter, r *http.Request) {
				w.(http.Flusher).Flush()
				w.Write(content)
			}
		}, 1, ""},
		{"wrong bytes", func(int) http.HandlerFunc { return serve(wrong) }, 1, "What the server sends is not the published file"},
		{"a web page", func(int) http.HandlerFunc {
			return func(w http.ResponseWriter, r *http.Request) {
				io.WriteString(w, "<!DOCTYPE html><html><body>Please log in</body></html>")
			}
		}, 1, "answers with a web page"},
		{"a web page that says it is a file", func(int) http.HandlerFunc {
			return func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "application/octet-stream")
				w.Header().Set("Content-Length", strconv.Itoa(len(content)))
				io.WriteString(w, "<!DOCTYPE html><html><body>Please log in</body></html>"+strings.Repeat(" ", len(content)-54))
			}
		}, 1, "answers with a web page"},
		{"compressed", func(int) http.HandlerFunc {
			return func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Encoding", "gzip")
				w.Write(content)
			}
		}, 1, `in the encoding "gzip"`},
		{"redirects", func(n int) http.HandlerFunc {
			if n < 4 {
				return func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/further", http.StatusFound) }
			}
			return whole
		}, 4, ""},
		{"redirects in a circle", func(int) http.HandlerFunc {
			return func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/round", http.StatusFound) }
		}, 0, "sent on more than ten times"},
		{"404", func(int) http.HandlerFunc { return http.NotFound }, 1, "404 Not Found: the file is not there any more; see https://example.org/page"},
		{"403", func(int) http.HandlerFunc {
			return func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusForbidden) }
		}, 1, "answers 403 Forbidden"},
		{"503 twice", func(n int) http.HandlerFunc {
			if n < 3 {
				return func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) }
			}
			return whole
		}, 3, ""},
		{"503 for ever", func(int) http.HandlerFunc {
			return func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) }
		}, attempts, "answers 503 Service Unavailable (6 attempts)"},
		{"503 with a request to wait", func(n int) http.HandlerFunc {
			if n == 1 {
				return func(w http.ResponseWriter, r *http.Request) {
					w.Header().Set("Retry-After", "1")
					w.WriteHeader(http.StatusServiceUnavailable)
				}
			}
			return whole
		}, 2, ""},
		{"stalls once", func(n int) http.HandlerFunc {
			if n > 1 {
				return whole
			}
			return func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("ETag", `"v1"`)
				w.Header().Set("Content-Length", strconv.Itoa(len(content)))
				w.Write(content[:100_000])
				w.(http.Flusher).Flush()
				<-r.Context().Done()
			}
		}, 2, ""},
		{"is slow but steady", func(int) http.HandlerFunc {
			return func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Length", strconv.Itoa(len(content)))
				for b := content; len(b) > 0; b = b[len(content)/8:] {
					w.Write(b[:len(content)/8])
					w.(http.Flusher).Flush()
					time.Sleep(30 * time.Millisecond)
				}
			}
		}, 1, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var count atomic.Int32
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				test.server(int(count.Add(1)))(w, r)
			}))
			defer server.Close()
			s := aStore(t)
			f := aFile(server.URL + "/net-1.pth")
			var last Progress
			p, err := s.Pull(t.Context(), f, func(p Progress) {
				if p.Note == "" {
					last = p
				}
			})
			if n := int(count.Load()); test.requests > 0 && n != test.requests {
				t.Errorf("%d requests were made, want %d", n, test.requests)
			}
			if test.fails != "" {
				if err == nil || !strings.Contains(err.Error(), test.fails) {
					t.Fatalf("got the error %v, want one that says %q", err, test.fails)
				}
				if _, err := os.Stat(s.Path(f)); err == nil {
					t.Error("a file has got the name although the download failed")
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got, err := os.ReadFile(p.Path); err != nil || sumOf(got) != sumOf(content) || p.SHA256 != sumOf(content) {
				t.Fatalf("the file holds something else: %d bytes, %v; said to be %s", len(got), err, p.SHA256)
			}
			if last.Done != int64(len(content)) || last.Total != int64(len(content)) {
				t.Errorf("the last progress is %+v", last)
			}
			left, _ := filepath.Glob(s.Path(f) + ".part*")
			if len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

// TestResumeInAnotherProcess cuts a download, and lets another Pull, which knows only the files, go on.
func TestResumeInAnotherProcess(t *testing.T) {
	var ranges []string
	broken := true
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ranges = append(ranges, r.Header.Get("Range"))
		if broken {
			cutting(len(content)/2, serve(content))(w, r)
		} else {
			serve(content)(w, r)
		}
	}))
	defer server.Close()
	s, f := aStore(t), aFile(server.URL)
	ctx, cancel := context.WithCancel(t.Context())
	_, err := s.Pull(ctx, f, func(p Progress) {
		if p.Done >= int64(len(content)/2) {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "kept in "+s.Path(f)+".part; the next pull continues there") {
		t.Fatalf("interrupted it says %v", err)
	}
	broken, ranges = false, nil
	if _, err := s.Pull(t.Context(), f, nil); err != nil {
		t.Fatal(err)
	}
	if len(ranges) != 1 || ranges[0] != fmt.Sprintf("bytes=%d-", len(content)/2) {
		t.Errorf("asked for the ranges %q, want one from the middle on", ranges)
	}
}

// TestResumeAtTheEnd has all bytes in the part already.
func TestResumeAtTheEnd(t *testing.T) {
	server := httptest.NewServer(serve(content))
	defer server.Close()
	s, f := aStore(t), aFile(server.URL)
	os.WriteFile(s.Path(f)+".part", content, 0o644)
	os.WriteFile(s.Path(f)+".part.json", fmt.Appendf(nil, `{"address":%q,"validator":"\"v1\"","total":%d}`, server.URL, len(content)), 0o644)
	if _, err := s.Pull(t.Context(), f, nil); err != nil {
		t.Fatal(err)
	}
}

// TestPartWithoutOrigin has a part of which nobody knows where it comes from.
func TestPartWithoutOrigin(t *testing.T) {
	for _, origin := range []string{"", "{", `{"validator":""}`, `[1]`, `{"address":"http://elsewhere","validator":"\"v1\""}`, `{"address":"%s","validator":"\n"}`, `{"address":"%s","validator":"\"v1\"","total":-5}`} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Range") != "" {
				t.Errorf("with %q beside the part, a rest is asked for", origin)
			}
			serve(content)(w, r)
		}))
		s, f := aStore(t), aFile(server.URL)
		os.WriteFile(s.Path(f)+".part", []byte("something"), 0o644)
		if origin != "" {
			os.WriteFile(s.Path(f)+".part.json", []byte(strings.ReplaceAll(origin, "%s", server.URL)), 0o644)
		}
		if _, err := s.Pull(t.Context(), f, nil); err != nil {
			t.Error(err)
		}
		server.Close()
	}
}

func TestConcurrentPulls(t *testing.T) {
	var count atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		count.Add(1)
		time.Sleep(50 * time.Millisecond)
		serve(content)(w, r)
	}))
	defer server.Close()
	s, f := aStore(t), aFile(server.URL)
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			if _, err := s.Pull(t.Context(), f, nil); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	if n := count.Load(); n != 1 {
		t.Errorf("eight pulls made %d requests, want 1", n)
	}
}

func TestNoDowngrade(t *testing.T) {
	plain := httptest.NewServer(serve(content))
	defer plain.Close()
	secure := httptest.NewTLSServer(http.RedirectHandler(plain.URL, http.StatusFound))
	defer secure.Close()
	s := aStore(t)
	s.HTTP = secure.Client()
	if _, err := s.Pull(t.Context(), aFile(secure.URL), nil); err == nil || !strings.Contains(err.Error(), "from https to http") {
		t.Errorf("got %v", err)
	}
}

// TestPasswords needs one for the mirror, and does not show it.
func TestPasswords(t *testing.T) {
	open := false
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if user, password, _ := r.BasicAuth(); user != "me" || password != "secret" || !open {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		serve(content)(w, r)
	}))
	defer server.Close()
	s, f := aStore(t), aFile("")
	s.Mirror = strings.Replace(server.URL, "http://", "http://me:secret@", 1)
	_, err := s.Pull(t.Context(), f, nil)
	if err == nil || strings.Contains(err.Error(), "secret") || !strings.Contains(err.Error(), "401") {
		t.Errorf("got %v", err)
	}
	open = true
	if p, err := s.Pull(t.Context(), f, nil); err != nil || strings.Contains(p.From, "secret") {
		t.Errorf("got %+v, %v", p, err)
	}
}

// FuzzOrigin reads any bytes beside a part; the part is kept only if its rest can be asked for.
func FuzzOrigin(f *testing.F) {
	f.Add([]byte(`{"address":"http://a/b","validator":"\"v1\"","total":9}`))
	f.Add([]byte(`{"address":"http://a/b","validator":"x\r\ny","total":-9}`))
	f.Add([]byte(`[`))
	f.Fuzz(func(t *testing.T, b []byte) {
		path := filepath.Join(t.TempDir(), "x.part")
		if err := errors.Join(os.WriteFile(path, []byte("some"), 0o644), os.WriteFile(path+".json", b, 0o644)); err != nil {
			t.Fatal(err)
		}
		p, err := openPart(path, "http://a/b")
		if err != nil {
			t.Fatal(err)
		}
		defer p.keep()
		if strings.ContainsAny(p.origin.Validator, "\r\n\x00") || p.origin.Total < 0 || p.size > 0 && p.origin.Validator == "" || p.size > 0 && p.origin.Address != "http://a/b" {
			t.Errorf("%d bytes are kept as from %+v", p.size, p.origin)
		}
	})
}

// TestUnknownHash takes what comes, because there is nothing to compare it with.
func TestUnknownHash(t *testing.T) {
	server := httptest.NewServer(serve(content))
	defer server.Close()
	f := aFile(server.URL)
	f.SHA256, f.Size = "", Size{}
	if p, err := aStore(t).Pull(t.Context(), f, nil); err != nil || p.SHA256 != sumOf(content) {
		t.Errorf("got %+v, %v", p, err)
	}
	f.SHA256 = sumOf(content)[:8]
	if _, err := aStore(t).Pull(t.Context(), f, nil); err != nil {
		t.Error(err)
	}
	f.SHA256 = "00000000"
	if _, err := aStore(t).Pull(t.Context(), f, nil); err == nil || !strings.Contains(err.Error(), "begins with 00000000") {
		t.Errorf("got %v", err)
	}
}
