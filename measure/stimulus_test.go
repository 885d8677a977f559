package measure

import "testing"

func TestCueConflict(t *testing.T) {
	for _, c := range []struct {
		image, shape, texture string
		ok                    bool
	}{
		{"cat7-elephant1.png", "cat", "elephant", true},
		{"0002_s5n_s01_0_bird_00_bird2-clock3.png", "bird", "clock", true},
		{"cat1-cat3.png", "cat", "cat", true},
		{"0001_tfr_dnn_0_airplane_00_airplane1-bicycle2-108.png", "airplane", "bicycle", true},
		{"cat/cat7-elephant1.png", "cat", "elephant", true},
		{"cat7-elephant1", "cat", "elephant", true},
		{"cat7-elephant1.JPEG", "cat", "elephant", true},
		{"airplane1.png", "", "", false},
		{"0031_tex_dnn_0_bottle_00_bottles.png", "", "", false},
		{"bottles-cat1.png", "", "", false},
		{"cat1-zebra2.png", "", "", false},
		{"0001_sty_dnn_0_bear_00_n02132136_1-2.png", "", "", false},
		{"", "", "", false},
		{"-", "", "", false},
	} {
		shape, texture, ok := CueConflict(c.image)
		if shape != c.shape || texture != c.texture || ok != c.ok {
			t.Errorf("CueConflict(%q) = %q, %q, %v", c.image, shape, texture, ok)
		}
	}
}

func TestStimulusName(t *testing.T) {
	for image, want := range map[string]string{
		"0002_s5n_s01_0_bird_00_bird2-clock3.png":                 "bird2-clock3.png",
		"0001_cop_dnn_c05_bottle_10_n02951358_5952.JPEG":          "n02951358_5952.JPEG",
		"n02951358_5952.JPEG":                                     "n02951358_5952.JPEG",
		"a_name_with_many_under_scores_but_no_running_number.png": "a_name_with_many_under_scores_but_no_running_number.png",
		"bird/bird2-clock3.png":                                   "bird2-clock3.png",
	} {
		if got := StimulusName(image); got != want {
			t.Errorf("StimulusName(%q) = %q, want %q", image, got, want)
		}
	}
}

// What is the same picture must have the same identity, however it is written, and only that.
func TestIdentity(t *testing.T) {
	trial := func(category, condition, image string) Trial {
		return Trial{Category: category, Condition: condition, Image: image}
	}
	for _, c := range []struct {
		name string
		a, b Trial
		same bool
	}{
		{"person and network", trial("bird", "0", "0002_s5n_s01_0_bird_00_bird2-clock3.png"), trial("bird", "0", "1207_s5n_dnn_0_bird_00_bird2-clock3.png"), true},
		{"bare and prefixed", trial("bird", "0", "bird2-clock3.png"), trial("bird", "0", "1207_s5n_dnn_0_bird_00_bird2-clock3.png"), true},
		{"wrong condition in the column", trial("bird", "3", "0002_s5n_dnn_0_bird_00_bird2-clock3.png"), trial("bird", "0", "bird2-clock3.png"), true},
		{"angle in the condition and in the name", trial("truck", "108", "0009_tfr_s01_108_truck_00_truck5-elephant3.png"), trial("truck", "0", "0100_tfr_dnn_0_truck_00_truck5-elephant3-108.png"), true},
		{"other angle", trial("truck", "72", "0009_tfr_s01_72_truck_00_truck5-elephant3.png"), trial("truck", "108", "0009_tfr_s01_108_truck_00_truck5-elephant3.png"), false},
		{"other texture", trial("bird", "0", "bird2-clock3.png"), trial("bird", "0", "bird2-clock2.png"), false},
		{"other level of contrast", trial("bear", "c05", "0001_cop_dnn_c05_bear_10_n1_2.JPEG"), trial("bear", "c10", "0001_cop_dnn_c10_bear_10_n1_2.JPEG"), false},
		{"0.10 and 0.1", trial("bear", "0.10", "n1_2.JPEG"), trial("bear", "0.1", "n1_2.JPEG"), true},
		{"true and True", trial("bear", "true", "n1_2.JPEG"), trial("bear", "True", "n1_2.JPEG"), true},
		{"same file name in two folders", trial("bear", "0", "bear/1.png"), trial("cat", "0", "cat/1.png"), false},
	} {
		a, _ := Vocabulary(nil).identity(c.a)
		b, _ := Vocabulary(nil).identity(c.b)
		if got := a == b; got != c.same {
			t.Errorf("%s: same = %v (%q, %q)", c.name, got, a, b)
		}
	}
}
