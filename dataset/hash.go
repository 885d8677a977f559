package dataset

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path"
	"strings"
)

// SHA256 reads the whole set and returns the hash of its contents in
// hexadecimal: what a result was computed from, whether it lay there as a
// folder, an archive or a list. It is the SHA-256 of one line per picture in
// order,
//
//	key NUL size in bytes NUL SHA-256 of the bytes in hexadecimal LF
//
// where the folders that all class folders share are left out of the keys, so
// that "stimuli/edges/bear/bear1.png" in an archive is "bear/bear1.png" here, as
// it is when the folder "edges" itself is opened. A picture that cannot be read
// counts as "unreadable" in place of its hash, so that one broken link does not
// keep the others from being named. The only error is that of ctx.
func (s *Set) SHA256(ctx context.Context) (string, error) {
	total := sha256.New()
	shared := len(s.sharedFolder())
	one := func(i int) (string, error) {
		data, err := s.Read(i)
		if err != nil {
			return "unreadable", nil
		}
		return fmt.Sprintf("%x", sha256.Sum256(data)), nil
	}
	i := 0
	for sum, err := range Map(ctx, s.Len(), 0, one) {
		if err != nil {
			return "", err
		}
		fmt.Fprintf(total, "%s\x00%d\x00%s\n", s.items[i].Key[shared:], s.items[i].Size, sum)
		i++
	}
	return hex.EncodeToString(total.Sum(nil)), nil
}

// Fingerprint is the SHA-256, in hexadecimal, of one line per picture in order: key NUL size in bytes NUL label LF. It tells
// sets apart without reading them, so that a picture changed to another of the same size goes unnoticed.
func (s *Set) Fingerprint() string {
	total := sha256.New()
	for _, item := range s.items {
		fmt.Fprintf(total, "%s\x00%d\x00%s\n", item.Key, item.Size, item.Label)
	}
	return hex.EncodeToString(total.Sum(nil))
}

// sharedFolder returns the longest run of folders, each with its slash, that
// stands before the class folder in every key.
func (s *Set) sharedFolder() string {
	shared := ""
	for i, item := range s.items {
		dir, _ := path.Split(item.Key)                    // "a/b/class/"
		dir, _ = path.Split(strings.TrimSuffix(dir, "/")) // "a/b/"
		if i == 0 {
			shared = dir
		}
		for !strings.HasPrefix(dir, shared) {
			shared, _ = path.Split(strings.TrimSuffix(shared, "/"))
		}
	}
	return shared
}
