// Package report draws an analysis: one self-contained HTML page, the paper's figure alone as an SVG file, and a CSV
// table.
//
// The page needs nothing but itself: the style sheet, every figure (inline SVG made here) and every thumbnail (data
// URI) are in the file, and there is no script. It follows the reader's light or dark setting through CSS variables
// that the figures use too, and it prints on white paper with no figure cut in two. The same page value always gives
// the same bytes.
//
// The main figure is that of Geirhos et al. (ICLR 2019, arXiv 1811.12231, Figures 4 and 5): categories as rows, ordered by the
// shape bias of people, one mark per observer and row, and a line for the observer's value over all pictures. What is
// added to it are the intervals. Colours are those of Okabe and Ito, darkened or lightened until each has a contrast
// of at least 3 to 1 on its ground, and every series has its own mark, so that the figure also works without colour.
//
// [WriteEvaluation] draws another page of the same make: accuracies over the classes of ImageNet.
//
// Values that are undefined (NaN in package measure) are shown as a dash, are not drawn, and are empty in the CSV.
package report
