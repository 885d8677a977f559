package train

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

const (
	csvHead   = "epoch,step,rate,train_loss,train_top1,val_loss,val_top1,val_top5\n"
	timesHead = "epoch,training_seconds,validation_seconds,pictures_per_second\n"
)

// cutBack takes off the metrics what came after the checkpoint, which is done again.
func (d *folder) cutBack(at position) error {
	for _, log := range []struct {
		file   *os.File
		length int64
	}{{d.csv, at.CSV}, {d.jsonl, at.JSONL}} {
		info, err := log.file.Stat()
		if err != nil {
			return err
		}
		if info.Size() < log.length {
			return fmt.Errorf("%s has %d bytes, and had %d when the checkpoint was saved; it was changed since", log.file.Name(), info.Size(), log.length)
		}
		if err := log.file.Truncate(log.length); err != nil {
			return err
		}
		if _, err := log.file.Seek(log.length, io.SeekStart); err != nil {
			return err
		}
	}
	if at.CSV == 0 {
		if _, err := d.csv.WriteString(csvHead); err != nil {
			return err
		}
	}
	return d.cutTimes(at.Epoch)
}

// cutTimes leaves the times of the epochs that are done. A clock's digits differ, so lines are counted and not bytes.
func (d *folder) cutTimes(epochs int) error {
	data, err := os.ReadFile(d.path(timesFile))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	lines := bytes.SplitAfter(data, []byte("\n"))
	kept := []byte(timesHead)
	for _, line := range lines[min(1, len(lines)):min(1+epochs, len(lines))] {
		kept = append(kept, line...)
	}
	return d.write(timesFile, kept)
}

// times are those of an epoch, or, where training went on, of the part of it since then.
type times struct {
	Training, Validation time.Duration
	Pictures             int
}

// addEpoch writes the lines of an epoch.
func (d *folder) addEpoch(e Epoch, t times) error {
	_, err := fmt.Fprintf(d.csv, "%d,%d,%.6g,%.6g,%.6g,%.6g,%.6g,%.6g\n", e.Epoch, e.Step, e.Rate, e.TrainLoss, e.TrainTop1,
		e.ValidationLoss, e.ValidationTop1, e.ValidationTop5)
	if err != nil {
		return err
	}
	if err := d.addLine(e); err != nil {
		return err
	}
	f, err := os.OpenFile(d.path(timesFile), os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o644)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(f, "%d,%.3f,%.3f,%.1f\n", e.Epoch, t.Training.Seconds(), t.Validation.Seconds(), float64(t.Pictures)/t.Training.Seconds())
	return errors.Join(err, f.Close())
}

func (d *folder) addPart(p Part) error { return d.addLine(p) }

// addLine writes a line of metrics.jsonl: of an epoch, which has val_top1, or of a part of one.
func (d *folder) addLine(v any) error {
	line, err := json.Marshal(v)
	if err != nil {
		return err
	}
	_, err = d.jsonl.Write(append(line, '\n'))
	return err
}

// Parts are the lines about parts of epochs in the metrics of the training that a folder holds.
func Parts(dir string) (parts []Part, err error) {
	_, parts, err = readMetrics(filepath.Join(dir, jsonlFile))
	return parts, err
}

func (d *folder) epochs() ([]Epoch, error) {
	epochs, _, err := readMetrics(d.path(jsonlFile))
	return epochs, err
}

func readMetrics(path string) (epochs []Epoch, parts []Part, err error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, nil, err
	}
	n := 0
	for line := range bytes.Lines(data) {
		n++
		var e Epoch
		var p Part
		if bytes.Contains(line, []byte(`"val_top1"`)) {
			err = json.Unmarshal(line, &e)
			epochs = append(epochs, e)
		} else {
			err = json.Unmarshal(line, &p)
			parts = append(parts, p)
		}
		if err != nil {
			return nil, nil, fmt.Errorf("%s:%d: %w", path, n, err)
		}
	}
	return epochs, parts, nil
}
