#!/usr/bin/env bash
# The paper's table on small photographs: ResNet-18 for pictures of 64 pixels, trained on eleven categories of photographs
# (IN), on the same ones repainted in random styles (SIN), on both, and on both and then on photographs alone (the second and
# the third start from the first, as the paper's models did). The accuracy of each on photographs and on repainted ones that
# it has not seen, and its shape bias on the published cue-conflict pictures of these categories.
#
#	results/shape-categories-64.sh [FOLDER] >results/shape-categories-64.md
#
# FOLDER (default: shape-categories-64 in the system's folder for temporary files) keeps pictures, networks and measurements.
# Stopped, the same command goes on where it was, to the same table. About 35 minutes on two cores of a 2023 server
# processor with AVX-512.
# $TRAIN_FLAGS are more flags of gestalt train, such as --epochs 3 to try the script.
# Needs in $GESTALT_SHARED (default ../shared): data/shape-categories-64.tar.gz, geirhos/cue-conflict-half.tar and the style
# networks in weights.
set -euo pipefail
cd "$(dirname "$0")/.."
export GESTALT_SHARED=${GESTALT_SHARED:-../shared}
GESTALT_SHARED=$(realpath "$GESTALT_SHARED")
TRAIN_FLAGS=${TRAIN_FLAGS:-}
work=$(realpath -m "${1:-${TMPDIR:-/tmp}/shape-categories-64}")
make -s build
gestalt=bin/gestalt in=$work/shape-categories-64 sin=$work/stylised
mkdir -p "$work/networks"

# Photographs, and each of them once in a style of its own. Strokes made for pictures of 192 pixels that are then reduced to 64
# hide what surfaces look like and leave the objects; at 128 pixels many objects can't be told any more.
if [ ! -e "$in" ]; then
	rm -rf "$work/unpacking"
	mkdir "$work/unpacking"
	tar -xzf "$GESTALT_SHARED/data/shape-categories-64.tar.gz" -C "$work/unpacking"
	mv "$work/unpacking/shape-categories-64" "$in"
fi
for part in train val; do
	"$gestalt" stylize "$in/$part" "$sin/$part" --method ghiasi --random --size 192 --resize 192 --reduce 64 --batch 16 >"$work/stylize-$part.log"
done

# The four networks. Each observer is called after its file.
train() { # name recipe
	"$gestalt" train --recipe "categories64-$2" --with in="$in" --with sin="$sin" --with plain="$work/in" --with both="$work/both" --out "$work/$2" --resume $TRAIN_FLAGS >"$work/train-$2.log"
	ln -f "$work/$2/last.safetensors" "$work/networks/$1.safetensors"
}
train IN in
train SIN sin
train SIN+IN both
train SIN+IN-IN both-in
models=()
for name in IN SIN SIN+IN SIN+IN-IN; do
	models+=(--model "$work/networks/$name.safetensors")
done

# What they see.
"$gestalt" eval "${models[@]}" --data "$in/val" --out "$work/eval-in" --json >"$work/eval-in.json"
"$gestalt" eval "${models[@]}" --data "$sin/val" --out "$work/eval-sin" --json >"$work/eval-sin.json"
categories=$(ls "$in/val" | paste -sd '|')
tar -tf "$GESTALT_SHARED/geirhos/cue-conflict-half.tar" |
	grep -E "/($categories)[0-9]+-($categories)[0-9]+\.png\$" |
	sed "s#^#$GESTALT_SHARED/geirhos/cue-conflict-half.tar/#" >"$work/stimuli.txt"
"$gestalt" bias "${models[@]}" --stimuli "$work/stimuli.txt" --experiment cue-conflict --out "$work/bias" --json >"$work/bias.json"

# The table, and what it was made with.
cat <<END
# The paper's table on small photographs

ResNet-18 for pictures of 64 pixels, eleven categories, 500 photographs each; made by [$(basename "$0")]($(basename "$0")).

$(awk -f results/table.awk "$work/eval-in.json" "$work/eval-sin.json" "$work/bias.json")

In brackets: 95% intervals, of accuracies exact (Clopper and Pearson) on $(find "$in/val" -name '*.jpg' | wc -l) pictures, of shape bias by a bootstrap over the stimuli; of
differences likewise, p by a permutation test. SIN and SIN+IN started from IN, the last row from SIN+IN. Accuracies are of the
last epoch.

$("$gestalt" version | sed 's/^/    /')

SHA-256 of the weights:

$(cd "$work/networks" && sha256sum IN.safetensors SIN.safetensors SIN+IN.safetensors SIN+IN-IN.safetensors | sed 's/^/    /')

Seconds of training, validation included: $(for run in in sin both both-in; do awk -F, -v name="$run" 'NR > 1 { s += $2 + $3 } END { printf "%s %.0f  ", name, s }' "$work/$run/times.csv"; done)
END
