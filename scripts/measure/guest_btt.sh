#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs in the guest of scripts/vm, as root: one run of the engine on a loop device, recorded by
# blktrace and by fathom with the kernel's tracepoints. Prints btt's means in seconds, as
# "Q2C NUMBER" and "D2C NUMBER", then fathom breakdown's JSON.
set -e
mount -t debugfs none /sys/kernel/debug 2>/dev/null || true
cd /tmp
dd if=/dev/urandom of=image bs=1M count=64 2>/dev/null
device=$(losetup -f --show image)
cat >job.fio <<JOB
[r]
filename=$device
ioengine=libaio
direct=1
rw=randread
bs=4k
iodepth=4
size=16m
JOB
blktrace -d "$device" -o trace -b 1024 -n 8 >/dev/null 2>&1 &
blktrace=$!
until [ -e "/sys/kernel/debug/block/${device#/dev/}/trace0" ]; do sleep 0.05; done
fathom record -q -e 'fathom:*' --kernel -o k.data -- fathom bench job.fio >/dev/null 2>&1
kill -INT $blktrace
wait $blktrace || true
blkparse -i trace -d trace.bin -O >/dev/null
btt -i trace.bin 2>/dev/null | awk '/^(Q2C|D2C) / {print $1, $3}'
fathom breakdown --json -i k.data
