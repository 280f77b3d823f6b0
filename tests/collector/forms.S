/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One probe for each family of x86_64 operands, with values that forms.c knows. The
 * notes are written by hand because no compiler can be made to choose each form.
 */
	.macro probe name, arguments
990:	nop
	.pushsection .note.stapsdt, "", "note"
	.balign 4
	.4byte 992f-991f, 994f-993f, 3
991:	.asciz "stapsdt"
992:	.balign 4
993:	.8byte 990b, _.stapsdt.base, 0
	.asciz "forms"
	.asciz "\name"
	.asciz "\arguments"
994:	.balign 4
	.popsection
	.endm

	.pushsection .stapsdt.base, "aG", "progbits", .stapsdt.base, comdat
	.weak _.stapsdt.base
	.hidden _.stapsdt.base
_.stapsdt.base:
	.space 1
	.size _.stapsdt.base, 1
	.popsection

	.data
	.balign 8
	.globl forms_table
	.type forms_table, @object
	.size forms_table, 24
forms_table:
	.8byte 0x1122334455667788
	.8byte 0xfedcba9876543210
	.8byte 0x0102030405060708

	.text
	.globl forms
	.type forms, @function
forms:
	push %rbp
	mov %rsp, %rbp
	push %rbx
	sub $72, %rsp
	/* registers */
	movabs $0x8899aabbccddeeff, %rdi
	movabs $0x0123456789abcdef, %rax
	mov $-300, %r9
	probe registers, "8@%rdi 4@%edi -4@%edi 2@%di -1@%dil 1@%ah 1@%al 4@%al -2@%r9w 8@%r9"
	/* memory */
	movabs $0x1020304050607080, %rbx
	mov %rbx, -16(%rbp)
	movl $-77, -28(%rbp)
	mov $-1, %rcx
	lea forms_table(%rip), %rdx
	shr $2, %rdx
	probe memory, "8@-16(%rbp) 4@-16(%rbp) -4@-20(%rbp,%rcx,8) 8@(,%rdx,4) 8@8(,%rdx,4) 8@forms_table(%rip) 8@forms_table+8(%rip) 8@16+forms_table(%rip) 2@forms_table(%rip) -1@8+forms_table(%rip)"
	/* constants and addresses */
	probe constants, "-4@$-5 8@$4294967296000 1@$255 4@$0x10 -8@$-1 -4@$8192"
	/* what nobody can read is left out */
	probe left_out, "8f@%xmm0 8@%rdi 16@%rax 4@$7"
	/* two sites of one probe: the common type holds both */
	mov $-3, %esi
	probe mixed, "-4@%esi 4@%edi 8@%rax"
	probe mixed, "-2@$9 8@%rdi 1@%al"
	/* a narrower signed value is widened by its sign */
	probe widened, "-4@%esi -4@-28(%rbp) -1@%dil 4@%edi"
	probe widened, "-8@%r9 -8@-16(%rbp) -2@%r9w 8@%rdi"
	probe none, ""
	add $72, %rsp
	pop %rbx
	pop %rbp
	ret
	.size forms, . - forms
	.section .note.GNU-stack, "", @progbits
