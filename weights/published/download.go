package published

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"
)

const (
	attempts   = 6 // in a row that bring nothing, until the download is given up
	maxPause   = time.Minute
	maxUnknown = 8 << 30 // bytes of a file whose size nobody states
	userAgent  = "gestalt (https://github.com/gestalt-vision/gestalt)"
)

// download gets one file from one address.
type download struct {
	store   Store
	file    File
	address string
	shown   string // the address without a password
	part    string // path
	report  func(Progress)
}

// redacted is an address as it may be shown: a password in it is hidden.
func redacted(address string) string {
	if u, err := url.Parse(address); err == nil {
		return u.Redacted()
	}
	return address
}

// passing is a failure that another attempt may not meet.
type passing struct {
	error
	after time.Duration // what the server asked to wait; 0: no wish
}

func (p passing) Unwrap() error { return p.error }

// run downloads the file, names it and returns its hash and size. The errors say what is wrong with the server's
// answer, and what is kept.
func (d download) run(ctx context.Context) (sum string, n int64, err error) {
	p, err := openPart(d.part, d.shown)
	if err != nil {
		return "", 0, fmt.Errorf("writing to the cache: %w", err)
	}
	if p.size > 0 {
		d.report(Progress{Done: p.size, Total: p.origin.Total, Note: fmt.Sprintf("%s are here from an earlier attempt", Bytes(p.size))})
	}
	for {
		if err := d.persist(ctx, p); err != nil {
			return "", 0, d.giveUp(p, err)
		}
		sum, n = p.SHA256(), p.size
		wrong := d.file.checkContent(d.shown, n, sum)
		if wrong == nil {
			return sum, n, p.finish(d.store.Path(d.file))
		}
		if !p.spliced {
			err := fmt.Errorf("getting %s: %w\nWhat the server sends is not the published file, and has been thrown away; see %s", d.file.Name, wrong, d.file.Page)
			return "", 0, errors.Join(err, p.discard())
		}
		d.report(Progress{Note: fmt.Sprintf("%v: from the beginning again", wrong)})
		if err := p.restart(origin{}); err != nil {
			return "", 0, d.giveUp(p, err)
		}
	}
}

// giveUp closes the part and says what is kept of it.
func (d download) giveUp(p *part, err error) error {
	err = fmt.Errorf("getting %s: %w", d.file.Name, err)
	p.keep() // fails only where err says already that the disk is full
	info, missing := os.Stat(d.part)
	if missing != nil || info.Size() == 0 || p.origin.Validator == "" {
		os.Remove(d.part)
		os.Remove(d.part + ".json")
		return err
	}
	return fmt.Errorf("%w\n%s are kept in %s; the next pull continues there", err, Bytes(info.Size()), d.part)
}

// persist tries until the file is whole. Attempts that bring something are not counted, so that a connection that
// breaks every few megabytes gets there in the end.
func (d download) persist(ctx context.Context, p *part) error {
	pause := cmp.Or(d.store.Pause, time.Second)
	for failed := 0; ; {
		before := p.size
		err := d.attempt(ctx, p)
		var again passing
		if err == nil || ctx.Err() != nil || !errors.As(err, &again) {
			return cmp.Or(ctx.Err(), err)
		}
		if failed++; p.size > before {
			failed = 1
		}
		if failed == attempts {
			return fmt.Errorf("%w (%d attempts)", err, attempts)
		}
		wait := min(max(pause<<(failed-1), again.after), maxPause)
		d.report(Progress{Done: p.size, Total: p.origin.Total, Note: fmt.Sprintf("%v; trying again in %v", err, wait.Round(time.Millisecond))})
		if err := sleep(ctx, wait); err != nil {
			return err
		}
	}
}

// attempt makes one request and appends what it brings. It returns nil when the file is whole.
func (d download) attempt(ctx context.Context, p *part) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stall := cmp.Or(d.store.Stall, time.Minute)
	quiet := time.AfterFunc(stall, func() { cancel(fmt.Errorf("nothing came for %v", stall)) })
	defer quiet.Stop()
	failed := func(err error) error {
		if cause := context.Cause(ctx); cause != nil {
			err = cause // says more than that the context was cancelled
		}
		return passing{error: err}
	}

	response, err := d.request(ctx, p)
	if err != nil {
		var address *url.Error
		if errors.As(err, &address) { // names the address in its own way
			err = address.Err
		}
		err = fmt.Errorf("%s: %w", d.shown, err)
		var unknown *net.DNSError
		switch {
		case errors.As(err, &unknown) && unknown.IsNotFound:
			return fmt.Errorf("%w; is this machine on the network? If not, use a mirror", err)
		case errors.Is(err, errDowngrade) || errors.Is(err, errRedirects):
			return err
		}
		return failed(err)
	}
	defer response.Body.Close()
	done, err := d.accept(response, p)
	if done || err != nil {
		return err
	}
	limit := cmp.Or(p.origin.Total, d.file.Size.Bytes+d.file.Size.Within, maxUnknown)
	buffer := make([]byte, 1<<16)
	for {
		n, err := response.Body.Read(buffer)
		quiet.Reset(stall)
		if p.size+int64(n) > limit {
			return fmt.Errorf("%s sends more than the %d bytes that the file can have", d.shown, limit)
		}
		if p.size == 0 && strings.HasPrefix(http.DetectContentType(buffer[:n]), "text/html") {
			return d.webPage()
		}
		if _, err := p.Write(buffer[:n]); err != nil {
			return d.unwritten(err)
		}
		d.report(Progress{Done: p.size, Total: cmp.Or(p.origin.Total, d.file.Size.Bytes)})
		switch {
		case err == io.EOF && (p.origin.Total == 0 || p.size == p.origin.Total):
			return nil
		case err == io.EOF || errors.Is(err, io.ErrUnexpectedEOF):
			return failed(fmt.Errorf("the connection ended after %d of %d bytes", p.size, p.origin.Total))
		case err != nil:
			return failed(fmt.Errorf("the connection broke after %s: %w", Bytes(p.size), err))
		}
	}
}

var (
	errDowngrade = errors.New("sent on from https to http, where anybody could change the file")
	errRedirects = errors.New("sent on more than ten times")
)

// request asks for the file or, where a beginning is here, for the rest of the same version (RFC 9110, section 13.1.5:
// with If-Range a server that has another version by now sends the whole of it).
func (d download) request(ctx context.Context, p *part) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, d.address, nil)
	if err != nil {
		return nil, err
	}
	r.Header.Set("User-Agent", userAgent)
	r.Header.Set("Accept-Encoding", "identity") // sizes and ranges are those of the file
	if p.size > 0 && p.origin.Validator != "" {
		r.Header.Set("Range", fmt.Sprintf("bytes=%d-", p.size))
		r.Header.Set("If-Range", p.origin.Validator)
	}
	client := http.Client{}
	if d.store.HTTP != nil {
		client = *d.store.HTTP
	}
	client.CheckRedirect = func(r *http.Request, via []*http.Request) error {
		switch before := via[len(via)-1].URL; {
		case len(via) > 10:
			return errRedirects
		case before.Scheme == "https" && r.URL.Scheme != "https":
			return errDowngrade
		}
		return nil
	}
	return client.Do(r)
}

// accept looks at the head of an answer and makes the part ready for its body. Nothing that is here is thrown away
// before it is clear that the answer is the file.
func (d download) accept(response *http.Response, p *part) (done bool, err error) {
	switch response.StatusCode {
	case http.StatusOK, http.StatusPartialContent, http.StatusRequestedRangeNotSatisfiable:
	default:
		return false, d.refusal(response)
	}
	if response.StatusCode == http.StatusRequestedRangeNotSatisfiable {
		r, err := parseContentRange(response.Header.Get("Content-Range"))
		if err == nil && r.total == p.size {
			return true, nil // all is here; only the end of the last attempt was missed
		}
		return false, errors.Join(p.restart(origin{}), passing{error: fmt.Errorf("%s cannot continue at byte %d", d.shown, p.size)})
	}
	if kind := response.Header.Get("Content-Type"); strings.HasPrefix(strings.ToLower(kind), "text/html") {
		return false, d.webPage()
	}
	if e := response.Header.Get("Content-Encoding"); e != "" && e != "identity" {
		return false, fmt.Errorf("%s sends the file in the encoding %q, unasked", d.shown, e)
	}
	now := origin{Address: d.shown, Validator: validator(response.Header), Total: max(response.ContentLength, 0)}
	if response.StatusCode == http.StatusOK {
		if err := d.announced(now.Total); err != nil {
			return false, err
		}
		if p.size > 0 {
			d.report(Progress{Note: "the server does not continue, or has another version: from the beginning again"})
		}
		if err := p.restart(now); err != nil {
			return false, d.unwritten(err)
		}
		return false, nil
	}
	r, err := parseContentRange(response.Header.Get("Content-Range"))
	switch {
	case err != nil:
	case r.first != p.size:
		err = fmt.Errorf("asked for the bytes from %d on it sends those from %d on", p.size, r.first)
	case r.total >= 0 && p.origin.Total > 0 && r.total != p.origin.Total:
		err = fmt.Errorf("the file had %d bytes and now has %d", p.origin.Total, r.total)
	}
	if err != nil {
		return false, errors.Join(p.restart(origin{}), passing{error: fmt.Errorf("%s: %w", d.shown, err)})
	}
	if r.total > 0 {
		p.origin.Total = r.total
	}
	p.spliced = true
	return false, nil
}

func (d download) webPage() error {
	return fmt.Errorf("%s answers with a web page, not with the file: perhaps a proxy that wants a login, or the file has moved; see %s", d.shown, d.file.Page)
}

// announced compares the size that a server announces (0: none) with the published one before anything is downloaded.
func (d download) announced(total int64) error {
	if total == 0 || d.file.Size.Fits(total) {
		return nil
	}
	return fmt.Errorf("%s announces %d bytes, but the published file has %d: it is another file; see %s", d.shown, total, d.file.Size.Bytes, d.file.Page)
}

// refusal is the error for an answer that brings no file.
func (d download) refusal(response *http.Response) error {
	err := fmt.Errorf("%s answers %s", d.shown, response.Status)
	switch code := response.StatusCode; {
	case code == http.StatusNotFound || code == http.StatusGone:
		return fmt.Errorf("%w: the file is not there any more; see %s, or use a mirror", err, d.file.Page)
	case code == http.StatusRequestTimeout || code == http.StatusTooManyRequests || code >= 500:
		return passing{err, retryAfter(response.Header.Get("Retry-After"), time.Now())}
	}
	return err
}

// unwritten is the error for a part that cannot be written.
func (d download) unwritten(err error) error {
	var inner *fs.PathError
	if errors.As(err, &inner) {
		err = inner.Err
	}
	return fmt.Errorf("writing %s: %w", d.part, err)
}

// retryAfter reads a Retry-After header, seconds or a date; 0 where it says nothing.
func retryAfter(s string, now time.Time) time.Duration {
	if seconds, ok := digits(s); ok {
		return time.Duration(min(seconds, math.MaxInt32)) * time.Second
	}
	if date, err := http.ParseTime(s); err == nil {
		return max(date.Sub(now), 0)
	}
	return 0
}

// validator is what identifies this version of the file in a later If-Range: a strong ETag (a weak one is not allowed
// there, RFC 9110, section 13.1.5), else the date of the last change.
func validator(h http.Header) string {
	if tag := h.Get("ETag"); isETag(tag) {
		return tag
	}
	if date := h.Get("Last-Modified"); isDate(date) {
		return date
	}
	return ""
}

// isETag says whether s is a strong entity tag (RFC 9110, section 8.8.3).
func isETag(s string) bool {
	if len(s) < 2 || s[0] != '"' || s[len(s)-1] != '"' {
		return false
	}
	return !strings.ContainsFunc(s[1:len(s)-1], func(r rune) bool { return r <= ' ' || r == '"' || r == 0x7f })
}

func isDate(s string) bool {
	_, err := http.ParseTime(s)
	return err == nil
}
