#!/usr/bin/env bash
# `gestalt bias` on 640 cue-conflict pictures against a plain PyTorch script with a DataLoader of two workers, both from
# start to finish. Needs GESTALT_SHARED, Python with torch and torchvision ($PYTHON, default python3), GNU time.
set -euo pipefail
cd "$(dirname "$0")/.."
shared=${GESTALT_SHARED:-../shared} python=${PYTHON:-python3} rounds=${ROUNDS:-5}
make -s build
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
tar -xf "$shared/geirhos/cue-conflict-half.tar" -C "$scratch"
stimuli=$scratch/stimuli/style-transfer-preprocessed-512
weights=$shared/weights/squeezenet1_1.safetensors
export SIXTEEN_CLASSES=$shared/reference/sixteen-class.json
ours="rm -rf $scratch/out; bin/gestalt bias --model squeezenet1_1=$weights --stimuli $stimuli --out $scratch/out"
for threads in 1 2; do
	echo "PyTorch with $threads threads beside its two workers:"
	bench/interleave.sh "$rounds" "$ours" "$python bench/bias_pytorch.py $weights $stimuli $scratch/decisions.csv $threads"
done
# The same decisions?
cut -d, -f5,8 "$scratch/out/cue-conflict/"*.csv | tail -n +2 | awk -F, '{ sub(/.*_/, "", $2); print $2 "," $1 }' | sort >"$scratch/a"
sort "$scratch/decisions.csv" >"$scratch/b"
echo "decisions that differ: $(comm -23 "$scratch/a" "$scratch/b" | wc -l) of $(wc -l <"$scratch/a")"
