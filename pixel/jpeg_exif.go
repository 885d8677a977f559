package pixel

// EXIF (CIPA DC-008): the APP1 segment holds "Exif\0\0" and then a TIFF file, of whose first directory only the
// tag Orientation (0x0112, one SHORT) is read.

import "encoding/binary"

func (d *jpegDecoder) readEXIF(b []byte) {
	if d.exif || len(b) < 14 || string(b[:6]) != "Exif\x00\x00" {
		return
	}
	d.exif = true
	d.info.Orientation = tiffOrientation(b[6:])
}

// tiffOrientation returns the orientation 1..8 that a TIFF header's first directory gives, 0 if none.
func tiffOrientation(b []byte) int {
	const tagOrientation, typeShort = 0x0112, 3
	if len(b) < 8 {
		return 0
	}
	var order binary.ByteOrder
	switch string(b[:4]) {
	case "II*\x00":
		order = binary.LittleEndian
	case "MM\x00*":
		order = binary.BigEndian
	default:
		return 0
	}
	at := uint64(order.Uint32(b[4:]))
	if at+2 > uint64(len(b)) {
		return 0
	}
	entries := b[at+2:]
	for range order.Uint16(b[at:]) {
		if len(entries) < 12 {
			break
		}
		if order.Uint16(entries) == tagOrientation {
			v := int(order.Uint16(entries[8:]))
			if order.Uint16(entries[2:]) == typeShort && v >= 1 && v <= 8 {
				return v
			}
			return 0
		}
		entries = entries[12:]
	}
	return 0
}
