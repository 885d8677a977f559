#!/usr/bin/env bash
# The cpu engine against ONNX Runtime: SqueezeNet 1.1 at 224 pixels, batch 8, two threads. Needs GESTALT_SHARED and Python
# with onnxruntime and numpy ($PYTHON, default python3). Takes turns, a few seconds each, and prints the median
# milliseconds a picture of every turn and the median of the ratios.
set -euo pipefail
cd "$(dirname "$0")/.."
shared=${GESTALT_SHARED:-../shared} python=${PYTHON:-python3} rounds=${ROUNDS:-7}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
go test -c -o "$scratch/cpu.test" ./cpu
for _ in $(seq "$rounds"); do
	a=$("$scratch/cpu.test" -test.run '^$' -test.bench 'SqueezeNet' -test.benchtime 3s -test.cpu 2 |
		awk '{ for (i = 2; i <= NF; i++) if ($i == "ms/picture") print $(i - 1) }')
	b=$("$python" bench/engine_onnxruntime.py "$shared/weights/squeezenet1_1.onnx" 8 2 3)
	echo "gestalt $a ms  ONNX Runtime $b ms"
	echo "$a $b" >>"$scratch/turns"
done
awk '{ print $1 / $2 }' "$scratch/turns" | sort -n | awk '{ r[NR] = $1 } END { printf "gestalt / ONNX Runtime: %.2f (median of %d turns)\n", r[int((NR + 1) / 2)], NR }'
