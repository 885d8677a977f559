package measure

import (
	"encoding/json"
	"math"
)

// Analysis is everything that gestalt computes from a table of trials. It is a plain value: what `gestalt analyze
// --json` prints, and what package report draws.
type Analysis struct {
	Observers []Observer `json:"observers"`
	Pairs     []Pair     `json:"pairs"`
	Ranks     []Rank     `json:"rank_correlations"`
	Settings  Settings   `json:"settings"`
}

// Settings are the choices that the intervals depend on.
type Settings struct {
	// Rounds is the number of bootstrap rounds and of permutations of the paired test: 0 for DefaultRounds, negative for
	// none (the intervals and p-values that need them are undefined then).
	Rounds int    `json:"bootstrap_rounds"`
	Seed   uint64 `json:"seed"`

	// Categories are those that pictures show and observers answer with; left out for the 16 of published trials.
	Categories Vocabulary `json:"categories,omitempty"`

	// Workers is how many cores are used, 0 for all of them. It changes no result.
	Workers int `json:"-"`
}

// Observer is one observer (a person, a network, or the pooled humans) in one experiment. The names of the measures
// are those of Geirhos et al. (ICLR 2019): T is all trials, C the conflict trials (shape category differs from texture
// category), S and X the shape and texture decisions among C. Undefined values are NaN, null in JSON.
type Observer struct {
	Experiment string `json:"experiment"` // the directory's name
	Observer   string `json:"observer"`   // the column subj; "humans" for the pool
	Human      bool   `json:"human"`
	Pooled     int    `json:"pooled_observers,omitempty"` // how many people are in the pool

	Trials            int `json:"trials"`
	ConflictTrials    int `json:"conflict_trials"`
	NoConflictTrials  int `json:"no_conflict_trials"`
	NoConflictCorrect int `json:"no_conflict_correct"`
	Shape             int `json:"shape_decisions"`
	Texture           int `json:"texture_decisions"`
	Other             int `json:"other_decisions"`
	NA                int `json:"na_responses"`
	NAConflict        int `json:"na_responses_conflict"`

	ShapeBias      Float    `json:"shape_bias"`         // S/(S+X)
	ShapeBiasCI    Interval `json:"shape_bias_ci95"`    // bootstrap over stimuli
	ShapeBiasExact Interval `json:"shape_bias_exact95"` // Clopper-Pearson

	FractionShape        Float    `json:"fraction_shape_of_conflict"` // S/|C|
	FractionShapeCI      Interval `json:"fraction_shape_of_conflict_ci95"`
	FractionShapeExact   Interval `json:"fraction_shape_of_conflict_exact95"`
	FractionTexture      Float    `json:"fraction_texture_of_conflict"` // X/|C|
	FractionTextureCI    Interval `json:"fraction_texture_of_conflict_ci95"`
	FractionTextureExact Interval `json:"fraction_texture_of_conflict_exact95"`
	FractionOther        Float    `json:"fraction_other_of_conflict"`
	FractionOtherCI      Interval `json:"fraction_other_of_conflict_ci95"`
	FractionOtherExact   Interval `json:"fraction_other_of_conflict_exact95"`
	FractionShapeAll     Float    `json:"fraction_shape_of_all_trials"`   // S/|T|, model-vs-human's convention
	FractionTextureAll   Float    `json:"fraction_texture_of_all_trials"` // X/|T|

	Correct       int      `json:"correct_all_trials"`
	Accuracy      Float    `json:"accuracy"`
	AccuracyCI    Interval `json:"accuracy_ci95"`
	AccuracyExact Interval `json:"accuracy_exact95"`

	// Of the pool: the accuracies of its people, each for itself.
	MeanObserverAccuracy Float `json:"mean_of_observer_accuracy"`
	MinObserverAccuracy  Float `json:"min_observer_accuracy"`
	MaxObserverAccuracy  Float `json:"max_observer_accuracy"`

	ShapeBiasFromCategoryMeans Float `json:"shape_bias_from_category_means"`
	MeanOfPerCategoryShapeBias Float `json:"mean_of_per_category_shape_bias"`
	ResponseEntropy            Float `json:"response_entropy_bits"`
	MedianResponseTimeMS       Float `json:"median_response_time_ms"` // people only

	PerShape    map[string]CategoryBias     `json:"per_shape_category"`
	PerTexture  map[string]CategoryBias     `json:"per_texture_category"`
	PerCategory map[string]CategoryAccuracy `json:"per_category"`

	// Confusion counts responses by presented category: Confusion[presented][response]; "na" is a response.
	Confusion map[string]map[string]int `json:"confusion"`
}

// CategoryBias is one row of the paper's Figures 4 and 5.
type CategoryBias struct {
	ConflictTrials int      `json:"conflict_trials"`
	Shape          int      `json:"shape"`
	Texture        int      `json:"texture"`
	ShapeBias      Float    `json:"shape_bias"`
	ShapeBiasCI    Interval `json:"shape_bias_ci95"`
	ShapeBiasExact Interval `json:"shape_bias_exact95"`
}

// CategoryAccuracy is the accuracy on the pictures of one category.
type CategoryAccuracy struct {
	Trials        int      `json:"trials"`
	Correct       int      `json:"correct"`
	Accuracy      Float    `json:"accuracy"`
	AccuracyCI    Interval `json:"accuracy_ci95"`
	AccuracyExact Interval `json:"accuracy_exact95"`
}

// Pair compares two observers on the stimuli that both have seen. Where A is the pool, the consistencies and the accuracy
// difference are means over its people, each compared with B; the difference of shape bias is that of the pooled
// decisions.
type Pair struct {
	Experiment  string `json:"experiment"`             // the directory of A
	ExperimentB string `json:"experiment_b,omitempty"` // the directory of B where it is another one
	A           string `json:"a"`
	B           string `json:"b"`
	Stimuli     int    `json:"stimuli"`

	ObservedConsistency Float    `json:"observed_consistency"`
	ExpectedConsistency Float    `json:"expected_consistency"`
	ErrorConsistency    Float    `json:"error_consistency"` // Cohen's kappa on correctness
	ErrorConsistencyCI  Interval `json:"error_consistency_ci95"`
	AccuracyDifference  Float    `json:"accuracy_difference"` // (p_a - p_b)^2

	// In experiments with conditions (contrast levels, …) error consistency is to be taken within each condition and
	// averaged over them; with one condition it is ErrorConsistency.
	Conditions             int   `json:"conditions"`
	ErrorConsistencyWithin Float `json:"error_consistency_mean_of_conditions"`

	ShapeBiasDifference   Float    `json:"shape_bias_difference"` // A minus B, on the shared stimuli
	ShapeBiasDifferenceCI Interval `json:"shape_bias_difference_ci95"`
	ShapeBiasP            Float    `json:"shape_bias_difference_p"` // paired permutation test, two-sided
}

// Rank is the paper's rank correlation: Spearman, over the categories, between an observer's shape bias in cue
// conflict and its accuracy on edges.
type Rank struct {
	Observer   string `json:"observer"`
	Conflict   string `json:"cue_conflict_experiment"`
	Edges      string `json:"edge_experiment"`
	Spearman   Float  `json:"spearman"`
	Categories int    `json:"categories"`
}

// Float is a number that may be undefined: NaN becomes null in JSON.
type Float float64

// MarshalJSON writes NaN and infinities as null.
func (f Float) MarshalJSON() ([]byte, error) {
	if math.IsNaN(float64(f)) || math.IsInf(float64(f), 0) {
		return []byte("null"), nil
	}
	return json.Marshal(float64(f))
}

// UnmarshalJSON reads null as NaN.
func (f *Float) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		*f = Float(math.NaN())
		return nil
	}
	return json.Unmarshal(b, (*float64)(f))
}

// Interval is a 95% interval, low then high; [null, null] in JSON where it is undefined.
type Interval [2]Float
