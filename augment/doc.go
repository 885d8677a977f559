// Package augment changes pictures at random before a network is trained on them: crops, mirror images and shifts of
// colour, each equal to the transform of the same name in torchvision. What is drawn is equal in distribution; what a
// drawn crop or factor does to a picture is equal to the byte, as torchvision does it on Pillow's pictures.
//
// What is drawn for a picture is a function of (seed, epoch, key of the picture, purpose), see [Random]: neither the order
// in which pictures are prepared nor a restart changes it, and switching one transform off leaves the others as they were.
package augment
