package engine_test

import (
	"fmt"

	"github.com/gestalt-vision/gestalt/engine"
	"github.com/gomlx/gomlx/core/graph"
)

func Example() {
	backend, err := engine.Open("cpu:threads=2")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer backend.Finalize()
	err = engine.Catch(func() {
		hypotenuse := graph.MustNewExec(backend, func(a, b *graph.Node) *graph.Node {
			return graph.Sqrt(graph.Add(graph.Square(a), graph.Square(b)))
		})
		fmt.Println(hypotenuse.MustExec(float32(3), float32(4))[0].Value())
	})
	fmt.Println(err)
	// Output:
	// 5
	// <nil>
}

func ExampleOpen_auto() {
	backend, err := engine.Open("auto") // a GPU where there is one
	if err != nil {
		fmt.Println(err)
		return
	}
	defer backend.Finalize()
}
