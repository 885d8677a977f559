#!/usr/bin/env bash
# A training step (forward, backward, SGD with momentum) of ResNet-18 and ResNet-50 at 224 pixels, batch 8, two threads: the
# cpu engine against PyTorch. Needs Python with torch and torchvision ($PYTHON, default python3). Takes turns, a few steps
# each, and prints the median milliseconds a picture of every turn and the median of the ratios.
set -euo pipefail
cd "$(dirname "$0")/.."
python=${PYTHON:-python3} rounds=${ROUNDS:-5} steps=${STEPS:-4}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
go test -c -o "$scratch/nets.test" ./nets
for net in ResNet18 ResNet50; do
	: >"$scratch/turns"
	for _ in $(seq "$rounds"); do
		a=$(cd nets && "$scratch/nets.test" -test.run '^$' -test.bench "Train$net" -test.benchtime "${steps}x" -test.cpu 2 |
			awk '{ for (i = 2; i <= NF; i++) if ($i == "ms/picture") print $(i - 1) }')
		b=$("$python" bench/train_pytorch.py "${net,,}" 8 "$steps" 2 | awk '{ for (i = 2; i <= NF; i++) if ($i == "median") print $(i + 1) }')
		echo "$net: gestalt $a ms  PyTorch $b ms"
		echo "$a $b" >>"$scratch/turns"
	done
	awk '{ print $1 / $2 }' "$scratch/turns" | sort -n | awk -v net="$net" '{ r[NR] = $1 } END { printf "%s: gestalt / PyTorch %.2f\n", net, (NR % 2) ? r[(NR + 1) / 2] : (r[NR / 2] + r[NR / 2 + 1]) / 2 }'
done
