package onnx

import (
	"math"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
)

// operator is how an operator of ONNX becomes graph code.
type operator struct {
	inputs, outputs int    // the inputs it must have; the outputs that can be read
	attributes      string // their names
	build           func(c *call) []*value
}

// operators are all that are known, of domain ai.onnx. (Filled by init, since folding constants leads back to it.)
var operators map[string]operator

func init() {
	operators = map[string]operator{
		// Element by element.
		"Abs":         elementwise(graph.Abs),
		"Neg":         elementwise(graph.Neg),
		"Exp":         elementwise(graph.Exp),
		"Log":         elementwise(graph.Log),
		"Sqrt":        elementwise(graph.Sqrt),
		"Ceil":        elementwise(graph.Ceil),
		"Floor":       elementwise(graph.Floor),
		"Round":       elementwise(graph.Round),
		"Reciprocal":  elementwise(graph.Reciprocal),
		"Sign":        elementwise(graph.Sign),
		"Sin":         elementwise(graph.Sin),
		"Cos":         elementwise(graph.Cos),
		"Tanh":        elementwise(graph.Tanh),
		"Sigmoid":     elementwise(graph.Sigmoid),
		"Erf":         elementwise(graph.Erf),
		"Not":         elementwise(graph.LogicalNot),
		"IsNaN":       elementwise(graph.IsNaN),
		"Relu":        elementwise(func(x *graph.Node) *graph.Node { return graph.MaxScalar(x, 0) }),
		"Softplus":    elementwise(softplus),
		"Softsign":    elementwise(func(x *graph.Node) *graph.Node { return graph.Div(x, graph.OnePlus(graph.Abs(x))) }),
		"HardSwish":   elementwise(func(x *graph.Node) *graph.Node { return graph.Mul(x, hardSigmoid(x, 1.0/6, 0.5)) }),
		"Mish":        elementwise(func(x *graph.Node) *graph.Node { return graph.Mul(x, graph.Tanh(softplus(x))) }),
		"Identity":    {1, 1, "", func(c *call) []*value { return one(c.in[0]) }},
		"Dropout":     {1, 1, "ratio seed is_test", dropout},
		"LeakyRelu":   {1, 1, "alpha", leakyRelu},
		"Elu":         {1, 1, "alpha", elu},
		"Selu":        {1, 1, "alpha gamma", selu},
		"Celu":        {1, 1, "alpha", celu},
		"PRelu":       {2, 1, "", pRelu},
		"Gelu":        {1, 1, "approximate", gelu},
		"HardSigmoid": {1, 1, "alpha beta", func(c *call) []*value { return c.each(hardSigmoidOf(c)) }},
		"Clip":        {1, 1, "min max", clip},
		"Cast":        {1, 1, "to saturate", cast},

		"Add":            pairwise(graph.Add),
		"Sub":            pairwise(graph.Sub),
		"Mul":            pairwise(graph.Mul),
		"Div":            pairwise(graph.Div),
		"Pow":            {2, 1, "", pow},
		"Mod":            {2, 1, "fmod", mod},
		"Min":            variadic(graph.Min),
		"Max":            variadic(graph.Max),
		"Sum":            variadic(graph.Add),
		"Mean":           {1, 1, "", meanOf},
		"Equal":          pairwise(graph.Equal),
		"Less":           pairwise(graph.LessThan),
		"LessOrEqual":    pairwise(graph.LessOrEqual),
		"Greater":        pairwise(graph.GreaterThan),
		"GreaterOrEqual": pairwise(graph.GreaterOrEqual),
		"And":            pairwise(graph.LogicalAnd),
		"Or":             pairwise(graph.LogicalOr),
		"Xor":            pairwise(graph.LogicalXor),
		"Where":          {3, 1, "", where},

		// Sums over axes.
		"ReduceSum":       reduction(graph.ReduceSum),
		"ReduceMean":      reduction(graph.ReduceMean),
		"ReduceMax":       reduction(graph.ReduceMax),
		"ReduceMin":       reduction(graph.ReduceMin),
		"ReduceProd":      reduction(graph.ReduceMultiply),
		"ReduceL1":        reduction(func(x *graph.Node, axes ...int) *graph.Node { return graph.ReduceSum(graph.Abs(x), axes...) }),
		"ReduceL2":        reduction(func(x *graph.Node, axes ...int) *graph.Node { return graph.Sqrt(sumOfSquares(x, axes...)) }),
		"ReduceSumSquare": reduction(sumOfSquares),
		"ReduceLogSum":    reduction(func(x *graph.Node, axes ...int) *graph.Node { return graph.Log(graph.ReduceSum(x, axes...)) }),
		"ReduceLogSumExp": reduction(logSumExp),
		"ArgMax":          argExtreme(graph.ArgMax),
		"ArgMin":          argExtreme(graph.ArgMin),
		"Softmax":         {1, 1, "axis", softmaxWith(graph.Softmax)},
		"LogSoftmax":      {1, 1, "axis", softmaxWith(graph.LogSoftmax)},

		// Convolution, products and normalisation.
		"Conv":                  {2, 1, "auto_pad dilations group kernel_shape pads strides", convolution},
		"ConvTranspose":         {2, 1, "auto_pad dilations group kernel_shape output_padding output_shape pads strides", convTranspose},
		"MatMul":                {2, 1, "", matMul},
		"Gemm":                  {2, 1, "alpha beta transA transB", gemm},
		"Einsum":                {1, 1, "equation", einsum},
		"BatchNormalization":    {5, 1, "epsilon momentum spatial training_mode", batchNormalization},
		"InstanceNormalization": {3, 1, "epsilon", instanceNormalization},
		"LayerNormalization":    {2, 1, "axis epsilon stash_type", layerNormalization},
		"LRN":                   {1, 1, "alpha beta bias size", localResponseNormalization},

		// Pooling.
		"MaxPool":           {1, 1, "auto_pad ceil_mode dilations kernel_shape pads storage_order strides", maxPool},
		"AveragePool":       {1, 1, "auto_pad ceil_mode count_include_pad dilations kernel_shape pads strides", averagePool},
		"GlobalAveragePool": {1, 1, "", globalPool(graph.ReduceMean)},
		"GlobalMaxPool":     {1, 1, "", globalPool(graph.ReduceMax)},

		// Moving elements.
		"Reshape":      {1, 1, "allowzero shape", reshape},
		"Flatten":      {1, 1, "axis", flatten},
		"Transpose":    {1, 1, "perm", transpose},
		"Squeeze":      {1, 1, "axes", squeeze},
		"Unsqueeze":    {1, 1, "axes", unsqueeze},
		"Expand":       {2, 1, "", expand},
		"Tile":         {2, 1, "", tile},
		"Concat":       {1, 1, "axis", concat},
		"Split":        {1, math.MaxInt32, "axis split num_outputs", split},
		"Slice":        {1, 1, "axes starts ends", slice},
		"Pad":          {1, 1, "mode pads value", pad},
		"Gather":       {2, 1, "axis", gather},
		"ScatterND":    {3, 1, "reduction", scatterND},
		"DepthToSpace": {1, 1, "blocksize mode", depthToSpace},
		"SpaceToDepth": {1, 1, "blocksize", spaceToDepth},
		"Resize":       {1, 1, "coordinate_transformation_mode cubic_coeff_a exclude_outside mode nearest_mode extrapolation_value", resize},
		"Upsample":     {1, 1, "mode scales", resize},
		"Trilu":        {1, 1, "upper", trilu},
		"NonZero":      {1, 1, "", nonZero},

		// Numbers known before the network runs.
		"Shape":           {1, 1, "start end", shapeOf},
		"Size":            {1, 1, "", func(c *call) []*value { return one(known(scalarInt(int64(c.in[0].size())))) }},
		"Constant":        {0, 1, "value value_float value_floats value_int value_ints", constant},
		"ConstantOfShape": {1, 1, "value", constantOfShape},
		"Range":           {3, 1, "", rangeOf},
	}
}

func known(t *tensor) *value { return &value{known: t} }

func scalarInt(v int64) *tensor { return &tensor{dtypes.Int64, []int{}, []int64{v}} }
