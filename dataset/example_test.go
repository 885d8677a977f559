package dataset_test

import (
	"context"
	"fmt"

	"github.com/gestalt-vision/gestalt/dataset"
)

func ExampleMap() {
	squares := dataset.Map(context.Background(), 5, 2, func(i int) (int, error) {
		if i == 3 {
			return 0, fmt.Errorf("no square of %d today", i)
		}
		return i * i, nil
	})
	for square, err := range squares {
		fmt.Println(square, err)
	}
	// Output:
	// 0 <nil>
	// 1 <nil>
	// 4 <nil>
	// 0 no square of 3 today
	// 16 <nil>
}

func ExampleCategoryOf() {
	for _, class := range []int{404, 671, 999} {
		wnid, name := dataset.Class(class)
		category, ok := dataset.CategoryOf(class)
		fmt.Println(wnid, name, category, ok)
	}
	// Output:
	// n02690373 airliner airplane true
	// n03792782 mountain bike bicycle true
	// n15075141 toilet tissue  false
}
