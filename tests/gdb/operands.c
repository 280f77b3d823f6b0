// SPDX-License-Identifier: GPL-2.0-or-later
/* A site with every form of operand that x86_64 has; gdb_test.py knows the values. */
#include <stdint.h>
#include <sys/sdt.h>

/* Found by the operands, by name. */
int64_t table[] = {11, -22, 33};

static const int32_t numbers[] = {65535, 2, 3, 4, -50};
static const float quarter = 0.25F;

int main(void)
{
	const int32_t *base = numbers;
	const float *fraction = &quarter;
	double half = -1.5;

	__asm__ volatile(
		"movapd %%xmm0, %%xmm1\n\tmov $2, %%ecx\n\tmov $0x85, %%ah\n"
		"990:\tnop\n"
		"\t.pushsection .note.stapsdt,\"\",\"note\"\n"
		"\t.balign 4\n"
		"\t.4byte 992f-991f, 994f-993f, 3\n"
		"991:\t.asciz \"stapsdt\"\n"
		"992:\t.balign 4\n"
		"993:\t.8byte 990b, _.stapsdt.base, 0\n"
		"\t.asciz \"forms\"\n\t.asciz \"all\"\n"
		"\t.asciz \"-4@8(%%rbx,%%rcx,4) 2@(%%rbx) -8@$-3 1@%%ah -1@%%ah "
		"8f@%%xmm1 "
		"4f@(%%rdx) -8@table+8(%%rip) -8@16+table(%%rip) 8@(,%%rcx,8) 3@%%rbx "
		"8@%%fs:0\"\n"
		"994:\t.balign 4\n"
		"\t.popsection\n"
		:
		: "b"(base), "d"(fraction), "Yz"(half)
		: "rcx", "rax", "xmm1");
	__asm__ volatile(_SDT_ASM_BASE); /* GDB finds no probes without it */
	return 0;
}
