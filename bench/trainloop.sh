#!/usr/bin/env bash
# The whole training loop (decode, augment, step) of ResNet-18 for small pictures, batches of 32 at 64 pixels, $THREADS (2) threads:
# package train against the step alone and against a DataLoader with $WORKERS (2) workers in PyTorch, on the 5,500 pictures
# of $GESTALT_SHARED/data/shape-categories-64.tar.gz. Needs Python with torch and torchvision ($PYTHON, default python3).
# Takes turns, $ROUNDS (5) of them, each of ten batches in PyTorch and of three times ten batches of the step alone and of the loop,
# and prints milliseconds a picture, of the clock and of the processor, and the medians of the ratios. On a machine that others
# use too, compare processor time at THREADS=1: PyTorch's threads wait for each other by spinning.
set -euo pipefail
cd "$(dirname "$0")/.."
shared=$(realpath "${GESTALT_SHARED:-../shared}") python=${PYTHON:-python3} threads=${THREADS:-2}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
tar -xzf "$shared/data/shape-categories-64.tar.gz" -C "$work"
CGO_ENABLED=0 go test -c -o "$work/train.test" ./train
for _ in $(seq "${ROUNDS:-5}"); do
	a=$(cd train && GESTALT_SHARED=$shared GOMAXPROCS=$threads "$work/train.test" -test.run '^$' -test.bench '^BenchmarkLoop$' -test.benchtime 3x |
		awk '{ for (i = 2; i <= NF; i++) v[$i] = $(i - 1) } END { print v["bare-ms"], v["loop-ms"], v["bare-cpu-ms"], v["loop-cpu-ms"] }')
	b=$("$python" bench/trainloop_pytorch.py "$work/shape-categories-64/train" 32 10 "${WORKERS:-2}" "$threads")
	echo "$a $b"
done | awk '
	{ printf "step %.2f ms, loop %.2f ms, PyTorch %.2f ms; of the processor %.2f, %.2f, %.2f ms\n", $1, $2, $5, $3, $4, $6; fflush() }
	{ n++; alone[n] = $1 / $2; peer[n] = $5 / $2; aloneCPU[n] = $3 / $4; peerCPU[n] = $6 / $4 }
	function median(v,    i, j, t) { # by insertion: there are few
		for (i = 2; i <= n; i++) for (j = i; j > 1 && v[j] < v[j - 1]; j--) { t = v[j]; v[j] = v[j - 1]; v[j - 1] = t }
		return (v[int((n + 1) / 2)] + v[int(n / 2) + 1]) / 2
	}
	END { printf "throughput of the loop: %.2f of the step alone (by processor time %.2f), %.2f times PyTorch (%.2f)\n", median(alone), median(aloneCPU), median(peer), median(peerCPU) }'
