package synth

// point is a place in the picture, in units of its side, y downwards.
type point struct{ x, y float32 }

// base are the control polygons of the classes with centroid 0 and area 1, so that the size of an object does not tell
// its class.
var base = func() (list [NumClasses][]vertex) {
	for i, c := range classes {
		area, cx, cy := moments(round(c.corners, 8, nil))
		scale := 1 / sqrt(area)
		list[i] = make([]vertex, len(c.corners))
		for j, v := range c.corners {
			list[i][j] = vertex{(v.x - cx) * scale, (v.y - cy) * scale, v.round}
		}
	}
	return list
}()

// moments are the area and the centroid of a polygon (Green's theorem).
func moments(list []point) (area, cx, cy float32) {
	last := list[len(list)-1]
	for _, p := range list {
		cross := float32(last.x*p.y) - float32(p.x*last.y)
		area += cross
		cx += float32(cross * (last.x + p.x))
		cy += float32(cross * (last.y + p.y))
		last = p
	}
	cx, cy = cx/(3*area), cy/(3*area)
	return max(area, -area) / 2, cx, cy
}

// round turns a control polygon into points along the curve: straight lines, and at each corner a quadratic Bézier
// curve in so many steps. It appends them to list.
func round(corners []vertex, steps int, list []point) []point {
	n := len(corners)
	for i, v := range corners {
		p, q := corners[(i+n-1)%n], corners[(i+1)%n]
		from := point{lerp(v.x, p.x, v.round), lerp(v.y, p.y, v.round)}
		to := point{lerp(v.x, q.x, v.round), lerp(v.y, q.y, v.round)}
		for s := range steps {
			t := float32(s) / float32(steps-1)
			a := point{lerp(from.x, v.x, t), lerp(from.y, v.y, t)}
			b := point{lerp(v.x, to.x, t), lerp(v.y, to.y, t)}
			list = append(list, point{lerp(a.x, b.x, t), lerp(a.y, b.y, t)})
		}
	}
	return list
}

// frame is the part of the picture that an object fills: the share of the area, and how far from the middle of the
// picture its centre may be along each axis.
type frame struct{ least, most, wander float32 }

const margin = 0.03 // between an outline and the edge of the picture

// place is where an object stands: what turns a vector of the object into one of the picture (less the bending), the
// length of the side of a square of its area, and its centre.
type place struct {
	xx, xy, yx, yy float32
	side           float32
	centre         point
}

// outline draws the outline of a class: corners moved a little, rounded more or less, the plane bent by a slow wave,
// stretched, sheared, mirrored or not, turned by up to 45 degrees to either side, and put into the frame.
func (c *canvas) outline(class int, r random, f frame) place {
	c.corners = c.corners[:0]
	soften := r.between(0.8, 1.1)
	for _, v := range base[class] {
		c.corners = append(c.corners, vertex{v.x + r.around(0.035), v.y + r.around(0.035), min(v.round*soften, 0.5)})
	}
	c.points = round(c.corners, 4+c.size/64, c.points[:0])
	// A wave of one to two thirds of a period across the object, along each axis.
	bendX, bendY := r.around(0.09), r.around(0.09)
	rateX, rateY, phaseX, phaseY := r.between(0.3, 0.6), r.between(0.3, 0.6), r.unit(), r.unit()
	turn, stretch, shear := r.around(45.0/360), r.between(0.86, 1.16), r.around(0.16)
	flip := float32(1)
	if r.below(2) == 1 {
		flip = -1
	}
	side := sqrt(r.between(f.least, f.most))
	// picture = side * rotation * shear * stretch * flip
	co, si := cos(turn), sin(turn)
	w, h := float32(stretch*flip), 1/stretch
	p := place{
		xx: float32(co * w), xy: float32((float32(co*shear) - si) * h),
		yx: float32(si * w), yy: float32((float32(si*shear) + co) * h),
		side: side,
	}
	low, high := point{9, 9}, point{-9, -9}
	for i, q := range c.points {
		x := q.x + float32(bendX*sin(float32(rateX*q.y)+phaseX))
		y := q.y + float32(bendY*sin(float32(rateY*q.x)+phaseY))
		q = point{dot(p.xx, x, p.xy, y), dot(p.yx, x, p.yy, y)}
		c.points[i] = q
		low, high = point{min(low.x, q.x), min(low.y, q.y)}, point{max(high.x, q.x), max(high.y, q.y)}
	}
	if room := (1 - 2*margin) / max(high.x-low.x, high.y-low.y); p.side > room {
		p.side = room
	}
	p.centre = point{put(r.around(f.wander), low.x, high.x, p.side), put(r.around(f.wander), low.y, high.y, p.side)}
	for i, q := range c.points {
		c.points[i] = point{p.centre.x + float32(p.side*q.x), p.centre.y + float32(p.side*q.y)}
	}
	return p
}

// put is the place of the origin of an object that reaches from low to high, scaled, and whose middle shall be so far from
// that of the picture; it is kept within the margins.
func put(off, low, high, scale float32) float32 {
	room := 0.5 - margin - float32(scale*(high-low))/2
	return 0.5 + min(max(off, -room), room) - float32(scale*(low+high))/2
}
