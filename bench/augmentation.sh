#!/usr/bin/env bash
# What style augmentation costs in training: ResNet-18 for small pictures, batches of 32 at 64 pixels, two threads, on
# pictures of $GESTALT_SHARED/data/shape-categories-64.tar.gz, without it, with half and with all of the pictures repainted
# as they come ("0.5", "1"), with pictures that were repainted before ("before"), and that repainting alone ("repaint"):
# by random convolutions, and by Ghiasi's networks at 64 pixels and, enlarged before and reduced after, at 128.
# $ROUNDS (3) turns of 6 batches. Writes the medians, seconds of the processor for 1,000 pictures, as CSV to $1
# (bench/augmentation.csv). Both cores are at work: where nothing else runs, half of that passes on the clock. Processor time
# does not tell how busy the machine is with other things.
set -euo pipefail
cd "$(dirname "$0")/.."
shared=$(realpath "${GESTALT_SHARED:-../shared}") out=$(realpath -m "${1:-bench/augmentation.csv}")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
CGO_ENABLED=0 go test -c -o "$work/train.test" ./train
cd train
for _ in $(seq "${ROUNDS:-3}"); do
	GESTALT_SHARED=$shared GOMAXPROCS=2 "$work/train.test" -test.run '^$' -test.bench '^BenchmarkAugmentation$' -test.benchtime 1x
done | awk '
	/^BenchmarkAugmentation/ {
		for (i = 2; i <= NF; i++) v[$i] = $(i - 1)
		name = $1; sub("BenchmarkAugmentation/", "", name); sub("(#[0-9]+)?-[0-9]+$", "", name)
		if (!(name in n)) names[++count] = name
		n[name]++; cpu[name, n[name]] = v["cpu-s/1000"]
	}
	function median(v, name,    i, j, t) { # by insertion: there are few
		for (i = 2; i <= n[name]; i++) for (j = i; j > 1 && v[name, j] < v[name, j - 1]; j--) { t = v[name, j]; v[name, j] = v[name, j - 1]; v[name, j - 1] = t }
		return (v[name, int((n[name] + 1) / 2)] + v[name, int(n[name] / 2) + 1]) / 2
	}
	END {
		print "method,pixels,repainted,processor_seconds_per_1000"
		for (k = 1; k <= count; k++) {
			split(names[k], part, "/")
			if (part[1] == "none") { part[2] = "-"; part[3] = "0" }
			printf "%s,%s,%s,%.1f\n", part[1], part[2], part[3], median(cpu, names[k])
		}
	}' >"$work/table.csv"
mv "$work/table.csv" "$out"
column -s, -t "$out"
