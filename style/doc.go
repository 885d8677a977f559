// Package style repaints pictures in the style of others: the way to pictures whose texture says nothing about their
// class, such as Stylized-ImageNet (Geirhos et al., ICLR 2019), and to style randomisation as an augmentation (Jackson et
// al. 2018).
//
// A [Stylizer] takes a batch of pictures and a [Style] for each; styles come from pictures (Encode), from a number
// (Draw), or from a bank of them on disk. What a picture becomes depends on the picture, its style and the stylizer's
// settings alone, not on what is beside it in the batch.
package style
