package measure

// Sums that are kept for every round: totals first, then those of each kind, one per category (see sums). A member
// without an observer to describe keeps the totals only.
const (
	sumShape = iota
	sumTexture
	sumRight
	sumTrials
	sumConflict
	totals
)

// sums tells where the sums by category stand, for so many categories.
type sums int

func (n sums) shapeByShape(c int) int     { return totals + c }
func (n sums) textureByShape(c int) int   { return totals + int(n) + c }
func (n sums) shapeByTexture(c int) int   { return totals + 2*int(n) + c }
func (n sums) textureByTexture(c int) int { return totals + 3*int(n) + c }
func (n sums) rightByTruth(c int) int     { return totals + 4*int(n) + c }
func (n sums) trialsByTruth(c int) int    { return totals + 5*int(n) + c }
func (n sums) all() int                   { return totals + 6*int(n) }

// sums are those of the family's categories.
func (f *family) sums() sums { return sums(len(f.Names())) }

// member is an observer in a group, with the answers to the group's stimuli only.
type member struct {
	observer *Observer // whose intervals are computed here, or nil
	sums     sums
	parts    []tally
	uniform  int // every stimulus was seen this often, 0 if not all equally often

	// For the permutation test. shape and texture are the decisions as sets where every stimulus was seen once, else
	// the rates of these decisions per stimulus.
	shape, texture         bitset
	shapeRate, textureRate []float64
	tested                 bool

	rounds   int
	series   []int32   // [sum][round], of the bootstrap
	swapped  []float64 // shape decisions (rates) on the stimuli whose answers are swapped, by round
	swappedX []float64 // likewise texture
}

func newMember(f *family) *member {
	return &member{sums: f.sums(), parts: make([]tally, f.sums().all())}
}

// member gives the place of a subject in the group, made at the first call.
func (g *group) member(s *subject) *member {
	if m := g.memberOf[s]; m != nil {
		return m
	}
	m := newMember(g.family)
	n := len(g.stimuli)
	m.shape, m.texture = newBitset(n), newBitset(n)
	m.shapeRate, m.textureRate = make([]float64, n), make([]float64, n)
	i := 0
	for at, number := range g.stimuli {
		for i < len(s.sightings) && s.sightings[i].stimulus < number {
			i++
		}
		first := i
		for ; i < len(s.sightings) && s.sightings[i].stimulus == number; i++ {
			m.add(at, &g.family.stimuli[number], s.sightings[i].answer)
		}
		seen := i - first
		if at == 0 {
			m.uniform = seen
		} else if m.uniform != seen {
			m.uniform = 0
		}
		if seen > 0 {
			m.shapeRate[at] /= float64(seen)
			m.textureRate[at] /= float64(seen)
		}
	}
	if m.uniform == 1 {
		m.shapeRate, m.textureRate = nil, nil
	} else {
		m.shape, m.texture = nil, nil
	}
	g.memberOf[s] = m
	g.members = append(g.members, m)
	return m
}

func (m *member) add(at int, st *stimulus, answer int) {
	m.parts[sumTrials].add(at)
	m.parts[m.sums.trialsByTruth(st.category)].add(at)
	if answer == st.category {
		m.parts[sumRight].add(at)
		m.parts[m.sums.rightByTruth(st.category)].add(at)
	}
	if !st.conflict() {
		return
	}
	m.parts[sumConflict].add(at)
	switch answer {
	case st.shape:
		m.parts[sumShape].add(at)
		m.parts[m.sums.shapeByShape(st.shape)].add(at)
		m.parts[m.sums.shapeByTexture(st.texture)].add(at)
		m.shape.set(at)
		m.shapeRate[at]++
	case st.texture:
		m.parts[sumTexture].add(at)
		m.parts[m.sums.textureByShape(st.shape)].add(at)
		m.parts[m.sums.textureByTexture(st.texture)].add(at)
		m.texture.set(at)
		m.textureRate[at]++
	}
}

// of gives a sum in every round.
func (m *member) of(sum int) []int32 { return m.series[sum*m.rounds : (sum+1)*m.rounds] }

// prepare makes room for the rounds.
func (m *member) prepare(rounds int) {
	m.rounds = rounds
	kept := totals
	if m.observer != nil {
		kept = m.sums.all()
	}
	m.series = make([]int32, kept*rounds)
	if m.tested {
		m.swapped, m.swappedX = make([]float64, rounds), make([]float64, rounds)
	}
}

// release drops what only the rounds needed.
func (m *member) release() { *m = member{} }

// shown are the sums that depend, for members who saw every stimulus equally often, on the stimuli alone.
func (n sums) shown() (list []int) {
	list = append(list, sumTrials, sumConflict)
	for c := range int(n) {
		list = append(list, n.trialsByTruth(c))
	}
	return list
}

// shown holds the sums of what was shown in a round, to an observer who saw every stimulus once.
type shown []int32

// count computes the sums of a round. Those of list, of what was shown, come from common, computed once for the group, where
// the member saw every stimulus equally often.
func (m *member) count(round int, weights []int32, list []int, common shown) {
	put := func(sum int, v int32) { m.series[sum*m.rounds+round] = v }
	full := m.observer != nil
	for _, sum := range list {
		switch {
		case sum >= totals && !full:
		case m.uniform > 0:
			put(sum, common[sum]*int32(m.uniform))
		default:
			put(sum, m.parts[sum].sum(weights))
		}
	}
	if !full {
		for _, sum := range [...]int{sumShape, sumTexture, sumRight} {
			put(sum, m.parts[sum].sum(weights))
		}
		return
	}
	var shape, texture, right int32
	n := m.sums
	of := func(sum int) int32 {
		v := m.parts[sum].sum(weights)
		put(sum, v)
		return v
	}
	for c := range int(n) {
		s, x, r := of(n.shapeByShape(c)), of(n.textureByShape(c)), of(n.rightByTruth(c))
		of(n.shapeByTexture(c))
		of(n.textureByTexture(c))
		shape, texture, right = shape+s, texture+x, right+r
	}
	put(sumShape, shape)
	put(sumTexture, texture)
	put(sumRight, right)
}

// swap adds up the decisions on the stimuli whose answers are swapped in a round of the permutation test.
func (m *member) swap(round int, mask bitset) {
	if m.uniform == 1 {
		m.swapped[round] = float64(mask.shared(m.shape))
		m.swappedX[round] = float64(mask.shared(m.texture))
		return
	}
	var s, x float64
	for i, rate := range m.shapeRate {
		if mask.has(i) {
			s += rate
			x += m.textureRate[i]
		}
	}
	m.swapped[round], m.swappedX[round] = s, x
}

// decisions are the shape and texture decisions that the permutation test starts from.
func (m *member) decisions() (shape, texture float64) {
	if m.uniform == 1 {
		return float64(len(m.parts[sumShape].at)), float64(len(m.parts[sumTexture].at))
	}
	for i, s := range m.shapeRate {
		shape += s
		texture += m.textureRate[i]
	}
	return shape, texture
}
