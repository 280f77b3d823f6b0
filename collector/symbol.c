// SPDX-License-Identifier: GPL-2.0-or-later
/* Looks a symbol up in an ELF file's symbol tables. */
#include "collector/symbol.h"

#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <string.h>
#include <unistd.h>

static int search_table(Elf *elf, Elf_Scn *section, const GElf_Shdr *header,
			const char *name, size_t size, uint64_t *address)
{
	Elf_Data *data = elf_getdata(section, NULL);
	size_t count = header->sh_entsize ? header->sh_size / header->sh_entsize : 0;
	GElf_Sym symbol;

	for (size_t i = 0; i < count && i < INT32_MAX; i++) {
		const char *found;

		if (!gelf_getsym(data, (int)i, &symbol))
			break;
		if (symbol.st_shndx == SHN_UNDEF)
			continue;
		found = elf_strptr(elf, header->sh_link, symbol.st_name);
		if (found && strlen(found) == size && memcmp(found, name, size) == 0) {
			*address = symbol.st_value;
			return 0;
		}
	}
	return -ENOENT;
}

int symbol_address(const char *path, const char *name, size_t size, uint64_t *address)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	Elf_Scn *section = NULL;
	GElf_Shdr header;
	int err = -ENOENT;
	Elf *elf;

	if (fd < 0)
		return -errno;
	elf_version(EV_CURRENT);
	elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
	while (elf && err && (section = elf_nextscn(elf, section))) {
		if (!gelf_getshdr(section, &header))
			break;
		if (header.sh_type == SHT_SYMTAB || header.sh_type == SHT_DYNSYM)
			err = search_table(elf, section, &header, name, size, address);
	}
	elf_end(elf);
	close(fd);
	return err;
}
