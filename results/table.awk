#!/usr/bin/awk -f
# Reads what `gestalt eval --json` says of the four networks on photographs and on stylised ones and `gestalt bias --json` on
# cue-conflict pictures, in this order, and prints the paper's table. JSON as gestalt writes it has a value a line.
FNR == 1 { file++ }
{ value = $2; gsub(/[",]/, "", value) }
$1 == "\"observer\":" { name = value; counted = 0 }
# The first top1 and top5 after a name are of all pictures, those after them of single classes.
file < 3 && ($1 == "\"top1\":" || $1 == "\"top5\":") { which = counted < 2 ? substr($1, 2, 4) : ""; counted++ }
file < 3 && which != "" && $1 == "\"value\":" { of[file, which, name] = value }
file < 3 && which != "" && $1 == "\"ci95\":" { getline low; getline high; ci[file, which, name] = both(low, high); which = "" }
file == 3 && $1 == "\"shape_decisions\":" && !((name, "s") in n) { n[name, "s"] = value }
file == 3 && $1 == "\"texture_decisions\":" && !((name, "t") in n) { n[name, "t"] = value }
file == 3 && $1 == "\"conflict_trials\":" && !(name in trials) { trials[name] = value }
file == 3 && $1 == "\"shape_bias\":" && !((3, "bias", name) in of) { of[3, "bias", name] = value }
file == 3 && $1 == "\"shape_bias_ci95\":" && !((3, "bias", name) in ci) { getline low; getline high; ci[3, "bias", name] = both(low, high) }

file == 3 && $1 == "\"a\":" { a = value }
file == 3 && $1 == "\"b\":" { b = value }
file == 3 && a == "IN" && $1 == "\"shape_bias_difference\":" { more[b] = value }
file == 3 && a == "IN" && $1 == "\"shape_bias_difference_ci95\":" { getline low; getline high; moreCI[b] = both(-high, -low) }
file == 3 && a == "IN" && $1 == "\"shape_bias_difference_p\":" { p[b] = value }

function both(low, high) { return sprintf("[%.1f, %.1f]", 100 * low, 100 * high) }
function cell(f, w, name) { return sprintf("%.1f %s", 100 * of[f, w, name], ci[f, w, name]) }
function row(name, training, fine) {
	printf "| %s | %s | %s | %s | %s | %s | %d + %d of %d |\n", training, fine, cell(1, "top1", name), cell(1, "top5", name), cell(2, "top1", name),
		cell(3, "bias", name), n[name, "s"], n[name, "t"], trials[name]
}
END {
	print "| training | fine-tuning | top-1 IN, % | top-5 IN, % | top-1 SIN, % | shape bias, % | shape + texture decisions |"
	print "| --- | --- | --- | --- | --- | --- | --- |"
	row("IN", "IN", "-")
	row("SIN", "SIN", "-")
	row("SIN+IN", "SIN+IN", "-")
	row("SIN+IN-IN", "SIN+IN", "IN")
	printf "\nShape bias above that of IN, in points, on the same pictures:"
	for (i = 1; i <= 3; i++) {
		name = (i == 1) ? "SIN" : (i == 2) ? "SIN+IN" : "SIN+IN-IN"
		printf "%s %s %+.1f %s (p = %.4f)", (i == 1 ? "" : ","), name, 0 - 100 * more[name], moreCI[name], p[name]
	}
	print "."
}
