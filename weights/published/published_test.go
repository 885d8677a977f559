package published

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"
)

// TestTable holds the table to its own rules.
func TestTable(t *testing.T) {
	names, files := map[string]bool{}, map[string]bool{}
	sum := regexp.MustCompile(`^([0-9a-f]{8,10}|[0-9a-f]{64})?$`)
	for _, f := range Files() {
		if f.Name == "" || names[f.Name] {
			t.Errorf("the name %q is empty or there twice", f.Name)
		}
		if f.File == "" || files[f.File] || strings.ContainsAny(f.File, `/\:`) {
			t.Errorf("%s: the file name %q is empty, there twice or no name", f.Name, f.File)
		}
		names[f.Name], files[f.File] = true, true
		for _, address := range []string{f.URL, f.Page} {
			if u, err := url.Parse(address); err != nil || address != "" && u.Scheme != "https" {
				t.Errorf("%s: %q is no https address", f.Name, address)
			}
		}
		if f.Page == "" || f.About == "" {
			t.Errorf("%s: no page, or nothing about it", f.Name)
		}
		if !sum.MatchString(f.SHA256) {
			t.Errorf("%s: %q is no SHA-256", f.Name, f.SHA256)
		}
		if m := named.FindStringSubmatch(f.File); m != nil && !strings.HasPrefix(f.SHA256, m[1]) {
			t.Errorf("%s: the SHA-256 %s does not begin as the file's name %s says", f.Name, f.SHA256, f.File)
		}
		if f.Network != "" && f.SHA256 == "" {
			t.Errorf("%s: nothing is known of its SHA-256", f.Name)
		}
		if f.Top1 < 0 || f.Top1 > f.Top5 || f.Top5 > 100 {
			t.Errorf("%s: accuracies %v and %v", f.Name, f.Top1, f.Top5)
		}
		if got, ok := Lookup(f.Name); !ok || got != f {
			t.Errorf("%s is not found by its name", f.Name)
		}
		if got, ok := ByFile(f.File); !ok || got != f {
			t.Errorf("%s is not found by its file name", f.Name)
		}
		if f.Whole() {
			if got, ok := BySHA256(f.SHA256); !ok || got != f {
				t.Errorf("%s is not found by its hash", f.Name)
			}
		}
		if usual, ok := Lookup(f.Network); f.Network != "" && (!ok || usual.Network != f.Network) {
			t.Errorf("%s: no file is called %s, the usual weights of that network", f.Name, f.Network)
		}
	}
}

// TestSizes compares exact sizes with torchvision's rounded ones (_file_size of torchvision 0.15), where both are known.
func TestSizes(t *testing.T) {
	for name, mib := range map[string]float64{"resnet50": 97.781, "vgg16": 527.796} {
		f, _ := Lookup(name)
		if f.Size.Within != 0 || !about(mib).Fits(f.Size.Bytes) {
			t.Errorf("%s has %d bytes, but torchvision says %v MiB", name, f.Size.Bytes, mib)
		}
	}
	if about(1).Fits(1<<20+526) || !about(1).Fits(1<<20-524) || !(Size{}).Fits(5) {
		t.Error("the bounds of sizes are wrong")
	}
	for n, want := range map[int64]string{1: "1 bytes", 999: "999 bytes", 1000: "1.0 kB", 102_530_333: "103 MB", 14_258_573: "14.3 MB", 999_999: "1.0 MB"} {
		if got := Bytes(n); got != want {
			t.Errorf("%d is written %s, want %s", n, got, want)
		}
	}
}

func TestContentRange(t *testing.T) {
	for s, want := range map[string]contentRange{
		"bytes 200-999/1000": {200, 999, 1000},
		"bytes 0-0/1":        {0, 0, 1},
		"bytes 5-9/*":        {5, 9, -1},
		"bytes */1000":       {-1, -1, 1000},
		"Bytes 1-2/3":        {1, 2, 3},
	} {
		if got, err := parseContentRange(s); err != nil || got != want {
			t.Errorf("%q is read as %v, %v", s, got, err)
		}
	}
	for _, s := range []string{"", "bytes", "bytes ", "bytes 1-2", "bytes */*", "bytes -1-2/3", "bytes 2-1/3", "bytes 1-3/3", "bytes 1-+2/3", "bytes 1 - 2/3", "items 1-2/3", "bytes 1-2/99999999999999999999"} {
		if got, err := parseContentRange(s); err == nil {
			t.Errorf("%q is read as %v", s, got)
		}
	}
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for s, want := range map[string]time.Duration{
		"": 0, "7": 7 * time.Second, "-7": 0, "soon": 0,
		"Fri, 02 Jan 2026 03:04:35 GMT": 30 * time.Second,
		"Fri, 02 Jan 2026 03:04:00 GMT": 0,
	} {
		if got := retryAfter(s, now); got != want {
			t.Errorf("%q means to wait %v, want %v", s, got, want)
		}
	}
	if retryAfter("9223372036854775807", now) < 0 {
		t.Error("a giant wait is negative")
	}
}

func FuzzContentRange(f *testing.F) {
	for _, s := range []string{"bytes 200-999/1000", "bytes 5-9/*", "bytes */1000", "bytes */*", "bytes 1-9223372036854775807/9223372036854775807"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		r, err := parseContentRange(s)
		if err != nil {
			return
		}
		switch {
		case r.first == -1 && r.last == -1 && r.total >= 0:
		case r.first >= 0 && r.last >= r.first && (r.total == -1 || r.total > r.last):
		default:
			t.Errorf("%q is read as %+v", s, r)
		}
	})
}

func FuzzRetryAfter(f *testing.F) {
	f.Add("120")
	f.Add("Fri, 02 Jan 2026 03:04:35 GMT")
	f.Fuzz(func(t *testing.T, s string) {
		if d := retryAfter(s, time.Unix(0, 0)); d < 0 {
			t.Errorf("%q means to wait %v", s, d)
		}
	})
}

// FuzzValidator makes sure that what a server calls a version can be sent back to it.
func FuzzValidator(f *testing.F) {
	f.Add(`"v1"`, "Fri, 02 Jan 2026 03:04:35 GMT")
	f.Add(`W/"v1"`, "")
	f.Add("\"\n\"", "yesterday")
	f.Fuzz(func(t *testing.T, tag, date string) {
		v := validator(http.Header{"Etag": {tag}, "Last-Modified": {date}})
		if v != "" && v != tag && v != date || strings.ContainsAny(v, "\r\n\x00") {
			t.Errorf("of the tag %q and the date %q came %q", tag, date, v)
		}
	})
}
