package cpu

import (
	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
)

// capabilities is what the engine can do.
var capabilities = compute.Capabilities{
	Operations: map[compute.OpType]bool{},
	Functions:  true,
	DTypes: map[dtypes.DType]bool{
		dtypes.Float16: true, dtypes.BFloat16: true, // computed in float32
	},
}

func init() {
	for dtype := range arithmetics {
		capabilities.DTypes[dtype] = true
	}
	for _, op := range []compute.OpType{
		compute.OpTypeParameter, compute.OpTypeConstant, compute.OpTypeIdentity,

		compute.OpTypeAbs, compute.OpTypeBitCount, compute.OpTypeBitwiseNot, compute.OpTypeCeil, compute.OpTypeClz,
		compute.OpTypeCos, compute.OpTypeErf, compute.OpTypeExp, compute.OpTypeExpm1, compute.OpTypeFloor,
		compute.OpTypeIsFinite, compute.OpTypeIsNaN, compute.OpTypeLog, compute.OpTypeLog1p, compute.OpTypeLogicalNot,
		compute.OpTypeLogistic, compute.OpTypeNeg, compute.OpTypeRound, compute.OpTypeRsqrt, compute.OpTypeSign,
		compute.OpTypeSin, compute.OpTypeSqrt, compute.OpTypeTanh,

		compute.OpTypeAdd, compute.OpTypeAtan2, compute.OpTypeBitwiseAnd, compute.OpTypeBitwiseOr, compute.OpTypeBitwiseXor,
		compute.OpTypeDiv, compute.OpTypeLogicalAnd, compute.OpTypeLogicalOr, compute.OpTypeLogicalXor, compute.OpTypeMax,
		compute.OpTypeMin, compute.OpTypeMul, compute.OpTypePow, compute.OpTypeRem, compute.OpTypeShiftLeft,
		compute.OpTypeShiftRightArithmetic, compute.OpTypeShiftRightLogical, compute.OpTypeSub,

		compute.OpTypeEqual, compute.OpTypeNotEqual, compute.OpTypeGreaterOrEqual, compute.OpTypeGreaterThan,
		compute.OpTypeLessOrEqual, compute.OpTypeLessThan,

		compute.OpTypeReduceBitwiseAnd, compute.OpTypeReduceBitwiseOr, compute.OpTypeReduceBitwiseXor,
		compute.OpTypeReduceLogicalAnd, compute.OpTypeReduceLogicalOr, compute.OpTypeReduceLogicalXor,
		compute.OpTypeReduceMax, compute.OpTypeReduceMin, compute.OpTypeReduceProduct, compute.OpTypeReduceSum,
		compute.OpTypeReduceWindow, compute.OpTypeArgMinMax,
		compute.OpTypeSelectAndScatterMax, compute.OpTypeSelectAndScatterMin,

		compute.OpTypeBatchNormForInference, compute.OpTypeBatchNormForTraining, compute.OpTypeBatchNormGradient,
		compute.OpTypeConvGeneral, compute.OpTypeDot, compute.OpTypeDotGeneral,

		compute.OpTypeBitcast, compute.OpTypeBroadcastInDim, compute.OpTypeClamp, compute.OpTypeConcatenate,
		compute.OpTypeConvertDType, compute.OpTypeIota, compute.OpTypePad, compute.OpTypeReshape, compute.OpTypeReverse,
		compute.OpTypeSlice, compute.OpTypeTranspose, compute.OpTypeWhere,
		compute.OpTypeDynamicSlice, compute.OpTypeDynamicUpdateSlice, compute.OpTypeGather,

		compute.OpTypeScatterSum, compute.OpTypeScatterMax, compute.OpTypeScatterMin, compute.OpTypeRNGBitGenerator,

		compute.OpTypeCall, compute.OpTypeIf, compute.OpTypeSort, compute.OpTypeWhile,
		compute.OpTypeOptimizationBarrier, compute.OpTypeSchedulingBarrier,
	} {
		capabilities.Operations[op] = true
	}
}
