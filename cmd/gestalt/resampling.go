package main

import (
	"github.com/spf13/cobra"

	"github.com/gestalt-vision/gestalt/measure"
)

// resampling holds the flags of the intervals and the paired tests.
type resampling struct {
	rounds int
	seed   uint64
}

func (r *resampling) addFlags(cmd *cobra.Command) {
	cmd.Flags().IntVar(&r.rounds, "rounds", measure.DefaultRounds, "bootstrap rounds and permutations; 0 for none")
	cmd.Flags().Uint64Var(&r.seed, "seed", 0, "seed of the bootstrap and of the permutations")
}

// maxRounds keeps a slip of the finger from filling the memory.
const maxRounds = 1_000_000

func (r resampling) settings() (measure.Settings, error) {
	if r.rounds < 0 || r.rounds > maxRounds {
		return measure.Settings{}, usagef("--rounds %d: it must be between 0 and %d", r.rounds, maxRounds)
	}
	s := measure.Settings{Rounds: r.rounds, Seed: r.seed}
	if r.rounds == 0 {
		s.Rounds = -1 // measure takes 0 for the default
	}
	return s, nil
}
