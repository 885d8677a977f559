#!/usr/bin/env bash
# A training step (forward, backward, SGD with momentum) of ResNet-18 and ResNet-50 at 224 pixels, batch 8, two threads:
# `gestalt bench --mode train` against PyTorch. Needs Python with torch and torchvision ($PYTHON, default python3). Takes
# turns, a few steps each, and prints the median milliseconds a picture of every turn and the median of the ratios.
set -euo pipefail
cd "$(dirname "$0")/.."
python=${PYTHON:-python3} rounds=${ROUNDS:-5} steps=${STEPS:-4}
make -s build
for net in resnet18 resnet50; do
	for _ in $(seq "$rounds"); do
		a=$(GOMAXPROCS=2 bin/gestalt bench --net "$net" --mode train --rounds "$steps" --json | awk -F'[:,]' '/ms_per_image/ { print $2 }')
		b=$("$python" bench/train_pytorch.py "$net" 8 "$steps" 2)
		echo "$net $a $b"
	done
done | bench/ratios.awk -v peer=PyTorch
