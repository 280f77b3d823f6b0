// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Parses the argument operands of stapsdt notes.
 *
 * An argument is [-]SIZE[f]@OPERAND, or OPERAND alone in notes of the first days.
 * Arguments are separated by blanks, but aarch64 puts blanks inside its brackets, so
 * the text is first cut into arguments with an eye on brackets and then each is parsed
 * by its machine's function. A parser works on a cursor (struct cursor) that only
 * moves forward; whatever is left unread at the end makes the operand OPERAND_NONE.
 *
 * Rejected: regular expressions or sscanf, as bcc and libbpf do. They let half-read
 * operands pass ("8@44+sym(%rip)" became 44).
 */
#include "collector/operand.h"

#include <ctype.h>
#include <elf.h>
#include <string.h>

struct cursor {
	const char *at;
	const char *end;
};

/* A family of names for one register: the size in a note governs, so all mean it. */
struct register_row {
	const char *names[4];
	const char *fetch; /* the kernel's name in fetch arguments */
	int offset;	   /* in struct pt_regs */
};

static const struct register_row x86_64_registers[] = {
	{{"rax", "eax", "ax", "al"}, "ax", 80},
	{{"rdx", "edx", "dx", "dl"}, "dx", 96},
	{{"rcx", "ecx", "cx", "cl"}, "cx", 88},
	{{"rbx", "ebx", "bx", "bl"}, "bx", 40},
	{{"rsi", "esi", "si", "sil"}, "si", 104},
	{{"rdi", "edi", "di", "dil"}, "di", 112},
	{{"rbp", "ebp", "bp", "bpl"}, "bp", 32},
	{{"rsp", "esp", "sp", "spl"}, "sp", 152},
	{{"r8", "r8d", "r8w", "r8b"}, "r8", 72},
	{{"r9", "r9d", "r9w", "r9b"}, "r9", 64},
	{{"r10", "r10d", "r10w", "r10b"}, "r10", 56},
	{{"r11", "r11d", "r11w", "r11b"}, "r11", 48},
	{{"r12", "r12d", "r12w", "r12b"}, "r12", 24},
	{{"r13", "r13d", "r13w", "r13b"}, "r13", 16},
	{{"r14", "r14d", "r14w", "r14b"}, "r14", 8},
	{{"r15", "r15d", "r15w", "r15b"}, "r15", 0},
	{{"rip", "eip", "ip", "pc"}, "ip", 128},
};

/* The second bytes: %ah is byte 1 of register 0. In the order of register numbers. */
static const char *const x86_64_high_bytes[] = {"ah", "dh", "ch", "bh"};

static const char *const aarch64_names[] = {
	"x0",  "x1",  "x2",  "x3",  "x4",  "x5",  "x6",	 "x7",	"x8",  "x9",  "x10",
	"x11", "x12", "x13", "x14", "x15", "x16", "x17", "x18", "x19", "x20", "x21",
	"x22", "x23", "x24", "x25", "x26", "x27", "x28", "x29", "x30", "sp",  "pc",
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char vector_register[] =
	"a vector register, which no kernel tracer can read";
static const char not_understood[] = "an operand of unknown form";
static const char odd_size[] = "a value of other than 1, 2, 4 or 8 bytes";
static const char no_symbol[] = "relative to %rip without a symbol";
static const char other_machine[] = "an operand of a machine that is not known here";
static const char segment_base[] = "thread-local, whose base the kernel does not pass";

static bool cursor_skip(struct cursor *c, char expected)
{
	if (c->at == c->end || *c->at != expected)
		return false;
	c->at++;
	return true;
}

static void cursor_blanks(struct cursor *c)
{
	while (c->at < c->end && (*c->at == ' ' || *c->at == '\t'))
		c->at++;
}

/* Decimal, 0x or octal digits without a sign; wraps at 64 bits as assemblers do. */
static bool cursor_digits(struct cursor *c, uint64_t *value)
{
	unsigned base = 10;
	const char *start;

	if (c->end - c->at > 2 && c->at[0] == '0' &&
	    (c->at[1] == 'x' || c->at[1] == 'X')) {
		base = 16;
		c->at += 2;
	}
	start = c->at;
	for (*value = 0; c->at < c->end && isxdigit((unsigned char)*c->at); c->at++) {
		unsigned digit = isdigit((unsigned char)*c->at)
					 ? (unsigned)(*c->at - '0')
					 : (unsigned)((*c->at | 0x20) - 'a' + 10);

		if (digit >= base)
			break;
		*value = *value * base + digit;
	}
	return c->at > start;
}

static bool cursor_number(struct cursor *c, int64_t *value)
{
	struct cursor saved = *c;
	bool minus = cursor_skip(c, '-');
	uint64_t digits;

	if (!minus)
		cursor_skip(c, '+');
	if (!cursor_digits(c, &digits)) {
		*c = saved;
		return false;
	}
	*value = (int64_t)(minus ? 0 - digits : digits);
	return true;
}

static bool is_name_byte(char byte)
{
	return isalnum((unsigned char)byte) || byte == '_' || byte == '.' || byte == '$';
}

static struct cursor cursor_name(struct cursor *c)
{
	struct cursor name = {c->at, c->at};

	while (c->at < c->end && is_name_byte(*c->at))
		c->at++;
	name.end = c->at;
	return name;
}

static bool name_is(struct cursor name, const char *word)
{
	size_t size = (size_t)(name.end - name.at);

	return strlen(word) == size && memcmp(name.at, word, size) == 0;
}

static struct operand unfetchable(struct operand operand, const char *why)
{
	operand.kind = OPERAND_NONE;
	operand.why = why;
	return operand;
}

/* "%rdi": the register's number, and the byte in it where the name begins. */
static bool x86_64_register(struct cursor *c, uint8_t *number, uint8_t *byte)
{
	struct cursor name;

	if (!cursor_skip(c, '%'))
		return false;
	name = cursor_name(c);
	*byte = 0;
	for (uint8_t i = 0; i < COUNT(x86_64_registers); i++)
		for (size_t j = 0; j < COUNT(x86_64_registers[i].names); j++)
			if (name_is(name, x86_64_registers[i].names[j])) {
				*number = i;
				return true;
			}
	for (uint8_t i = 0; i < COUNT(x86_64_high_bytes); i++)
		if (name_is(name, x86_64_high_bytes[i])) {
			*number = i;
			*byte = 1;
			return true;
		}
	*number = REGISTER_NONE;
	return false;
}

/* "sym", "sym+8", "8+sym", "-8": any sum of numbers and at most one symbol. */
static bool x86_64_sum(struct cursor *c, struct operand *o)
{
	bool any = false;
	int64_t number;

	for (;; any = true) {
		if (any && c->at < c->end && *c->at != '+' && *c->at != '-')
			return true;
		if (cursor_number(c, &number)) {
			o->value = (int64_t)((uint64_t)o->value + (uint64_t)number);
			continue;
		}
		if (any && !cursor_skip(c, '+'))
			return c->at == c->end;
		if (c->at == c->end || *c->at == '(')
			return any;
		if (o->symbol)
			return false;
		o->symbol = c->at;
		cursor_name(c);
		o->symbol_size = (size_t)(c->at - o->symbol);
		if (o->symbol_size == 0)
			return false;
	}
}

/* "(%rbp,%rcx,8)", "(,%rcx,4)", "(%rip)". */
static bool x86_64_parentheses(struct cursor *c, struct operand *o)
{
	uint8_t byte;
	int64_t scale;

	if (!cursor_skip(c, '('))
		return false;
	if (c->at < c->end && *c->at != ',' && !x86_64_register(c, &o->base, &byte))
		return false;
	if (cursor_skip(c, ',')) {
		if (!x86_64_register(c, &o->index, &byte))
			return false;
		if (cursor_skip(c, ',')) {
			if (!cursor_number(c, &scale) ||
			    (scale != 1 && scale != 2 && scale != 4 && scale != 8))
				return false;
			o->scale = (uint8_t)scale;
		}
	}
	return cursor_skip(c, ')');
}

static struct operand x86_64_operand(struct cursor c, struct operand o)
{
	if (c.end - c.at > 4 && memcmp(c.at, "%fs:", 4) == 0)
		return unfetchable(o, segment_base);
	if (*c.at == '%') {
		o.kind = OPERAND_REGISTER;
		if (c.end - c.at > 4 && memcmp(c.at + 2, "mm", 2) == 0)
			return unfetchable(o, vector_register);
		if (!x86_64_register(&c, &o.base, &o.byte) || c.at != c.end)
			return unfetchable(o, not_understood);
		return o;
	}
	if (cursor_skip(&c, '$')) {
		if (!x86_64_sum(&c, &o) || c.at != c.end)
			return unfetchable(o, not_understood);
		o.kind = o.symbol ? OPERAND_ADDRESS : OPERAND_CONSTANT;
		return o;
	}
	o.kind = OPERAND_MEMORY;
	if (*c.at != '(' && !x86_64_sum(&c, &o))
		return unfetchable(o, not_understood);
	if (c.at != c.end && (!x86_64_parentheses(&c, &o) || c.at != c.end))
		return unfetchable(o, not_understood);
	if (o.base == REGISTER_RIP && !o.symbol)
		return unfetchable(o, no_symbol);
	if (o.symbol && o.base == REGISTER_RIP)
		o.base = REGISTER_NONE; /* the symbol alone says it all */
	return o;
}

/* "x3", "w3", "sp", "xzr": a zero register is the constant 0. */
static bool aarch64_register(struct cursor *c, uint8_t *number, bool *zero, bool *half)
{
	struct cursor name = cursor_name(c);
	char wide[8] = {0};

	*zero = name_is(name, "xzr") || name_is(name, "wzr");
	*half = name.at < name.end && *name.at == 'w';
	if (*zero)
		return true;
	if ((size_t)(name.end - name.at) >= sizeof(wide))
		return false;
	memcpy(wide, name.at, (size_t)(name.end - name.at));
	if (wide[0] == 'w')
		wide[0] = wide[1] == 's' ? ' ' : 'x';
	if (strcmp(wide, " sp") == 0)
		memcpy(wide, "sp", 3);
	for (uint8_t i = 0; i < COUNT(aarch64_names); i++)
		if (strcmp(wide, aarch64_names[i]) == 0) {
			*number = i;
			return true;
		}
	return false;
}

/* What may follow an index: "lsl 3", "sxtw 2", "uxtw". */
static bool aarch64_extend(struct cursor *c, struct operand *o)
{
	struct cursor name;
	int64_t shift = 0;

	cursor_blanks(c);
	name = cursor_name(c);
	if (name_is(name, "sxtw"))
		o->extend = EXTEND_S32;
	else if (name_is(name, "uxtw"))
		o->extend = EXTEND_U32;
	else if (!name_is(name, "lsl") && !name_is(name, "sxtx"))
		return false;
	cursor_blanks(c);
	cursor_skip(c, '#');
	if (cursor_number(c, &shift) && (shift < 0 || shift > 3))
		return false;
	o->scale = (uint8_t)(1 << shift);
	return true;
}

/* "[x0]", "[sp, 96]", "[x29,-8]", "[x0, w1, sxtw 2]". */
static bool aarch64_memory(struct cursor *c, struct operand *o)
{
	bool zero, half;

	if (!aarch64_register(c, &o->base, &zero, &half) || zero)
		return false;
	cursor_blanks(c);
	if (cursor_skip(c, ',')) {
		cursor_blanks(c);
		cursor_skip(c, '#');
		if (!cursor_number(c, &o->value)) {
			if (!aarch64_register(c, &o->index, &zero, &half) || zero)
				return false;
			o->extend = half ? EXTEND_U32 : EXTEND_NONE;
			cursor_blanks(c);
			if (cursor_skip(c, ',') && !aarch64_extend(c, o))
				return false;
		}
		cursor_blanks(c);
	}
	return cursor_skip(c, ']');
}

static struct operand aarch64_operand(struct cursor c, struct operand o)
{
	bool zero, half;

	if (cursor_skip(&c, '[')) {
		o.kind = OPERAND_MEMORY;
		if (!aarch64_memory(&c, &o) || c.at != c.end)
			return unfetchable(o, not_understood);
		return o;
	}
	o.kind = OPERAND_CONSTANT;
	cursor_skip(&c, '#');
	if (cursor_number(&c, &o.value) && c.at == c.end)
		return o;
	if (strchr("dsvqhb", *c.at) && c.end - c.at > 1 &&
	    isdigit((unsigned char)c.at[1]))
		return unfetchable(o, vector_register);
	if (!aarch64_register(&c, &o.base, &zero, &half) || c.at != c.end)
		return unfetchable(o, not_understood);
	o.kind = zero ? OPERAND_CONSTANT : OPERAND_REGISTER;
	return o;
}

/* The end of the argument that begins at @at: a blank outside of brackets. */
static const char *argument_end(const char *at)
{
	bool inside = false;

	for (; *at && (inside || (*at != ' ' && *at != '\t')); at++) {
		if (*at == '[')
			inside = true;
		else if (*at == ']')
			inside = false;
	}
	return at;
}

static struct operand one_operand(struct cursor c, uint16_t machine)
{
	struct operand o = {
		.base = REGISTER_NONE, .index = REGISTER_NONE, .scale = 1, .size = 8};
	const char *at_sign = memchr(c.at, '@', (size_t)(c.end - c.at));
	uint64_t size = 8;

	if (at_sign) {
		o.is_signed = cursor_skip(&c, '-');
		if (!cursor_digits(&c, &size))
			return unfetchable(o, not_understood);
		o.is_float = cursor_skip(&c, 'f');
		if (!cursor_skip(&c, '@'))
			return unfetchable(o, not_understood);
	}
	if (size != 1 && size != 2 && size != 4 && size != 8)
		return unfetchable(o, odd_size);
	o.size = (uint8_t)size;
	if (c.at == c.end)
		return unfetchable(o, not_understood);
	if (machine == EM_X86_64)
		return x86_64_operand(c, o);
	return machine == EM_AARCH64 ? aarch64_operand(c, o)
				     : unfetchable(o, other_machine);
}

size_t operands_parse(const char *text, uint16_t machine, struct operand *operands)
{
	size_t count = 0;

	if (*text == ':') /* how some old notes say that there are none */
		return 0;
	for (;;) {
		struct cursor c;

		while (*text == ' ' || *text == '\t')
			text++;
		if (!*text)
			return count;
		c = (struct cursor){text, argument_end(text)};
		if (count < ARGUMENTS_MAX)
			operands[count] = one_operand(c, machine);
		count++;
		text = c.end;
	}
}

const char *operand_register_name(uint16_t machine, uint8_t number)
{
	if (machine == EM_X86_64 && number < COUNT(x86_64_registers))
		return x86_64_registers[number].fetch;
	if (machine == EM_AARCH64 && number < COUNT(aarch64_names))
		return aarch64_names[number];
	return NULL;
}

int operand_register_offset(uint16_t machine, uint8_t number)
{
	if (machine == EM_X86_64 && number < COUNT(x86_64_registers))
		return x86_64_registers[number].offset;
	if (machine == EM_AARCH64 && number < COUNT(aarch64_names))
		return number * 8;
	return -1;
}
