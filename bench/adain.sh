#!/usr/bin/env bash
# AdaIN from JPEG to JPEG at 224 pixels, two threads, made-up weights: `gestalt stylize`, its styles in a bank, against the
# loop of naoto0804/pytorch-AdaIN, which encodes the style with every picture. $PICTURES photographs (60) of
# $GESTALT_SHARED/data/imagenet-sample-256.tar, in the styles of ten textures of styles.tar. $PYTHON (python3) needs torch,
# torchvision and Pillow.
# Takes turns and prints the median seconds of both and their ratio.
set -euo pipefail
cd "$(dirname "$0")/.."
shared=$(realpath "${GESTALT_SHARED:-../shared}") python=${PYTHON:-python3}
make -s build
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/all" "$work/in/some" "$work/styles" "$work/peer"
tar -xf "$shared/data/imagenet-sample-256.tar" -C "$work/all"
tar -xf "$shared/data/styles.tar" -C "$work/styles" --wildcards '*banded_*' # ten textures
find "$work/all" -name '*.jpg' | sort | awk -v n="${PICTURES:-60}" 'NR % int(1000 / n) == 0' | head -n "${PICTURES:-60}" | tr '\n' '\0' | xargs -0 cp -t "$work/in/some"
"$python" bench/adain_pytorch.py weights "$work"
GOMAXPROCS=2 bench/interleave.sh "${ROUNDS:-3}" \
	"rm -rf '$work/out'; bin/gestalt stylize '$work/in' '$work/out' --method adain --encoder '$work/vgg_normalised.pth' --decoder '$work/decoder.pth' --styles '$work/styles' --style-size 224 --bank '$work/bank.safetensors' --size 224" \
	"'$python' bench/adain_pytorch.py stylize '$work' '$work/in' '$work/styles' '$work/peer'"
