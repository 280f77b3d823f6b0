// SPDX-License-Identifier: GPL-2.0-or-later
/* A library of nothing but stapsdt notes, for any machine: a probe notes:one with OPERANDS. */
__asm__(".text\n"
	"990: nop\n"
	".pushsection .note.stapsdt,\"\",\"note\"\n"
	".balign 4\n"
	".4byte 992f-991f, 994f-993f, 3\n"
	"991: .asciz \"stapsdt\"\n"
	"992: .balign 4\n"
	"993: .8byte 990b, 0, 0\n"
	".asciz \"notes\"\n"
	".asciz \"one\"\n"
	".asciz \"" OPERANDS "\"\n"
	"994: .balign 4\n"
	".popsection\n");
