// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The hazard itself: a uprobe on a bare 5-byte nop in a leaf function. On kernels that
 * replace it by a call, the pushed return address overwrites the red zone and sums come
 * out wrong. That is expected there (exit 0); a sound kernel has nothing to show (77).
 */
#include <errno.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "leaf.h"

enum { CALLS = 100000, SYS_UPROBE = 336 };

extern const char bare_site[];

LEAF(leaf, __asm__ __volatile__("bare_site: .byte 0x0f,0x1f,0x44,0,0" ::: "memory"))

static unsigned long count_wrong(void)
{
	unsigned long wrong = 0;

	for (uint64_t n = 0; n < CALLS; n++)
		wrong += leaf(n) != leaf_sum(n);
	return wrong;
}

/* The file offset of an address in this program, from its own mappings. */
static unsigned long file_offset(const void *address)
{
	unsigned long at = (unsigned long)address, start, end, offset;
	FILE *maps = fopen("/proc/self/maps", "r");
	char line[512];

	while (maps && fgets(line, sizeof(line), maps))
		if (sscanf(line, "%lx-%lx %*s %lx", &start, &end, &offset) == 3 &&
		    at >= start && at < end) {
			fclose(maps);
			return at - start + offset;
		}
	return 0;
}

static int attach_uprobe(void)
{
	struct perf_event_attr attr = {.size = sizeof(attr)};
	FILE *type = fopen("/sys/bus/event_source/devices/uprobe/type", "r");

	if (!type || fscanf(type, "%u", &attr.type) != 1)
		return -ENOENT;
	fclose(type);
	attr.config1 = (unsigned long)"/proc/self/exe";
	attr.config2 = file_offset(bare_site);
	return (int)syscall(SYS_perf_event_open, &attr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
}

int main(void)
{
	unsigned long before = count_wrong(), wrong;
	long hits = 0;
	int fd;

	if (before) {
		printf("FAIL: %lu sums are wrong without any probe\n", before);
		return 1;
	}
	fd = attach_uprobe();
	if (fd < 0) {
		printf("SKIP: cannot attach a uprobe here: %s\n", strerror(errno));
		return 77;
	}
	wrong = count_wrong();
	if (read(fd, &hits, sizeof(hits)) != sizeof(hits) || hits != CALLS) {
		printf("FAIL: %d calls made %ld hits\n", CALLS, hits);
		return 1;
	}
	close(fd);
	errno = 0;
	syscall(SYS_UPROBE);
	printf("%lu of %d sums wrong with a uprobe on a bare 5-byte nop\n", wrong, CALLS);
	if (wrong)
		return 0;
	printf("SKIP: this kernel keeps the red zone (uprobe system call: %s)\n",
	       strerror(errno));
	return 77;
}
