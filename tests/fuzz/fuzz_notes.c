// SPDX-License-Identifier: GPL-2.0-or-later
/* Any bytes as an ELF file with probes: notes, declarations and operands. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "collector/operand.h"
#include "trace/sdt_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void parse_operands(const struct sdt_file *file)
{
	for (size_t i = 0; i < file->nr_probes; i++)
		for (size_t k = 0; k < file->probes[i].nr_sites; k++) {
			struct operand operands[ARGUMENTS_MAX];

			operands_parse(file->probes[i].sites[k].operands, file->machine,
				       operands);
		}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int fd = -1;
	static char path[64];
	struct sdt_file *file;

	if (fd < 0) {
		fd = memfd_create("elf", MFD_CLOEXEC);
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	}
	if (ftruncate(fd, 0) || pwrite(fd, data, size, 0) != (ssize_t)size)
		abort();
	if (!sdt_file_open(&file, path, NULL)) {
		parse_operands(file);
		sdt_file_close(file);
	}
	return 0;
}
