#!/usr/bin/env bash
# The demonstration with five seeds: prints the table that stands in demo.csv, with bounds of 95% intervals. About seven
# minutes on two cores of a 2023 server processor with AVX-512.
#
#	results/demo.sh [FOLDER]
#
# FOLDER (default: gestalt-demo in the system's folder for temporary files) gets the five demonstrations.
set -euo pipefail
cd "$(dirname "$0")/.."
work=$(realpath -m "${1:-${TMPDIR:-/tmp}/gestalt-demo}")
make -s build
echo seed,name,training,fine_tuning,top1,top5,shape_bias,shape_bias_low,shape_bias_high
for seed in 1 2 3 4 5; do
	# JSON as gestalt writes it has a value a line.
	bin/gestalt demo --seed $seed --out "$work/$seed" --json | awk -v seed=$seed '
		{ value = $2; gsub(/[",]/, "", value) }
		/"name":/ { row = seed "," value }
		/"training":|"fine_tuning":/ { row = row "," value }
		/"top1":|"top5":|"shape_bias":/ { row = row sprintf(",%.4f", value) }
		/"shape_bias_ci95":/ { getline low; getline high; printf "%s,%.4f,%.4f\n", row, low, high }'
done
