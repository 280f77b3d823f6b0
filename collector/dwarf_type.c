// SPDX-License-Identifier: GPL-2.0-or-later
/* C types of debug information as types of arguments. */
#include "collector/dwarf_type.h"

#include <dwarf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { NESTING_MAX = 8, TYPEDEFS_MAX = 64, WORDS_MAX = 256 };

/* dwarf_peel_type() also drops pointers to nothing it knows, so it is done here. */
static bool peel(Dwarf_Die *type)
{
	for (unsigned i = 0; i < TYPEDEFS_MAX; i++) {
		Dwarf_Attribute attribute;

		switch (dwarf_tag(type)) {
		case DW_TAG_typedef:
		case DW_TAG_const_type:
		case DW_TAG_volatile_type:
		case DW_TAG_restrict_type:
		case DW_TAG_atomic_type:
			if (!dwarf_attr_integrate(type, DW_AT_type, &attribute) ||
			    !dwarf_formref_die(&attribute, type))
				return false; /* void */
			break;
		default:
			return true;
		}
	}
	return false;
}

bool dwarf_type_of(Dwarf_Die *die, Dwarf_Die *type)
{
	Dwarf_Attribute attribute;

	return dwarf_attr_integrate(die, DW_AT_type, &attribute) &&
	       dwarf_formref_die(&attribute, type) && peel(type);
}

uint64_t dwarf_type_size(Dwarf_Die *type)
{
	Dwarf_Word size;

	return dwarf_aggregate_size(type, &size) ? 0 : size;
}

static bool is_pointer(int tag)
{
	return tag == DW_TAG_pointer_type || tag == DW_TAG_reference_type ||
	       tag == DW_TAG_rvalue_reference_type;
}

bool dwarf_type_target(Dwarf_Die *pointer, Dwarf_Die *target)
{
	return is_pointer(dwarf_tag(pointer)) && dwarf_type_of(pointer, target);
}

/* Text, not bytes: unsigned char and uint8_t are no text. */
static bool is_char(Dwarf_Die *type)
{
	const char *name = dwarf_diename(type);

	return dwarf_tag(type) == DW_TAG_base_type && name && !strcmp(name, "char");
}

static void read_pointer(Dwarf_Die *type, struct argument *a)
{
	Dwarf_Die target;

	a->size = 8;
	a->kind = ARGUMENT_HEX;
	if (dwarf_tag(type) == DW_TAG_pointer_type && dwarf_type_of(type, &target) &&
	    is_char(&target))
		a->kind = ARGUMENT_STRING;
}

static void read_base(Dwarf_Die *type, unsigned size, struct argument *a)
{
	Dwarf_Attribute attribute;
	Dwarf_Word encoding;

	if (!dwarf_attr(type, DW_AT_encoding, &attribute) ||
	    dwarf_formudata(&attribute, &encoding))
		return;
	switch (encoding) {
	case DW_ATE_float:
		if (size < 4)
			return;
		a->kind = ARGUMENT_FLOAT;
		a->is_signed = true;
		break;
	case DW_ATE_signed:
	case DW_ATE_signed_char:
		a->is_signed = true;
		break;
	case DW_ATE_unsigned:
	case DW_ATE_unsigned_char:
	case DW_ATE_boolean:
	case DW_ATE_UTF:
		break;
	default:
		return;
	}
	a->size = (uint8_t)size;
}

static bool read_value(Dwarf_Die *die, int64_t *value)
{
	Dwarf_Attribute attribute;
	Dwarf_Sword number;

	if (!dwarf_attr(die, DW_AT_const_value, &attribute) ||
	    dwarf_formsdata(&attribute, &number))
		return false;
	*value = number;
	return true;
}

static int add_word(Dwarf_Die *die, struct argument *a)
{
	const char *name = dwarf_diename(die);
	struct argument_word *words;
	int64_t value;

	if (dwarf_tag(die) != DW_TAG_enumerator || !name || !read_value(die, &value))
		return 0;
	words = reallocarray(a->words, a->nr_words + 1, sizeof(*words));
	if (!words)
		return -ENOMEM;
	a->words = words;
	words[a->nr_words].value = value;
	words[a->nr_words].word = strndup(name, ARGUMENT_NAME_MAX);
	if (!words[a->nr_words].word)
		return -ENOMEM;
	a->nr_words++;
	a->is_signed |= value < 0;
	return 0;
}

static int read_enum(Dwarf_Die *type, unsigned size, struct argument *a)
{
	Dwarf_Die die;
	int err = 0;

	a->size = (uint8_t)size;
	if (dwarf_child(type, &die))
		return 0;
	do
		err = add_word(&die, a);
	while (!err && a->nr_words < WORDS_MAX && !dwarf_siblingof(&die, &die));
	return err;
}

int dwarf_type_argument(Dwarf_Die *type, struct argument *argument)
{
	uint64_t size = dwarf_type_size(type);
	int tag = dwarf_tag(type);

	*argument = (struct argument){.kind = ARGUMENT_INTEGER};
	if (is_pointer(tag)) {
		read_pointer(type, argument);
		return 0;
	}
	if (size != 1 && size != 2 && size != 4 && size != 8)
		return 0;
	if (tag == DW_TAG_base_type)
		read_base(type, (unsigned)size, argument);
	else if (tag == DW_TAG_enumeration_type)
		return read_enum(type, (unsigned)size, argument);
	return 0;
}

/* Members */

static bool number_of(Dwarf_Die *die, unsigned name, uint64_t *number)
{
	Dwarf_Attribute attribute;
	Dwarf_Word word;

	if (!dwarf_attr_integrate(die, name, &attribute) ||
	    dwarf_formudata(&attribute, &word))
		return false;
	*number = word;
	return true;
}

static bool is_aggregate(Dwarf_Die *type)
{
	int tag = dwarf_tag(type);

	return tag == DW_TAG_structure_type || tag == DW_TAG_class_type ||
	       tag == DW_TAG_union_type || tag == DW_TAG_array_type;
}

/* The member, or base class, that spans the bytes; where in it they begin. */
static bool spans(Dwarf_Die *die, uint64_t *offset, unsigned size, Dwarf_Die *type)
{
	uint64_t start = 0;
	int tag = dwarf_tag(die);

	if ((tag != DW_TAG_member && tag != DW_TAG_inheritance) ||
	    dwarf_hasattr(die, DW_AT_bit_size) || dwarf_hasattr(die, DW_AT_external))
		return false;
	number_of(die, DW_AT_data_member_location, &start);
	if (*offset < start || !dwarf_type_of(die, type) ||
	    *offset - start + size > dwarf_type_size(type))
		return false;
	*offset -= start;
	return true;
}

static bool find_member(Dwarf_Die *aggregate, uint64_t offset, unsigned size,
			const char **name, Dwarf_Die *type, unsigned depth);

/* What was found: the bytes themselves, or what is nested there. */
static bool look_inside(uint64_t offset, unsigned size, const char **name,
			Dwarf_Die *type, unsigned depth)
{
	Dwarf_Die outer = *type;

	if (is_aggregate(&outer))
		return find_member(&outer, offset, size, name, type, depth + 1);
	return offset == 0;
}

static bool find_element(Dwarf_Die *array, uint64_t offset, unsigned size,
			 const char **name, Dwarf_Die *type, unsigned depth)
{
	uint64_t length = 0;

	if (dwarf_type_of(array, type))
		length = dwarf_type_size(type);
	return length && look_inside(offset % length, size, name, type, depth);
}

static bool find_member(Dwarf_Die *aggregate, uint64_t offset, unsigned size,
			const char **name, Dwarf_Die *type, unsigned depth)
{
	Dwarf_Die die;

	if (depth > NESTING_MAX)
		return false;
	if (dwarf_tag(aggregate) == DW_TAG_array_type)
		return find_element(aggregate, offset, size, name, type, depth);
	if (dwarf_child(aggregate, &die))
		return false;
	do {
		const char *was = *name, *own = dwarf_diename(&die);
		uint64_t inside = offset;

		if (!spans(&die, &inside, size, type))
			continue;
		if (own && dwarf_tag(&die) == DW_TAG_member)
			*name = own;
		if (look_inside(inside, size, name, type, depth))
			return true;
		*name = was;
	} while (!dwarf_siblingof(&die, &die));
	return false;
}

bool dwarf_type_member(Dwarf_Die *aggregate, uint64_t offset, unsigned size,
		       const char **name, Dwarf_Die *type)
{
	return is_aggregate(aggregate) &&
	       find_member(aggregate, offset, size, name, type, 0);
}
