#!/usr/bin/env bash
# Ghiasi's transformer with Magenta's weights, pictures of 224 pixels, against the same graph in PyTorch: milliseconds a
# picture, both by turns, at batch 8 and two threads (one where THREADS=1: on a busy machine, where two wait for each other). Needs GESTALT_SHARED and Python with torch ($PYTHON, default python3).
#
#	ROUNDS=7 bench/ghiasi.sh
set -euo pipefail
cd "$(dirname "$0")/.."
export GESTALT_SHARED=${GESTALT_SHARED:-../shared}
case $GESTALT_SHARED in /*) ;; *) GESTALT_SHARED=$PWD/$GESTALT_SHARED ;; esac
python=${PYTHON:-python3} rounds=${ROUNDS:-5} threads=${THREADS:-2} weights=$GESTALT_SHARED/weights/style_transformer.safetensors
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
go test -c -o "$scratch/style.test" ./style
ours() {
	GOMAXPROCS=$threads "$scratch/style.test" -test.run '^$' -test.bench '^BenchmarkGhiasi$' -test.benchtime 5x |
		awk '{ for (i = 2; i <= NF; i++) if ($i == "ms/picture") print $(i - 1) }'
}
for _ in $(seq "$rounds"); do
	ours >>"$scratch/ours"
	"$python" bench/ghiasi_pytorch.py "$threads" 8 224 5 "$weights" >>"$scratch/theirs"
done
median() { sort -n "$1" | awk '{ t[NR] = $1 } END { print (NR % 2) ? t[(NR + 1) / 2] : (t[NR / 2] + t[NR / 2 + 1]) / 2 }'; }
a=$(median "$scratch/ours") b=$(median "$scratch/theirs")
awk -v a="$a" -v b="$b" -v n="$rounds" 'BEGIN { printf "gestalt: %.2f ms a picture   PyTorch: %.2f   PyTorch/gestalt: %.2f   (medians of %d)\n", a, b, b / a, n }'
