// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Runs the probes of forms.S and prints what each hit's arguments are, a line per hit:
 * "name arg1=… arg2=…", in decimal, as record_test.py expects to find them in the trace.
 */
#include <stdint.h>
#include <stdio.h>

extern void forms(void);
extern const uint64_t forms_table[3];

static int argument;

static void begin(const char *name)
{
	argument = 0;
	printf("%s%s", "", name);
}

static void s(int64_t value)
{
	printf(" arg%d=%lld", ++argument, (long long)value);
}

static void u(uint64_t value)
{
	printf(" arg%d=%llu", ++argument, (unsigned long long)value);
}

static void left_out(void)
{
	argument++;
}

int main(void)
{
	const uint64_t rdi = 0x8899aabbccddeeff;

	begin("registers");
	u(rdi), u((uint32_t)rdi), s((int32_t)rdi), u((uint16_t)rdi), s((int8_t)rdi);
	u(0xcd), u(0xef), u(0x89abcdef), s(-300), u((uint64_t)-300);
	begin("\nmemory");
	u(0x1020304050607080), u(0x50607080), s(-77), u(forms_table[0]),
		u(forms_table[1]);
	u(forms_table[0]), u(forms_table[1]), u(forms_table[2]), u(0x7788), s(0x10);
	begin("\nconstants");
	s(-5), u(4294967296000), u(255), u(16), s(-1), u(8192);
	begin("\nleft_out");
	left_out(), u(rdi), left_out(), u(7);
	begin("\nmixed");
	s(-3), u((uint32_t)rdi), u(0x0123456789abcdef);
	begin("\nmixed");
	s(9), u(rdi), u(0xef);
	begin("\nwidened");
	s(-3), s(-77), s((int8_t)rdi), u((uint32_t)rdi);
	begin("\nwidened");
	s(-300), s(0x1020304050607080), s(-300), u(rdi);
	begin("\nnone");
	putchar('\n');
	forms();
	return 0;
}
