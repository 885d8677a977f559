#!/usr/bin/env bash
# Inference in the cpu engine against ONNX Runtime: batch 8 at each network's own size, two threads. Needs Python with
# onnxruntime and numpy ($PYTHON, default python3) and MODELS, a folder of NAME.onnx for each network:
#
#	python3 -m venv peer && peer/bin/pip install onnxruntime==1.30.0 numpy
#	python3 bench/export.py models                  # with a Python that has torch and torchvision
#	PYTHON=peer/bin/python MODELS=models bench/engine.sh
#
# Takes turns, a few seconds each, and prints the median milliseconds a picture of every turn and the median of the ratios.
set -euo pipefail
cd "$(dirname "$0")/.."
python=${PYTHON:-python3} rounds=${ROUNDS:-5}
make -s build
for net in ${NETS:-squeezenet1_1 resnet18 resnet50}; do
	for _ in $(seq "$rounds"); do
		a=$(GOMAXPROCS=2 bin/gestalt bench --net "$net" --rounds 31 --json | awk -F'[:,]' '/ms_per_image/ { print $2 }')
		b=$("$python" bench/engine_onnxruntime.py "$MODELS/$net.onnx" 2 3)
		echo "$net $a $b"
	done
done | bench/ratios.awk -v peer="ONNX Runtime"
