# SPDX-License-Identifier: GPL-2.0-or-later
"""The rate of this machine's time stamp counter, which QEMU's TCG shows its guests as it is."""
import ctypes
import mmap
import time

# rdtsc; shl $32, %rdx; or %rdx, %rax; ret
READ_TSC = bytes.fromhex("0f31 48c1e220 4809d0 c3")


def clock():
    return time.clock_gettime_ns(time.CLOCK_MONOTONIC_RAW)


def pair(read):
    """Clock and counter at one moment: of some readings, the one that nothing interrupted."""
    readings = []
    for _ in range(20):
        before, count, after = clock(), read(), clock()
        readings.append((after - before, (before + after) / 2, count))
    return min(readings)[1:]


def tsc_khz(seconds=0.05):
    code = mmap.mmap(-1, mmap.PAGESIZE,
                     prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    code.write(READ_TSC)
    read = ctypes.CFUNCTYPE(ctypes.c_uint64)(ctypes.addressof(ctypes.c_char.from_buffer(code)))
    began, first = pair(read)
    time.sleep(seconds)
    ended, last = pair(read)
    return round((last - first) / (ended - began) * 1e6)
