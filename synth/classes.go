package synth

// vertex is a corner of a control polygon. round is how much of the way to the neighbouring corners is taken by the curve
// around it: 0 is sharp; with 0.5 everywhere nothing straight is left.
type vertex struct{ x, y, round float32 }

// class is an outline and the texture that comes with it.
type class struct {
	name    string
	corners []vertex // y grows downwards
	texture family
}

// classes in alphabetical order. That a texture is told by its place here is what makes class, shape and texture one
// number.
var classes = [NumClasses]class{
	{"arrow", even(0.14, 0, -1, .85, -.08, .36, -.08, .36, .95, -.36, .95, -.36, -.08, -.85, -.08), stripes},
	{"bolt", even(0.1, .5, -1, -.25, -1, -.68, .16, -.12, .16, -.4, 1.1, .72, -.3, .14, -.3), bricks},
	{"bone", even(0.42, -.45, -.2, -.5, -.62, -1, -.66, -1.14, -.2, -.86, 0, -1.14, .2, -1, .66, -.5, .62, -.45, .2,
		.45, .2, .5, .62, 1, .66, 1.14, .2, .86, 0, 1.14, -.2, 1, -.66, .5, -.62, .45, -.2), marble},
	{"bottle", even(0.25, -.15, -1.05, .15, -1.05, .15, -.5, .45, -.14, .45, .95, -.45, .95, -.45, -.14, -.15, -.5), mosaic},
	{"butterfly", mirror(even(0.4, 0, -.3, .22, -.75, .75, -1.02, 1.15, -.75, 1, -.15, .5, .06, .85, .3, .8, .78, .42, .9,
		.14, .45, 0, .55)), cells},
	{"cross", even(0.14, -.32, -1, .32, -1, .32, -.32, 1, -.32, 1, .32, .32, .32, .32, 1, -.32, 1, -.32, .32, -1, .32,
		-1, -.32, -.32, -.32), checks},
	{"crown", even(0.1, -.8, .68, -1, -.55, -.48, -.02, 0, -.88, .48, -.02, 1, -.55, .8, .68), weave},
	{"drop", append(even(0.12, 0, -1.2), even(0.5, .3, -.45, .78, .2, .68, .85, 0, 1.1, -.68, .85, -.78, .2, -.3, -.45)...), waves},
	{"fish", even(0.38, -1.15, .04, -.75, -.42, -.25, -.55, .02, -.82, .22, -.45, .6, -.12, 1.1, -.62, .94, 0, 1.1, .62, .6, .12,
		.25, .42, -.2, .56, -.75, .42), scales},
	{"flower", petals(6), labyrinth},
	{"heart", mirror(append(append(even(0.2, 0, -.5), even(0.5, .28, -1, 1, -.95, 1.12, -.3, .7, .3)...), vertex{0, 1.1, .12})), tartan},
	{"moon", append(append(append(even(0.1, .55, -1), even(0.5, -.3, -1.1, -.98, -.55, -.98, .55, -.3, 1.1)...), vertex{.55, 1, .1}),
		even(0.5, -.02, .62, -.28, 0, -.02, -.62)...), sand},
	{"mushroom", mirror(append(even(0.4, 0, -.98, .5, -.95, .98, -.5, 1.08, .14), even(0.25, .3, .1, .34, 1, 0, 1)...)), dots},
	{"rabbit", mirror(append(append(even(0.15, 0, -.3), even(0.45, .12, -.5, .1, -1.5, .52, -1.6, .5, -.45)...),
		even(0.5, .95, -.3, 1.02, .5, .6, .95, 0, .98)...)), fur},
	{"star", spokes(5, 1.15, .5, 0.12), rings},
	{"tree", mirror(append(even(0.1, 0, -1.2, .5, -.52, .26, -.52, .72, .06, .38, .06, .92, .66, .2, .66, .2, 1.02), vertex{0, 1.02, .1})), wood},
}

// even lists corners x, y, x, y, … that are all rounded alike.
func even(round float32, xy ...float32) []vertex {
	var list []vertex
	for i := 0; i < len(xy); i += 2 {
		list = append(list, vertex{xy[i], xy[i+1], round})
	}
	return list
}

// mirror adds the left half to a right half that begins and ends on the axis.
func mirror(right []vertex) []vertex {
	list := append([]vertex{}, right...)
	for i := len(right) - 2; i > 0; i-- {
		v := right[i]
		v.x = -v.x
		list = append(list, v)
	}
	return list
}

// spokes is a star with n points.
func spokes(n int, outer, inner, round float32) []vertex {
	var list []vertex
	for i := range 2 * n {
		radius, turn := outer, float32(i)/float32(2*n)-0.25
		if i%2 == 1 {
			radius = inner
		}
		list = append(list, vertex{float32(radius * cos(turn)), float32(radius * sin(turn)), round})
	}
	return list
}

// petals is a flower with n of them: two corners on the rim of each, and a notch between.
func petals(n int) []vertex {
	var list []vertex
	for i := range n {
		for _, p := range [...]struct{ turn, radius, round float32 }{{-0.33, 1.12, 0.45}, {0.33, 1.12, 0.45}, {0.5, .5, 0.2}} {
			turn := (float32(i)+p.turn)/float32(n) - 0.25
			list = append(list, vertex{float32(p.radius * cos(turn)), float32(p.radius * sin(turn)), p.round})
		}
	}
	return list
}
