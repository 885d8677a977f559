#!/bin/sh
# Accuracy on stylised photographs: 1,000 photographs of ImageNet repainted by Ghiasi's networks in random styles, then
# shown to three networks. The README of the weights gives 5.7, 10.8 and 13.2% top-1 for another draw of the styles. Needs
# the shared data. Expect a minute or two on two cores.
#
#   bench/stylized.sh [SEED]
set -eu
cd "$(dirname "$0")/.."
export GESTALT_SHARED="${GESTALT_SHARED:-../shared}"
weights=$GESTALT_SHARED/weights
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
go build -o "$work/gestalt" ./cmd/gestalt
"$work/gestalt" stylize "$GESTALT_SHARED/data/imagenet-sample-256.tar" "$work/out" --method ghiasi --format png --seed "${1:-1}"
"$work/gestalt" eval --data "$work/out" --model "squeezenet1_1=$weights/squeezenet1_1.safetensors" \
    --model "shufflenet_v2_x1_0=$weights/shufflenet_v2_x1_0.safetensors" --model "mobilenet_v2_tf=$weights/mobilenet_v2.safetensors"
