// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * pages N: hits pages:read N times, a foreign probe with eight arguments of which all
 * lie in memory, as those of PostgreSQL's buffer__read__done. Prints the nanoseconds that
 * the thread ran: what others do on a shared machine does not count.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/sdt.h>
#include <time.h>

struct page {
	unsigned fork, block, tablespace, database, relation;
	int backend;
	unsigned char is_extend, is_hit;
};

__attribute__((noinline)) static void read_page(const volatile struct page *page)
{
	DTRACE_PROBE8(pages, read, page->fork, page->block, page->tablespace,
		      page->database, page->relation, page->backend, page->is_extend,
		      page->is_hit);
}

int main(int argc, char **argv)
{
	long count = argc > 1 ? strtol(argv[1], NULL, 0) : 1;
	struct page page = {.block = 1, .tablespace = 1663, .backend = -1, .is_hit = 1};
	struct timespec from, to;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &from);
	for (long i = 0; i < count; i++)
		read_page(&page);
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &to);
	printf("%lld\n",
	       (to.tv_sec - from.tv_sec) * 1000000000LL + to.tv_nsec - from.tv_nsec);
	return 0;
}
