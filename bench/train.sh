#!/usr/bin/env bash
# A training step (forward, backward, SGD with momentum) at the network's own picture size, batch $BATCH (8), two threads:
# `gestalt bench --mode train` against PyTorch. $NETS chooses the networks, by torchvision's names (ResNet-18 and
# ResNet-50); for those for small pictures, BATCH=64 NETS="resnet10_slim resnet18_small_pooled resnet18_small". Needs
# Python with torch and torchvision ($PYTHON, default python3). Takes turns, $STEPS steps each, and prints the median
# milliseconds a picture and the peak memory of every turn, and the median of the ratios.
set -euo pipefail
cd "$(dirname "$0")/.."
python=${PYTHON:-python3} rounds=${ROUNDS:-5} steps=${STEPS:-4} batch=${BATCH:-8}
make -s build
for net in ${NETS:-resnet18 resnet50}; do
	for _ in $(seq "$rounds"); do
		a=$(GOMAXPROCS=2 bin/gestalt bench --net "$net" --mode train --batch "$batch" --rounds "$steps" --json |
			awk -F'[:,]' '/"ms_per_image"/ { ms = $2 } /"peak_rss_mb"/ { mb = $2 } END { printf "%.3f %.0f", ms, mb }')
		b=$("$python" bench/train_pytorch.py "$net" "$batch" "$steps" 2)
		echo "$net $a $b"
	done
done | awk '{ printf "%s: peak memory %s MB, PyTorch %s MB\n", $1, $3, $5 > "/dev/stderr"; print $1, $2, $4; fflush() }' |
	bench/ratios.awk -v peer=PyTorch
