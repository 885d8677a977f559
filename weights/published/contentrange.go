package published

import (
	"fmt"
	"strconv"
	"strings"
)

// contentRange is a Content-Range header (RFC 9110, section 14.4): which bytes of a file an answer brings.
type contentRange struct {
	first, last int64 // both included; first is -1 in the answer that the range cannot be served ("bytes */1234")
	total       int64 // -1 when the server does not know
}

// parseContentRange reads "bytes 200-999/1000", "bytes 200-999/*" or "bytes */1000".
func parseContentRange(s string) (contentRange, error) {
	bad := fmt.Errorf("Content-Range %q is malformed", s)
	unit, rest, ok := strings.Cut(s, " ")
	if !ok || !strings.EqualFold(unit, "bytes") {
		return contentRange{}, bad
	}
	span, size, ok := strings.Cut(rest, "/")
	if !ok {
		return contentRange{}, bad
	}
	r := contentRange{-1, -1, -1}
	if size != "*" {
		if r.total, ok = digits(size); !ok {
			return contentRange{}, bad
		}
	}
	if span == "*" {
		if r.total < 0 {
			return contentRange{}, bad
		}
		return r, nil
	}
	first, last, _ := strings.Cut(span, "-")
	var ok1, ok2 bool
	r.first, ok1 = digits(first)
	r.last, ok2 = digits(last)
	if !ok1 || !ok2 || r.last < r.first || r.total >= 0 && r.last >= r.total {
		return contentRange{}, bad
	}
	return r, nil
}

// digits reads a number without sign or spaces.
func digits(s string) (int64, bool) {
	n, err := strconv.ParseUint(s, 10, 63)
	return int64(n), err == nil
}
