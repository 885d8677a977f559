package measure

import (
	"math/bits"
	"slices"
)

// group is one set of stimuli with everything that is resampled over it: the observers who have seen exactly this set
// (for their own intervals) and the pairs of observers who have exactly this set in common (for their differences). In
// each round the same stimuli are drawn for all of them.
type group struct {
	family  *family
	stimuli []int // ascending
	key     uint64
	members []*member
	duels   []*duel

	memberOf map[*subject]*member
	duelOf   map[*match]*duel
	pairs    []pairJob
}

// pairJob is a pair whose intervals are to be computed.
type pairJob struct {
	pair  *Pair
	a, b  *member
	duels []*duel // one, or one for each person of the pool
}

// grouper sorts the work by set of stimuli.
type grouper struct {
	family *family
	hashes []uint64
	groups []*group
	byKey  map[uint64][]*group
	own    map[*subject]*group
}

func newGrouper(f *family) *grouper {
	return &grouper{family: f, hashes: f.identityHashes(), byKey: map[uint64][]*group{}, own: map[*subject]*group{}}
}

func (g *grouper) find(stimuli []int) *group {
	key := setKey(g.hashes, stimuli)
	for _, have := range g.byKey[key] {
		if slices.Equal(have.stimuli, stimuli) {
			return have
		}
	}
	made := &group{
		family: g.family, stimuli: stimuli, key: key,
		memberOf: map[*subject]*member{}, duelOf: map[*match]*duel{},
	}
	g.byKey[key] = append(g.byKey[key], made)
	g.groups = append(g.groups, made)
	return made
}

// observer asks for the intervals of an observer.
func (g *grouper) observer(s *subject, o *Observer) {
	set := g.find(s.stimuli())
	g.own[s] = set
	set.member(s).observer = o
}

// shared is the group of the stimuli that two observers have in common, nil if there are none.
func (g *grouper) shared(a, b *subject) *group {
	if g.own[a] == g.own[b] {
		return g.own[a]
	}
	common := intersection(g.own[a].stimuli, g.own[b].stimuli)
	if len(common) == 0 {
		return nil
	}
	return g.find(common)
}

// stimuli lists the distinct stimuli that an observer has seen.
func (s *subject) stimuli() []int {
	var list []int
	for _, x := range s.sightings {
		if len(list) == 0 || list[len(list)-1] != x.stimulus {
			list = append(list, x.stimulus)
		}
	}
	return list
}

// intersection of two ascending lists.
func intersection(a, b []int) []int {
	var common []int
	for i, j := 0, 0; i < len(a) && j < len(b); {
		switch {
		case a[i] < b[j]:
			i++
		case a[i] > b[j]:
			j++
		default:
			common = append(common, a[i])
			i, j = i+1, j+1
		}
	}
	return common
}

// tally is a sum over the drawn stimuli: positions in the group's set, and how many trials each stands for.
type tally struct {
	at      []int32
	times   []int32
	several bool // some stand for more than one
}

func (t *tally) add(at int) {
	if n := len(t.at); n > 0 && t.at[n-1] == int32(at) {
		t.times[n-1]++
		t.several = true
		return
	}
	t.addTimes(at, 1)
}

func (t *tally) addTimes(at, times int) {
	if times > 0 {
		t.at = append(t.at, int32(at))
		t.times = append(t.times, int32(times))
		t.several = t.several || times > 1
	}
}

// sum adds up the trials, each as often as its stimulus was drawn.
func (t *tally) sum(weights []int32) (sum int32) {
	if !t.several {
		for _, i := range t.at {
			sum += weights[i]
		}
		return sum
	}
	for k, i := range t.at {
		sum += weights[i] * t.times[k]
	}
	return sum
}

// bitset has one bit per stimulus of the group.
type bitset []uint64

func newBitset(n int) bitset    { return make(bitset, (n+63)/64) }
func (b bitset) set(i int)      { b[i/64] |= 1 << (i % 64) }
func (b bitset) has(i int) bool { return b[i/64]>>(i%64)&1 == 1 }

// shared counts the bits set in both.
func (b bitset) shared(c bitset) (n int) {
	for i, w := range b {
		n += bits.OnesCount64(w & c[i])
	}
	return n
}

// planes are the binary digits of all weights, digit by digit: plane k has bit i set when weight i has 2^k in it. A
// weighted sum over a set of stimuli is then a few words of AND and population count instead of a walk over the set:
// sum over i in set of w_i = sum over k of 2^k * |set AND plane k|.
type planes []bitset

func (p *planes) fill(weights []int32) {
	for _, b := range *p {
		clear(b)
	}
	for i, w := range weights {
		for k := 0; w != 0; k, w = k+1, w>>1 {
			if k == len(*p) {
				*p = append(*p, newBitset(len(weights)))
			}
			if w&1 == 1 {
				(*p)[k].set(i)
			}
		}
	}
}

func (p planes) sum(set bitset) (sum int32) {
	for k, plane := range p {
		sum += int32(plane.shared(set)) << k
	}
	return sum
}
