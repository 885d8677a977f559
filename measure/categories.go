package measure

// categories is the canonical order of the 16 entry-level categories.
var categories = [16]string{
	"airplane", "bear", "bicycle", "bird", "boat", "bottle", "car", "cat",
	"chair", "clock", "dog", "elephant", "keyboard", "knife", "oven", "truck",
}
