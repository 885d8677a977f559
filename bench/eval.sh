#!/usr/bin/env bash
# `gestalt eval` on 1,000 photographs against a plain torchvision script with a DataLoader of two workers, both from start
# to finish, and the accuracies of both. NETWORKS are torchvision's names, or gestalt's=torchvision's where they differ.
# Needs GESTALT_SHARED, Python with torch and torchvision ($PYTHON, default python3), GNU time.
set -euo pipefail
cd "$(dirname "$0")/.."
shared=${GESTALT_SHARED:-../shared} python=${PYTHON:-python3} rounds=${ROUNDS:-5} networks=${NETWORKS:-squeezenet1_1}
make -s build
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
tar -xf "$shared/data/imagenet-sample-256.tar" -C "$scratch"
pictures=$scratch/imagenet-sample-256
# Right by top-1 and top-5: picture n, in the order of the WordNet ids, shows class n.
right='{ first += $2 == NR - 1; for (i = 2; i <= 6; i++) five += $i == NR - 1 } END { printf "%s: top-1 %.1f, top-5 %.1f\n", who, 100 * first / NR, 100 * five / NR }'
for network in $networks; do
	ours=${network%=*} theirs=${network#*=}
	weights=$shared/weights/$theirs.safetensors
	run="rm -rf $scratch/out; bin/gestalt eval --model $ours=$weights --data $pictures --out $scratch/out"
	for threads in ${THREADS:-1 2}; do
		echo "$theirs; PyTorch with $threads threads beside its two workers:"
		bench/interleave.sh "$rounds" "$run" "$python bench/eval_pytorch.py $theirs $weights $pictures $scratch/theirs.csv $threads"
	done
	tail -n +2 "$scratch/out/predictions/"*.csv | awk -F, '{ print $1 "," $6 "," $8 "," $10 "," $12 "," $14 }' >"$scratch/ours.csv"
	awk -F, -v who=gestalt "$right" "$scratch/ours.csv"
	awk -F, -v who=PyTorch "$right" "$scratch/theirs.csv"
	echo "pictures with another first class: $(paste -d, "$scratch/ours.csv" "$scratch/theirs.csv" | awk -F, '$1 != $7 || $2 != $8' | wc -l); with others among the five: $(paste -d, "$scratch/ours.csv" "$scratch/theirs.csv" | awk -F, '{ for (i = 2; i <= 6; i++) if ($i != $(i + 6)) { n++; break } } END { print n + 0 }')"
done
