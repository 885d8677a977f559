// Package synth draws pictures with a known shape and a known texture: data that needs no download, for training and
// testing networks whose shape bias is to be measured (after Geirhos et al., ICLR 2019, arXiv 1811.12231).
//
// There are 16 classes ([Classes]). Each has an outline (a fish, a star, …) and a texture family of its own (scales,
// rings, …). In the [IN] set a picture's outline and texture belong to one class, as a cat comes with fur; in the
// [CueConflict] set they never do. The other sets take one of the cues, or colour, away. Colours, backgrounds, light,
// place, size and turn are drawn without looking at the class, so that nothing but outline and texture tells it.
//
// The texture is meant to be the easier cue of the two, as it is in photographs for networks that learn from them: it fills a
// fifth to two fifths of the picture and runs upright, give or take 20 degrees, while the outline is moved, scaled, bent,
// stretched, sheared, mirrored and turned by up to 45 degrees. With outlines turned by 30 degrees only, networks that were
// trained long enough went by both cues alike; with patterns turned in any direction, they went by the outline.
//
// A picture is a function of seed, split and index (and of the kind and the size that are asked for) alone. The same
// index is the same object in all kinds: its silhouette is the silhouette of the picture of [IN]. Arithmetic is in
// float32 with every product rounded before it is added, since Go may otherwise fuse the two on some processors and not on
// others: the bytes are the same everywhere.
//
// How a picture comes about: a polygon with rounded corners, bent and turned ([outline]); its exact coverage of each
// pixel ([canvas.cover]); a blurred copy of that as the height of a cushion, for light and shadow ([canvas.inflate]); a
// field of tones of the texture family, looked up in a palette; all laid over a soft background.
package synth
