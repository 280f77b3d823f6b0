// SPDX-License-Identifier: GPL-2.0-or-later
/* Looks symbols up in an ELF file's symbol tables. */
#include "collector/symbol.h"

#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct symbol {
	const char *name; /* belongs to the ELF file */
	uint64_t address;
};

struct symbol_table {
	int fd;
	Elf *elf;
	struct symbol *symbols; /* sorted by name */
	size_t count;
};

static int add_section(struct symbol_table *table, Elf_Scn *section,
		       const GElf_Shdr *header)
{
	Elf_Data *data = elf_getdata(section, NULL);
	size_t entries = header->sh_entsize ? header->sh_size / header->sh_entsize : 0;
	struct symbol *symbols;
	GElf_Sym symbol;

	/* A size that the file made up is not asked for. */
	if (!data || !data->d_size)
		return 0;
	if (entries > data->d_size / header->sh_entsize)
		entries = data->d_size / header->sh_entsize;
	symbols = reallocarray(table->symbols, table->count + entries + 1,
			       sizeof(*symbols));
	if (!symbols)
		return -ENOMEM;
	table->symbols = symbols;
	for (size_t i = 0; i < entries && i < INT32_MAX; i++) {
		const char *name;

		if (!gelf_getsym(data, (int)i, &symbol))
			break;
		name = symbol.st_shndx == SHN_UNDEF
			       ? NULL
			       : elf_strptr(table->elf, header->sh_link, symbol.st_name);
		if (name && *name)
			symbols[table->count++] = (struct symbol){name, symbol.st_value};
	}
	return 0;
}

static int order_symbols(const void *a, const void *b)
{
	const struct symbol *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static int read_sections(struct symbol_table *table)
{
	Elf_Scn *section = NULL;
	GElf_Shdr header;
	int err = 0;

	while (!err && (section = elf_nextscn(table->elf, section))) {
		if (!gelf_getshdr(section, &header))
			break;
		if (header.sh_type == SHT_SYMTAB || header.sh_type == SHT_DYNSYM)
			err = add_section(table, section, &header);
	}
	if (table->count)
		qsort(table->symbols, table->count, sizeof(*table->symbols),
		      order_symbols);
	return err;
}

int symbol_table_open(struct symbol_table **result, const char *path)
{
	struct symbol_table *table = calloc(1, sizeof(*table));
	int err;

	if (!table)
		return -ENOMEM;
	table->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (table->fd < 0) {
		err = -errno;
		goto out;
	}
	elf_version(EV_CURRENT);
	table->elf = elf_begin(table->fd, ELF_C_READ, NULL);
	err = table->elf ? read_sections(table) : -EINVAL;
out:
	if (err)
		symbol_table_close(table);
	else
		*result = table;
	return err;
}

void symbol_table_close(struct symbol_table *table)
{
	if (!table)
		return;
	elf_end(table->elf);
	if (table->fd >= 0)
		close(table->fd);
	free(table->symbols);
	free(table);
}

static bool is_named(const struct symbol *symbol, const char *name, size_t size)
{
	return !strncmp(symbol->name, name, size) && !symbol->name[size];
}

int symbol_table_find(const struct symbol_table *table, const char *name, size_t size,
		      uint64_t *address)
{
	const struct symbol *symbols = table->symbols;
	size_t low = 0, high = table->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strncmp(symbols[middle].name, name, size) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	/* A longer name with the same beginning sorts behind. */
	if (low == table->count || !is_named(&symbols[low], name, size))
		return -ENOENT;
	*address = symbols[low].address;
	for (; low < table->count && is_named(&symbols[low], name, size); low++)
		if (symbols[low].address != *address)
			return -ENOTUNIQ;
	return 0;
}
