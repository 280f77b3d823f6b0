// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The debug information of one program: what code an address belongs to.
 *
 * The ranges of all units are collected once, from the first entry of each, which takes
 * microseconds per unit; then the functions of a unit are, when a site lies in it.
 * Rejected: dwarf_addrdie(), because clang writes no .debug_aranges; dwarf_getscopes(),
 * because it walks the whole unit for every address, and a unit may hold thousands of
 * sites.
 */
#include "collector/dwarf_file.h"

#include <dwarf.h>
#include <elfutils/libdwfl.h>
#include <errno.h>
#include <gelf.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "collector/dwarf_ranges.h"
#include "collector/dwarf_type.h"

enum { NAMESPACES_MAX = 16 };

struct unit {
	Dwarf_Die lines; /* has the line table */
	Dwarf_Die code;	 /* has the functions: another one when the DWARF is split */
	bool has_functions, has_variables;
	struct dwarf_ranges functions, variables;
};

struct dwarf_file {
	Dwfl *dwfl;
	Dwfl_Module *module;
	Dwarf *dwarf;
	Dwarf_Addr to_module; /* added to an address of the program */
	Dwarf_Addr to_dwarf;  /* subtracted from that for the debug information */
	struct unit *units;
	size_t nr_units;
	struct dwarf_ranges ranges; /* of the units */
	const uint8_t *code;	    /* the section that was looked at last */
	uint64_t code_address;
	size_t code_size;
};

static int add_unit(struct dwarf_file *file, Dwarf_Die *die, const Dwarf_Die *split)
{
	if (file->nr_units % 64 == 0) {
		struct unit *units =
			reallocarray(file->units, file->nr_units + 64, sizeof(*units));

		if (!units)
			return -ENOMEM;
		file->units = units;
	}
	file->units[file->nr_units] = (struct unit){.lines = *die, .code = *split};
	return dwarf_ranges_add_code(&file->ranges, die, die, file->nr_units++);
}

static int find_units(struct dwarf_file *file)
{
	Dwarf_Die die, split;
	Dwarf_CU *unit = NULL;
	uint8_t type;
	int err = 0;

	while (!err &&
	       !dwarf_get_units(file->dwarf, unit, &unit, NULL, &type, &die, &split)) {
		if (type == DW_UT_compile)
			err = add_unit(file, &die, &die);
		else if (type == DW_UT_skeleton)
			err = add_unit(file, &die, split.addr ? &split : &die);
	}
	dwarf_ranges_sort(&file->ranges);
	return err;
}

static int load(struct dwarf_file *file, const char *path)
{
	static const Dwfl_Callbacks callbacks = {
		.find_elf = dwfl_build_id_find_elf,
		.find_debuginfo = dwfl_standard_find_debuginfo,
		.section_address = dwfl_offline_section_address,
	};

	file->dwfl = dwfl_begin(&callbacks);
	if (!file->dwfl)
		return -ENOMEM;
	file->module = dwfl_report_offline(file->dwfl, "", path, -1);
	dwfl_report_end(file->dwfl, NULL, NULL);
	if (!file->module || !dwfl_module_getelf(file->module, &file->to_module))
		return -ENOENT;
	file->dwarf = dwfl_module_getdwarf(file->module, &file->to_dwarf);
	return file->dwarf ? find_units(file) : -ENOENT;
}

int dwarf_file_open(struct dwarf_file **result, const char *path)
{
	struct dwarf_file *file = calloc(1, sizeof(*file));
	int err;

	if (!file)
		return -ENOMEM;
	err = load(file, path);
	if (err)
		dwarf_file_close(file);
	else
		*result = file;
	return err;
}

void dwarf_file_close(struct dwarf_file *file)
{
	if (!file)
		return;
	for (size_t i = 0; i < file->nr_units; i++) {
		free(file->units[i].functions.items);
		free(file->units[i].variables.items);
	}
	free(file->units);
	free(file->ranges.items);
	dwfl_end(file->dwfl);
	free(file);
}

uint64_t dwarf_file_address(const struct dwarf_file *file, uint64_t address)
{
	return address + file->to_module - file->to_dwarf;
}

static struct unit *find_unit(struct dwarf_file *file, uint64_t dwarf_address)
{
	const struct dwarf_range *range = dwarf_ranges_find(&file->ranges, dwarf_address);

	return range ? &file->units[range->unit] : NULL;
}

int dwarf_file_line(struct dwarf_file *file, uint64_t address, const char **name,
		    int *number)
{
	uint64_t at = dwarf_file_address(file, address);
	struct unit *unit = find_unit(file, at);
	Dwarf_Line *line = unit ? dwarf_getsrc_die(&unit->lines, at) : NULL;

	if (!line || dwarf_lineno(line, number))
		return -ENOENT;
	*name = dwarf_linesrc(line, NULL, NULL);
	return *name && *number ? 0 : -ENOENT;
}

/* Functions */

/* Adds what stands at the top of a unit, and in C++'s namespaces. */
static int collect(Dwarf_Die *parent, unsigned depth,
		   int (*add)(struct unit *, Dwarf_Die *), struct unit *unit)
{
	Dwarf_Die die;
	int err = 0;

	if (depth > NAMESPACES_MAX || dwarf_child(parent, &die))
		return 0;
	do {
		if (dwarf_tag(&die) == DW_TAG_namespace)
			err = collect(&die, depth + 1, add, unit);
		else
			err = add(unit, &die);
	} while (!err && !dwarf_siblingof(&die, &die));
	return err;
}

static int add_function(struct unit *unit, Dwarf_Die *die)
{
	if (dwarf_tag(die) != DW_TAG_subprogram)
		return 0;
	return dwarf_ranges_add_code(&unit->functions, die, die, 0);
}

static const struct dwarf_range *find_function(struct unit *unit, uint64_t at)
{
	if (!unit->has_functions) {
		unit->has_functions = true;
		collect(&unit->code, 0, add_function, unit);
		dwarf_ranges_sort(&unit->functions);
	}
	return dwarf_ranges_find(&unit->functions, at);
}

static bool is_scope(Dwarf_Die *die)
{
	switch (dwarf_tag(die)) {
	case DW_TAG_lexical_block:
	case DW_TAG_inlined_subroutine:
	case DW_TAG_subprogram:
	case DW_TAG_try_block:
	case DW_TAG_catch_block:
	case DW_TAG_with_stmt:
		return true;
	default:
		return false;
	}
}

/* The child of @scope that holds the address. */
static bool inner_scope(Dwarf_Die *scope, uint64_t at, Dwarf_Die *inner)
{
	if (dwarf_child(scope, inner))
		return false;
	do {
		if (is_scope(inner) && dwarf_haspc(inner, at) > 0)
			return true;
	} while (!dwarf_siblingof(inner, inner));
	return false;
}

size_t dwarf_file_scopes(struct dwarf_file *file, uint64_t address,
			 Dwarf_Die scopes[DWARF_SCOPES_MAX])
{
	uint64_t at = dwarf_file_address(file, address);
	struct unit *unit = find_unit(file, at);
	const struct dwarf_range *function = unit ? find_function(unit, at) : NULL;
	size_t count = 1;

	if (!function)
		return 0;
	scopes[0] = function->die;
	while (count < DWARF_SCOPES_MAX &&
	       inner_scope(&scopes[count - 1], at, &scopes[count]))
		count++;
	return count;
}

/* Global variables */

/* Where a variable is that has an address of its own; 0 if it has none. */
static uint64_t variable_address(Dwarf_Die *die)
{
	Dwarf_Attribute attribute, indexed;
	Dwarf_Addr address;
	Dwarf_Op *ops;
	size_t nr_ops;

	if (!dwarf_attr_integrate(die, DW_AT_location, &attribute) ||
	    dwarf_getlocation(&attribute, &ops, &nr_ops) || nr_ops != 1)
		return 0;
	if (ops->atom == DW_OP_addr)
		return ops->number;
	if (ops->atom != DW_OP_addrx && ops->atom != DW_OP_GNU_addr_index)
		return 0;
	if (dwarf_getlocation_attr(&attribute, ops, &indexed) ||
	    dwarf_formaddr(&indexed, &address))
		return 0;
	return address;
}

static int add_variable(struct unit *unit, Dwarf_Die *die)
{
	uint64_t address;
	Dwarf_Die type;

	if (dwarf_tag(die) != DW_TAG_variable)
		return 0;
	address = variable_address(die);
	if (!address || !dwarf_type_of(die, &type))
		return 0;
	return dwarf_ranges_add(&unit->variables, address,
				address + dwarf_type_size(&type), die, 0);
}

int dwarf_file_global(struct dwarf_file *file, uint64_t address, uint64_t target,
		      Dwarf_Die *variable, uint64_t *start)
{
	struct unit *unit = find_unit(file, dwarf_file_address(file, address));
	const struct dwarf_range *found;

	if (!unit)
		return -ENOENT;
	if (!unit->has_variables) {
		unit->has_variables = true;
		collect(&unit->code, 0, add_variable, unit);
		dwarf_ranges_sort(&unit->variables);
	}
	found = dwarf_ranges_find(&unit->variables, dwarf_file_address(file, target));
	if (!found)
		return -ENOENT;
	*variable = found->die;
	*start = found->low;
	return 0;
}

/* Frames */

static int frame_of(Dwarf_CFI *cfi, uint64_t at, unsigned *reg, int64_t *offset)
{
	Dwarf_Frame *frame;
	Dwarf_Op *ops;
	size_t nr_ops;
	int err = -ENOENT;

	if (!cfi || dwarf_cfi_addrframe(cfi, at, &frame))
		return err;
	if (!dwarf_frame_cfa(frame, &ops, &nr_ops) && nr_ops == 1) {
		if (ops->atom == DW_OP_bregx) {
			*reg = (unsigned)ops->number;
			*offset = (int64_t)ops->number2;
			err = 0;
		} else if (ops->atom >= DW_OP_breg0 && ops->atom <= DW_OP_breg31) {
			*reg = ops->atom - DW_OP_breg0;
			*offset = (int64_t)ops->number;
			err = 0;
		}
	}
	free(frame);
	return err;
}

int dwarf_file_frame(struct dwarf_file *file, uint64_t address, unsigned *reg,
		     int64_t *offset)
{
	uint64_t in_module = address + file->to_module;
	Dwarf_Addr bias = 0;
	Dwarf_CFI *cfi = dwfl_module_eh_cfi(file->module, &bias);

	if (!frame_of(cfi, in_module - bias, reg, offset))
		return 0;
	cfi = dwfl_module_dwarf_cfi(file->module, &bias);
	return frame_of(cfi, in_module - bias, reg, offset);
}

/* Code */

static bool find_code(struct dwarf_file *file, Elf *elf, uint64_t address)
{
	Elf_Scn *section = NULL;
	GElf_Shdr header;
	Elf_Data *data;

	while ((section = elf_nextscn(elf, section))) {
		if (!gelf_getshdr(section, &header) || header.sh_type != SHT_PROGBITS ||
		    address < header.sh_addr ||
		    address - header.sh_addr >= header.sh_size ||
		    !(header.sh_flags & SHF_EXECINSTR))
			continue;
		data = elf_rawdata(section, NULL);
		if (!data || !data->d_buf)
			return false;
		file->code = data->d_buf;
		file->code_address = header.sh_addr;
		file->code_size = data->d_size;
		return true;
	}
	return false;
}

const uint8_t *dwarf_file_code(struct dwarf_file *file, uint64_t address, size_t *before)
{
	GElf_Addr bias;
	Elf *elf = dwfl_module_getelf(file->module, &bias);
	GElf_Ehdr header;

	if (!file->code || address - file->code_address > file->code_size) {
		if (!elf || !gelf_getehdr(elf, &header) ||
		    header.e_machine != EM_X86_64 || !find_code(file, elf, address))
			return NULL;
	}
	if (address - file->code_address > file->code_size)
		return NULL;
	*before = address - file->code_address;
	return file->code + *before;
}
