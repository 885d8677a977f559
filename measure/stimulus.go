package measure

import (
	"path"
	"strconv"
	"strings"
)

// imageFields splits the name of an image as the published files write it,
//
//	0002_s5n_s01_0_bird_00_bird2-clock3.png
//	running number, experiment code, observer code, condition, category, two digits, stimulus
//
// at its first six underscores only, since the names of ImageNet's files hold one more. A name without that prefix is
// returned whole as the stimulus (its file name, where it is a path).
func imageFields(image string) (condition, stimulus string, prefixed bool) {
	f := strings.SplitN(image, "_", 7)
	if len(f) == 7 && isNumber(f[0]) && f[6] != "" {
		return f[3], f[6], true
	}
	return "", path.Base(image), false
}

// StimulusName gives the stimulus file that an imagename stands for: its seventh field, or the whole of a bare name.
func StimulusName(image string) string {
	_, name, _ := imageFields(image)
	return name
}

// experimentCode is the second field of a prefixed imagename ("s5n", "edg", …), "" for a bare one.
func experimentCode(image string) string {
	if _, _, ok := imageFields(image); !ok {
		return ""
	}
	_, rest, _ := strings.Cut(image, "_")
	code, _, _ := strings.Cut(rest, "_")
	return code
}

// identity names what the observer of a trial was shown, equal for all who were shown the same, and the condition in it.
//
// The file's name alone is not enough: the same picture under another condition (contrast, angle, …) is another
// stimulus. The condition is read from the imagename's fourth field, because the column can be wrong
// (oidv2-resnet101 has 3 where the field and everybody else have 0), and from the column for bare names. In the
// filled-and-rotated experiment people have the angle there and networks in the stimulus name; both come out alike.
func (v Vocabulary) identity(t Trial) (id, level string) {
	condition, name, prefixed := imageFields(t.Image)
	if !prefixed {
		condition = t.Condition
	}
	if _, _, ok := v.CueConflict(t.Image); ok {
		ext := path.Ext(name)
		parts := strings.Split(strings.TrimSuffix(name, ext), "-")
		if len(parts) == 3 && isNumber(parts[2]) {
			name, condition = parts[0]+"-"+parts[1]+ext, parts[2]
		}
	}
	level = canonicalCondition(condition)
	return t.Category + "/" + name + "@" + level, level
}

// canonicalCondition makes equal conditions equal text: files say 0.10 and true where pandas prints 0.1 and True.
func canonicalCondition(s string) string {
	s = strings.ToLower(s)
	if s == "" || s == "nan" {
		return "0"
	}
	if v, err := strconv.ParseFloat(s, 64); err == nil {
		return strconv.FormatFloat(v, 'g', -1, 64)
	}
	return s
}

func isNumber(s string) bool {
	return s != "" && withoutDigits(s) == ""
}

func withoutDigits(s string) string {
	return strings.Map(func(r rune) rune {
		if '0' <= r && r <= '9' {
			return -1
		}
		return r
	}, s)
}
