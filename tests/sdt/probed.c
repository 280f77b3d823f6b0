// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A program with probes of every argument type, valid as C11 and as C++17. It is built
 * by each compiler in several ways; sdt_test.c reads the notes of all of them.
 */
#include <fathom/sdt.h>

#define PROBED_WORDS "0=read,1=write,-1=none"

FATHOM_SEMAPHORE(demo, costly);

__attribute__((noinline)) static void every_type(long n, const char *text)
{
	FATHOM_PROBE(demo, every_type, (u8, a_u8, n & 255), (u16, a_u16, n & 65535),
		     (u32, a_u32, n), (u64, a_u64, n), (s8, a_s8, -1), (s16, a_s16, -2),
		     (s32, a_s32, n), (s64, a_s64, n), (x64, a_x64, n),
		     (f64, a_f64, (double)n / 2), (str, a_str, text),
		     (u8, op, n & 1, PROBED_WORDS));
}

__attribute__((noinline)) static void two_sites(int n)
{
	FATHOM_PROBE(demo, two__sites, (s32, n, n));
	if (n > 1)
		FATHOM_PROBE(demo, two__sites, (s32, n, 8192));
	FATHOM_PROBE(demo, no_arguments);
	if (FATHOM_ENABLED(demo, costly))
		FATHOM_PROBE_SEMAPHORE(demo, costly, (u32, n, n));
}

int main(int argc, char **argv)
{
	every_type(argc, argv[0]);
	two_sites(argc);
	return 0;
}
