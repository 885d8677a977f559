package measure

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"unicode"
)

// Trial is the unit of every result: one observer, one picture, one answer.
type Trial struct {
	Subj      string  // observer; a person's name starts with "subject-"
	Session   string  // number of the session
	Trial     int     // running number in presentation order
	RT        float64 // response time in seconds from the onset of the response screen; NaN for networks and for "na"
	Response  string  // one of the categories (see Vocabulary), or "na" (no answer in time)
	Category  string  // ground truth; in cue-conflict experiments the shape category
	Condition string  // level of the manipulation; "0" where there is none
	Image     string  // stimulus name, with the seven-field prefix of the published files or bare
}

// Human reports whether a person answered, by the rule of the published files.
func (t Trial) Human() bool { return strings.HasPrefix(t.Subj, humanPrefix) }

// Experiment is the trials of one directory of the published layout.
type Experiment struct {
	Name   string
	Trials []Trial
}

const (
	humanPrefix = "subject-"
	// Humans is the observer name of the pooled people.
	Humans = "humans"
	// NoAnswer is the response of a person who did not answer in time.
	NoAnswer = "na"
)

// columns is the header of the published files, in their order.
var columns = [...]string{"subj", "session", "trial", "rt", "object_response", "category", "condition", "imagename"}

const (
	colSubj = iota
	colSession
	colTrial
	colRT
	colResponse
	colCategory
	colCondition
	colImage
)

// ErrNotTrials is wrapped by ReadTrials when the input has no header line with the columns of a table of trials.
var ErrNotTrials = errors.New("not a table of trials")

// ReadTrials reads a CSV file of trials as the field stores them. Columns are found by name, without regard to case,
// and may stand in any order among others; LF and CR LF line ends, a byte-order mark and quoted fields are accepted.
// Everything else is strict, because a misread row would shift a published figure in silence: a missing or repeated
// column, a row with too few or too many fields, a number that is none and an answer that is neither one of the 16
// categories nor "na" are errors that give name (for messages only) and line.
func ReadTrials(r io.Reader, name string) ([]Trial, error) {
	return Vocabulary(nil).ReadTrials(r, name)
}

// ReadTrials is the function ReadTrials for trials of the vocabulary's categories.
func (v Vocabulary) ReadTrials(r io.Reader, name string) ([]Trial, error) {
	words := v.lexicon()
	in := bufio.NewReader(r)
	if mark, err := in.Peek(3); err == nil && bytes.Equal(mark, []byte("\xef\xbb\xbf")) {
		in.Discard(3)
	}
	rows := csv.NewReader(in)
	rows.ReuseRecord = true
	rows.FieldsPerRecord = -1 // checked here, with a clearer message
	head, err := rows.Read()
	if err == io.EOF {
		return nil, fmt.Errorf("%s: %w: the file is empty", name, ErrNotTrials)
	}
	if err != nil {
		return nil, csvError(name, err)
	}
	at, err := findColumns(head)
	if err != nil {
		return nil, fmt.Errorf("%s:1: %w", name, err)
	}
	width := len(head)
	var trials []Trial
	for {
		row, err := rows.Read()
		if err == io.EOF {
			return trials, nil
		}
		if err != nil {
			return nil, csvError(name, err)
		}
		line, _ := rows.FieldPos(0)
		if len(row) != width {
			return nil, fmt.Errorf("%s:%d: %d fields, the header has %d", name, line, len(row), width)
		}
		t, err := words.parseTrial(row, at)
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", name, line, err)
		}
		trials = append(trials, t)
	}
}

// csvError turns a syntax error into "file:line: what".
func csvError(name string, err error) error {
	var syntax *csv.ParseError
	if errors.As(err, &syntax) {
		return fmt.Errorf("%s:%d: %w", name, syntax.Line, syntax.Err)
	}
	return fmt.Errorf("reading %s: %w", name, err)
}

// findColumns gives the position of each needed column.
func findColumns(head []string) (at [len(columns)]int, err error) {
	for i, want := range columns {
		at[i] = -1
		for j, have := range head {
			if !strings.EqualFold(strings.TrimSpace(have), want) {
				continue
			}
			if at[i] >= 0 {
				return at, fmt.Errorf("%w: two columns are called %s", ErrNotTrials, want)
			}
			at[i] = j
		}
		if at[i] < 0 {
			return at, fmt.Errorf("%w: no column %s (needed: %s)", ErrNotTrials, want, strings.Join(columns[:], ", "))
		}
	}
	return at, nil
}

func (l lexicon) parseTrial(row []string, at [len(columns)]int) (t Trial, err error) {
	var f [len(columns)]string
	for i, j := range at {
		f[i] = strings.TrimSpace(row[j])
		if strings.ContainsFunc(f[i], unicode.IsControl) {
			return t, fmt.Errorf("column %s: control character in %q", columns[i], f[i])
		}
	}
	t = Trial{
		Subj: f[colSubj], Session: f[colSession], Response: f[colResponse], Category: f[colCategory],
		Condition: f[colCondition], Image: f[colImage],
	}
	if t.Trial, err = strconv.Atoi(f[colTrial]); err != nil {
		return t, fmt.Errorf("column trial: %q is not a whole number", f[colTrial])
	}
	if t.RT, err = parseTime(f[colRT]); err != nil {
		return t, err
	}
	return t, l.check(t)
}

// parseTime reads a response time; an empty field is a missing one, as pandas writes it.
func parseTime(s string) (float64, error) {
	if s == "" || strings.EqualFold(s, "nan") {
		return math.NaN(), nil
	}
	v, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsInf(v, 0) || math.IsNaN(v) {
		return 0, fmt.Errorf("column rt: %q is neither a number nor NaN", s)
	}
	return v, nil
}

// check holds a trial to what the measures rely on.
func (l lexicon) check(t Trial) error {
	switch {
	case t.Subj == "":
		return errors.New("column subj is empty")
	case strings.EqualFold(t.Subj, Humans):
		return fmt.Errorf("column subj: the name %q stands for the pooled people and cannot be an observer's", t.Subj)
	case t.Image == "":
		return errors.New("column imagename is empty")
	case l.number(t.Category) == na:
		return fmt.Errorf("column category: %q is not one of %v", t.Category, l.Vocabulary)
	case t.Response != NoAnswer && l.number(t.Response) == na:
		return fmt.Errorf("column object_response: %q is neither one of %v nor %s", t.Response, l.Vocabulary, NoAnswer)
	}
	return nil
}

// WriteTrials writes the published layout: the eight columns, commas, LF, NaN for a missing response time. It refuses
// what ReadTrials would refuse.
func WriteTrials(w io.Writer, trials []Trial) error { return Vocabulary(nil).WriteTrials(w, trials) }

// WriteTrials is the function WriteTrials for trials of the vocabulary's categories.
func (v Vocabulary) WriteTrials(w io.Writer, trials []Trial) error {
	words := v.lexicon()
	out := csv.NewWriter(w)
	if err := out.Write(columns[:]); err != nil {
		return err
	}
	for i, t := range trials {
		rt := "NaN"
		if math.IsInf(t.RT, 0) {
			return fmt.Errorf("trial %d: infinite response time", i+1)
		}
		if !math.IsNaN(t.RT) {
			rt = strconv.FormatFloat(t.RT, 'g', -1, 64)
		}
		row := [...]string{t.Subj, t.Session, strconv.Itoa(t.Trial), rt, t.Response, t.Category, t.Condition, t.Image}
		if err := words.check(t); err != nil {
			return fmt.Errorf("trial %d: %w", i+1, err)
		}
		for j, f := range row {
			if f != strings.TrimSpace(f) || strings.ContainsFunc(f, unicode.IsControl) {
				return fmt.Errorf("trial %d: column %s: white space around %q or a control character in it", i+1, columns[j], f)
			}
		}
		if err := out.Write(row[:]); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// FileName is the name under which the trials of one session of a network are stored, as model-vs-human looks for it:
// DATASET_MODEL_session-N.csv, with hyphens for underscores in the model's name, because underscores part the fields.
func FileName(experiment, model string, session int) string {
	return fmt.Sprintf("%s_%s_session-%d.csv", experiment, strings.ReplaceAll(model, "_", "-"), session)
}
