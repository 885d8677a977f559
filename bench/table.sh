#!/usr/bin/env bash
# The cpu engine against ONNX Runtime (inference) and PyTorch (training, and a step of Gatys et al.): two threads, random
# weights, 224 pixels (Inception v3 299). Takes turns, a few seconds each, and prints a CSV of medians over the turns:
# milliseconds a picture, their ratio turn by turn, our share of the multiply-add peak. Every turn goes to standard error.
#
#	python3 -m venv peer && peer/bin/pip install onnxruntime==1.30.0 numpy
#	TORCH=python3 ORT=peer/bin/python bench/table.sh >bench/results-$(date +%F).csv
#
# $TORCH is a Python with torch 1.13 and torchvision. The ONNX files are written to $MODELS (out/onnx) first, where
# they are missing. $ROUNDS turns (5) of $ROWS (all; for example "resnet50:infer:8 resnet50:train:8").
set -euo pipefail
shopt -s inherit_errexit
cd "$(dirname "$0")/.."
torch=${TORCH:-python3} ort=${ORT:-python3} models=${MODELS:-out/onnx} turns=${ROUNDS:-5}
rows=${ROWS:-squeezenet1_1:infer:8 resnet18:infer:8 resnet50:infer:8 vgg16:infer:8 googlenet:infer:8 inception_v3:infer:8
	mobilenet_v2:infer:8 adain:infer:4 vgg19_gatys:infer:1 resnet18:train:8 resnet50:train:8}
make -s build >&2
ort_version=$("$ort" -c 'import onnxruntime; print(onnxruntime.__version__)')
torch_version=$("$torch" -c 'import torch; print(torch.__version__.split("+")[0])')

peer() { # net mode batch: "NAME MS"
	local name=PyTorch-$torch_version ms
	case $1:$2 in
	vgg19_gatys:*) ms=$("$torch" bench/gatys_pytorch.py 2 5) ;;
	*:train) ms=$("$torch" bench/train_pytorch.py "$1" "$3" 4 2 | awk '{ print $1 }') ;;
	*)
		name=ONNX-Runtime-$ort_version
		[ -e "$models/$1.onnx" ] || "$torch" bench/export.py "$models" "$1" >/dev/null
		ms=$("$ort" bench/engine_onnxruntime.py "$models/$1.onnx" 2 3)
		;;
	esac
	echo "$name $ms"
}

ours() { # net mode batch: "MS SHARE"
	local times=21
	[ "$2" = train ] || [ "$3" -lt 8 ] && times=5
	GOMAXPROCS=2 bin/gestalt bench --net "$1" --mode "$2" --batch "$3" --rounds $times --json |
		awk -F'[:,]' '/"ms_per_image"/ { ms = $2 } /"share_of_peak"/ { share = $2 } END { printf "%.3f %.3f", ms, share }'
}

for row in $rows; do
	IFS=: read -r net mode batch <<<"$row"
	for _ in $(seq "$turns"); do
		a=$(ours "$net" "$mode" "$batch")
		b=$(peer "$net" "$mode" "$batch")
		echo "$net $mode $batch $a $b"
	done
done | tee /dev/stderr | bench/table.awk
