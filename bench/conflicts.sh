#!/bin/sh
# Shape bias on cue conflicts made here: of the photographs of imagenet-sample-256.tar, those of the 16 categories that three
# networks get right (at most 5 of each, 51 in all) are objects and textures of each other, one picture for each shape and
# texture (240), by Ghiasi's networks and by Gatys' method with SqueezeNet's features and with ShuffleNet's; then the
# published conflicts. Needs the shared data. Ghiasi's take a minute, Gatys' half an hour or more each on two cores; $LIMIT
# makes fewer of them, spread over the categories. docs/styles.md says what came out.
#
#   bench/conflicts.sh OUT [SEED]
set -eu
cd "$(dirname "$0")/.."
export GESTALT_SHARED="${GESTALT_SHARED:-../shared}"
out=$1 seed=${2:-1} weights=$GESTALT_SHARED/weights
make -s build
mkdir -p "$out/pictures"
tar -xf "$GESTALT_SHARED/data/imagenet-sample-256.tar" -C "$out/pictures"
models="--model squeezenet1_1=$weights/squeezenet1_1.safetensors --model shufflenet_v2_x1_0=$weights/shufflenet_v2_x1_0.safetensors
    --model mobilenet_v2_tf=$weights/mobilenet_v2.safetensors"
bin/gestalt select $models --data "$out/pictures" --rule category16 --per-class 5 --seed "$seed" --list "$out/objects.txt"
conflicts() { # NAME FLAGS…
	name=$1
	shift
	bin/gestalt stylize "$out/objects.txt" "$out/$name" --cue-conflict 1 --styles "$out/objects.txt" --format png --seed "$seed" "$@"
}
conflicts ghiasi --method ghiasi
for network in squeezenet1_1 shufflenet_v2_x1_0; do
	conflicts "gatys-$network" --method gatys --network "$network=$weights/$network.safetensors" --scales 0.5:150,1:50 --style-size 224 \
		--batch 2 --limit "${LIMIT:-240}"
done
for stimuli in "$out/ghiasi" "$out/gatys-squeezenet1_1" "$out/gatys-shufflenet_v2_x1_0" "$GESTALT_SHARED/geirhos/cue-conflict-half.tar"; do
	bin/gestalt bias $models --stimuli "$stimuli" --out "$out/bias-$(basename "$stimuli" .tar)"
done
