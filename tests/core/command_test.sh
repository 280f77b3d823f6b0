#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The command line: exit codes, one-line errors, and standard files that are closed.
# command_test.sh FATHOM
fathom=$1
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
cd "$directory" || exit 1
failed=0

# expect WHAT STATUS PATTERN COMMAND...: exit code, and stderr of one line that matches.
expect() {
	local what=$1 status=$2 pattern=$3 got
	shift 3
	"$@" >out 2>err
	got=$?
	if [ $got -ne "$status" ] || [ "$(wc -l <err)" -ne 1 ] || ! grep -qE "$pattern" err; then
		echo "FAIL: $what: exit code $got (expected $status), stderr:"
		cat err
		failed=1
	fi
}

expect "unknown command" 2 "did you mean 'latency'" "$fathom" latancy
expect "unknown option" 2 "did you mean '--input'" "$fathom" latency --inptu=x
expect "unknown letter" 2 "unknown option '-Q'" "$fathom" latency -Q
expect "flag with a value" 2 "'--json' takes no value" "$fathom" latency --json=3
expect "help with a value" 2 "'--help' takes no value" "$fathom" latency --help=x
expect "option without a value" 2 "'-i' needs a value" "$fathom" latency -i
expect "no such file" 1 "/nowhere: No such file" "$fathom" latency -i /nowhere
expect "a directory" 1 "latency: /: " "$fathom" latency -i /
expect "full standard output" 1 "cannot write to standard output" \
	sh -c '"$1" --help >/dev/full' sh "$fathom"
expect "closed standard output" 1 "cannot write to standard output" \
	sh -c '"$1" --help >&-' sh "$fathom"

expect "help with an unknown command" 2 "did you mean 'latency'" "$fathom" help latancy
if [ "$("$fathom" help record)" != "$("$fathom" record --help)" ]; then
	echo "FAIL: help record is not record --help"
	failed=1
fi

# With a closed standard file, what is printed must not land in a file that is opened.
printf '[w]\nioengine=psync\nrw=write\nsize=64k\nfilename=%s/victim\n' "$directory" >w.fio
"$fathom" bench --json w.fio >&-
grep -aq 'fio version' victim && echo "FAIL: the report landed in the job's file" && failed=1
rm victim
"$fathom" bench --json w.fio 2>&- >out
grep -aq 'warning' victim && echo "FAIL: a warning landed in the job's file" && failed=1

# A reader that leaves early is no failure.
"$fathom" --help | true
if [ "${PIPESTATUS[0]}" -ne 0 ]; then
	echo "FAIL: --help | true: exit code ${PIPESTATUS[0]}"
	failed=1
fi
exit $failed
