#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Our sites are sound under every backend: a leaf function around a FATHOM_PROBE computes
# the right sums while it is recorded, with a red zone and without, and no hit is missing.
# record.sh FATHOM WITH_RED_ZONE WITHOUT_RED_ZONE
set -uo pipefail
fathom=$1 calls=100000
trace=$(mktemp)
trap 'rm -f "$trace" "$trace.old" "$trace.said"' EXIT
failed=0

if [ "$(id -u)" -ne 0 ]; then
	echo "SKIP: recording probes needs root"
	exit 77
fi
"$fathom" doctor | grep -qE '^fast sites +yes +nop5' && has_nop5=1 || has_nop5=0
backends="bpf bpf-perf uprobe"
if "$fathom" doctor | grep -qE '^backend bpf +no .*uprobe_multi'; then
	echo "SKIP: --backend bpf: this kernel has no uprobe_multi links"
	backends="bpf-perf uprobe"
fi
for program in "$2" "$3"; do
	for backend in $backends; do
		for site in auto nop; do
			what="$(basename "$program"), --backend $backend --site $site"
			sums=$("$fathom" record --backend "$backend" --site "$site" -e redzone:leaf \
				-o "$trace" -- "$program" $calls 2>"$trace.said") || { echo "FAIL: $what: record"; failed=1; }
			if [ "$program" = "$2" ] && grep -q nop5 "$trace.said"; then
				echo "FAIL: $what: the 5-byte nop was used in code with a red zone"
				failed=1
			fi
			if [ "$program $site $has_nop5" = "$3 auto 1" ] && ! grep -q nop5 "$trace.said"; then
				echo "FAIL: $what: the 5-byte nop was not used where it is sound"
				failed=1
			fi
			events=$("$fathom" script -i "$trace" | grep -c redzone:leaf)
			if [ "$sums" != "0 wrong" ] || [ "$events" -ne $calls ]; then
				echo "FAIL: $what: $sums sums, $events of $calls events"
				failed=1
			else
				echo "ok: $what"
			fi
		done
	done
done
exit $failed
