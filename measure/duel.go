package measure

import "slices"

// duel is a match in a group: what error consistency needs in every round.
type duel struct {
	a, b   *member
	once   bool   // both saw every stimulus of the group once: all but both is known from a and b
	both   bitset // stimuli that both got right (once)
	counts [4]tally
	n      int // stimuli drawn in a round

	agreements []agreement32
}

// agreement32 is an agreement in one round.
type agreement32 struct{ n, a, b, both int32 }

func (a agreement32) kappa() float64 {
	return agreement{int(a.n), int(a.a), int(a.b), int(a.both)}.kappa()
}

// duel places a match in the group.
func (g *group) duel(m *match) *duel {
	if d := g.duelOf[m]; d != nil {
		return d
	}
	d := &duel{n: len(g.stimuli)}
	if m.once && slices.Equal(m.stimuli, g.stimuli) {
		d.a, d.b = g.memberOf[m.a], g.memberOf[m.b]
		d.once = d.a != nil && d.b != nil
	}
	if d.once {
		d.both = newBitset(len(g.stimuli))
	}
	at := 0
	for i, number := range m.stimuli {
		for at < len(g.stimuli) && g.stimuli[at] < number {
			at++
		}
		if d.once {
			if m.both[i] == 1 {
				d.both.set(at)
			}
			continue
		}
		for k, n := range [...]int{m.matched[i], m.aRight[i], m.bRight[i], m.both[i]} {
			d.counts[k].addTimes(at, n)
		}
	}
	g.duelOf[m] = d
	g.duels = append(g.duels, d)
	return d
}

// count computes the agreement of a round, after the members' sums.
func (d *duel) count(round int, weights []int32, digits planes) {
	if d.once {
		d.agreements[round] = agreement32{int32(d.n), d.a.of(sumRight)[round], d.b.of(sumRight)[round], digits.sum(d.both)}
		return
	}
	var v [4]int32
	for k := range d.counts {
		v[k] = d.counts[k].sum(weights)
	}
	d.agreements[round] = agreement32{v[0], v[1], v[2], v[3]}
}

// meanKappa is the error consistency of a round, averaged over the duels in which it is defined. A person who saw
// none of the stimuli drawn drops out of the round.
func meanKappa(duels []*duel, round int) (sum float64, ok bool) {
	n := 0
	for _, d := range duels {
		if a := d.agreements[round]; a.n > 0 {
			sum += a.kappa()
			n++
		}
	}
	return sum / float64(n), n > 0
}
