package weights

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// A zip archive ends with a directory of its entries; each entry has a header of its own before its bytes (PKWARE's
// APPNOTE.TXT, sections 4.3.7, 4.3.12, 4.3.14 to 4.3.16, 4.5.3). This reader is here beside Go's archive/zip because
// that one holds the whole directory, some 300 bytes for each 46 of the file, before it can be asked how long it is, and
// because storages are used in place, as parts of the mapped file.

// zipEntry is a file in an archive.
type zipEntry struct {
	name   string
	packed []byte // as the archive holds it
	size   int    // when unpacked
	stored bool   // packed is the content; else it is deflated
}

const (
	// maxZipEntries bounds the files in an archive: each tensor takes one, and the largest network of the zoo has a thousand.
	maxZipEntries = 1 << 16
	maxZipName    = 1024

	zipEndSize       = 22
	zipEnd64Size     = 56
	zipLocatorSize   = 20
	zipDirectorySize = 46
	zipHeaderSize    = 30
)

var errZip = errors.New("the zip archive is cut short or damaged: fetch it again")

// readZip lists the entries of an archive by name. Folders are left away.
func readZip(data []byte) (map[string]zipEntry, error) {
	directory, count, err := zipDirectory(data)
	if err != nil {
		return nil, err
	}
	if count > maxZipEntries {
		return nil, fmt.Errorf("the zip archive holds %d files, the limit is %d", count, maxZipEntries)
	}
	entries, inflated := map[string]zipEntry{}, 0
	for range count {
		var entry zipEntry
		if entry, directory, err = nextZipEntry(data, directory); err != nil {
			return nil, err
		}
		if err := checkZipName(entry.name); err != nil {
			return nil, err
		}
		if _, twice := entries[entry.name]; twice {
			return nil, fmt.Errorf("the zip archive holds two files %q", entry.name)
		}
		if !entry.stored {
			if inflated += entry.size; entry.size < 0 || inflated < 0 || inflated > maxTotal(len(data)) {
				return nil, fmt.Errorf("the zip archive of %d bytes claims to unpack to more than %d: it is damaged, or made to do harm", len(data), maxTotal(len(data)))
			}
		}
		if !strings.HasSuffix(entry.name, "/") {
			entries[entry.name] = entry
		}
	}
	return entries, nil
}

// maxTotal bounds what a file of n bytes may turn into: weights hardly compress, and tensors that share their bytes are
// few. The constant lets small files have, say, a kernel of zeros.
func maxTotal(n int) int { return 64<<20 + 4*n }

// checkZipName refuses names that lead out of the folder where an archive is unpacked. Nothing is unpacked here, but a
// file that has such names was not written by PyTorch.
func checkZipName(name string) error {
	if strings.HasPrefix(name, "/") || strings.ContainsAny(name, "\\\x00") || slices.Contains(strings.Split(name, "/"), "..") {
		return fmt.Errorf("the zip archive holds a file with the name %q, which leads elsewhere: PyTorch writes none such", name)
	}
	return nil
}

// zipDirectory finds the directory and the number of its entries from the record at the archive's end.
func zipDirectory(data []byte) (directory []byte, count int, err error) {
	const maxComment = 1<<16 - 1
	end := -1
	for at := len(data) - zipEndSize; at >= 0 && at >= len(data)-zipEndSize-maxComment; at-- {
		if string(data[at:at+4]) == "PK\x05\x06" && int(binary.LittleEndian.Uint16(data[at+20:])) == len(data)-at-zipEndSize {
			end = at
			break
		}
	}
	if end < 0 {
		return nil, 0, fmt.Errorf("%w (its directory, which is at the end, is not there)", errZip)
	}
	record := data[end:]
	le := binary.LittleEndian
	disk, entries := uint64(le.Uint16(record[4:])), uint64(le.Uint16(record[10:]))
	size, offset := uint64(le.Uint32(record[12:])), uint64(le.Uint32(record[16:]))
	if locator := end - zipLocatorSize; locator >= 0 && string(data[locator:locator+4]) == "PK\x06\x07" {
		at := le.Uint64(data[locator+8:])
		if at > uint64(locator) || uint64(locator)-at < zipEnd64Size || string(data[at:at+4]) != "PK\x06\x06" {
			return nil, 0, errZip
		}
		record := data[at:]
		disk, entries = uint64(le.Uint32(record[16:])), le.Uint64(record[32:])
		size, offset = le.Uint64(record[40:]), le.Uint64(record[48:])
	}
	switch {
	case disk != 0:
		return nil, 0, errors.New("the zip archive is one of several parts")
	case offset > uint64(end) || size > uint64(end)-offset || entries > size/zipDirectorySize:
		return nil, 0, errZip
	}
	return data[offset : offset+size], int(entries), nil
}

// nextZipEntry reads the first entry of the directory and gives the rest of it.
func nextZipEntry(data, directory []byte) (e zipEntry, rest []byte, err error) {
	le := binary.LittleEndian
	if len(directory) < zipDirectorySize || string(directory[:4]) != "PK\x01\x02" {
		return e, nil, errZip
	}
	flags, method := le.Uint16(directory[8:]), le.Uint16(directory[10:])
	packed, size := uint64(le.Uint32(directory[20:])), uint64(le.Uint32(directory[24:]))
	offset := uint64(le.Uint32(directory[42:]))
	nameSize, extraSize, commentSize := int(le.Uint16(directory[28:])), int(le.Uint16(directory[30:])), int(le.Uint16(directory[32:]))
	if len(directory)-zipDirectorySize < nameSize+extraSize+commentSize {
		return e, nil, errZip
	}
	rest = directory[zipDirectorySize+nameSize+extraSize+commentSize:]
	if nameSize > maxZipName {
		return e, nil, fmt.Errorf("the zip archive holds a file whose name has %d bytes", nameSize)
	}
	e.name = string(directory[zipDirectorySize:][:nameSize])
	if err := zip64(directory[zipDirectorySize+nameSize:][:extraSize], &size, &packed, &offset); err != nil {
		return e, nil, err
	}
	switch {
	case flags&1 != 0:
		return e, nil, fmt.Errorf("%q in the zip archive is encrypted", e.name)
	case method != 0 && method != 8:
		return e, nil, fmt.Errorf("%q in the zip archive is compressed by method %d; only stored and deflated files are read", e.name, method)
	case method == 0 && size != packed:
		return e, nil, errZip
	case size > 1<<62:
		return e, nil, errZip
	}
	// The entry's own header repeats the directory's; only the lengths before the bytes matter, and the name, by which
	// another reader could come to another view of the archive.
	if offset > uint64(len(data)) || uint64(len(data))-offset < zipHeaderSize || string(data[offset:offset+4]) != "PK\x03\x04" {
		return e, nil, errZip
	}
	header := data[offset:]
	before := uint64(zipHeaderSize) + uint64(le.Uint16(header[26:])) + uint64(le.Uint16(header[28:]))
	if before > uint64(len(header)) || packed > uint64(len(header))-before {
		return e, nil, fmt.Errorf("%q: %w", e.name, errZip)
	}
	if string(header[zipHeaderSize:][:le.Uint16(header[26:])]) != e.name {
		return e, nil, fmt.Errorf("%q has another name in the archive than in its directory: %w", e.name, errZip)
	}
	e.packed, e.size, e.stored = header[before:before+packed:before+packed], int(size), method == 0
	return e, rest, nil
}

// zip64 replaces sizes and the offset that did not fit into 32 bits by those in the extra fields.
func zip64(extra []byte, values ...*uint64) error {
	const full = 1<<32 - 1
	for len(extra) >= 4 {
		id, n := binary.LittleEndian.Uint16(extra), int(binary.LittleEndian.Uint16(extra[2:]))
		if n > len(extra)-4 {
			return errZip
		}
		field := extra[4 : 4+n]
		extra = extra[4+n:]
		if id != 1 {
			continue
		}
		for _, v := range values {
			if *v != full {
				continue
			}
			if len(field) < 8 {
				return errZip
			}
			*v, field = binary.LittleEndian.Uint64(field), field[8:]
		}
	}
	return nil
}

// content is the unpacked bytes of an entry. Stored ones are part of the archive. Checksums are not compared: recent
// versions of PyTorch can leave them out.
func (e zipEntry) content() ([]byte, error) {
	if e.stored {
		return e.packed, nil
	}
	// The buffer grows as bytes come, so that a claim alone costs nothing.
	unpacked, err := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(e.packed)), int64(e.size)+1))
	if err == nil && len(unpacked) != e.size {
		err = fmt.Errorf("it should unpack to %d bytes", e.size)
	}
	if err != nil {
		return nil, fmt.Errorf("%q in the zip archive: %w", e.name, err)
	}
	return unpacked, nil
}
