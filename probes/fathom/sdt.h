/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * <fathom/sdt.h>: static probes with names, types and a faster site.
 *
 *	#include <fathom/sdt.h>
 *
 *	FATHOM_PROBE(shop, order__placed,
 *		     (u64, id, order->id),
 *		     (str, customer, order->customer),
 *		     (u8, state, order->state, "0=new,1=paid"));
 *
 * An argument is (TYPE, NAME, VALUE) or (TYPE, NAME, VALUE, "0=word,1=word"), at
 * most 12 of them. TYPE is u8 u16 u32 u64, s8 s16 s32 s64, x8 x16 x32 x64 (printed
 * in hex), f32 f64 or str (a const char * to NUL-terminated text). The value is
 * converted to the type and evaluated once. C11 and C++17, gcc and clang.
 *
 * Every tool sees an ordinary <sys/sdt.h> probe. The names and types stand in a note
 * of their own (owner "fathom"), which costs nothing at run time. docs/probe-notes.md
 * describes both notes.
 *
 * The site. A uprobe on a one-byte nop is a trap. Newer Linux makes a uprobe on a
 * multi-byte nop a call, several times cheaper, but
 *  - the call that Linux 6.18 puts on a 5-byte nop pushes a return address below the
 *    stack pointer. A leaf function may keep data there (the red zone of the x86_64
 *    ABI), which is then overwritten. Only code without a red zone may have it.
 *  - the call that later kernels put on a 10-byte nop steps over the red zone.
 * So a site is nop, nop10, and nop5 only if FATHOM_SDT_NO_RED_ZONE is defined, which
 * the pkg-config and CMake packages do together with -mno-red-zone. Everybody may
 * attach to the first byte; a tool that knows the note picks the fastest that is safe.
 *
 * The call of Linux 6.18 also goes to memory that forked children do not get: they die at
 * a site that their parent has hit. Define FATHOM_SDT_NO_FORK if no forked child (before
 * exec) comes by your probes; otherwise tools leave the 5-byte nop alone on such kernels.
 *
 * gcc never inlines code without a red zone into code with one. clang does, when it
 * optimises at link time, so for clang FATHOM_SDT_NO_LTO must be defined as well; the
 * CMake package does that together with -fno-lto.
 *
 * Probes whose arguments are costly to compute take a semaphore, a counter that a
 * tracer raises:
 *
 *	FATHOM_SEMAPHORE(shop, basket);           // in one file, at file scope
 *	FATHOM_SEMAPHORE_EXTERN(shop, basket);    // in the others
 *	if (FATHOM_ENABLED(shop, basket))
 *		FATHOM_PROBE_SEMAPHORE(shop, basket, (u32, items, count(basket)));
 *
 * With FATHOM_NO_PROBES defined nothing is compiled in.
 */
#ifndef FATHOM_SDT_H
#define FATHOM_SDT_H

#include <stdint.h>
#include <sys/sdt.h>

/* --- lists -------------------------------------------------------------------- */

/*
 * A list is a head and up to 12 tuples; with the head it is never empty, which ISO C
 * does not allow. FATHOM_COUNT counts the tuples. FATHOM_EACH puts F's results side by
 * side, FATHOM_LIST puts commas between them.
 */
#define FATHOM_CAT(a, b) FATHOM_CAT_(a, b)
#define FATHOM_CAT_(a, b) a##b
#define FATHOM_COUNT(...) FATHOM_COUNT_(__VA_ARGS__, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0, _)
#define FATHOM_COUNT_(h, a, b, c, d, e, f, g, i, j, k, l, m, n, ...) n

#define FATHOM_EACH(F, ...) FATHOM_CAT(FATHOM_EACH_, FATHOM_COUNT(__VA_ARGS__))(F, __VA_ARGS__)
#define FATHOM_EACH_0(F, h)
#define FATHOM_EACH_1(F, h, a) F a
#define FATHOM_EACH_2(F, h, a, b) F a F b
#define FATHOM_EACH_3(F, h, a, b, c) F a F b F c
#define FATHOM_EACH_4(F, h, a, b, c, d) F a F b F c F d
#define FATHOM_EACH_5(F, h, a, b, c, d, e) F a F b F c F d F e
#define FATHOM_EACH_6(F, h, a, b, c, d, e, f) F a F b F c F d F e F f
#define FATHOM_EACH_7(F, h, a, b, c, d, e, f, g) F a F b F c F d F e F f F g
#define FATHOM_EACH_8(F, h, a, b, c, d, e, f, g, i) F a F b F c F d F e F f F g F i
#define FATHOM_EACH_9(F, h, a, b, c, d, e, f, g, i, j) F a F b F c F d F e F f F g F i F j
#define FATHOM_EACH_10(F, h, a, b, c, d, e, f, g, i, j, k) \
	F a F b F c F d F e F f F g F i F j F k
#define FATHOM_EACH_11(F, h, a, b, c, d, e, f, g, i, j, k, l) \
	F a F b F c F d F e F f F g F i F j F k F l
#define FATHOM_EACH_12(F, h, a, b, c, d, e, f, g, i, j, k, l, m) \
	F a F b F c F d F e F f F g F i F j F k F l F m

#define FATHOM_LIST(F, ...) FATHOM_CAT(FATHOM_LIST_, FATHOM_COUNT(__VA_ARGS__))(F, __VA_ARGS__)
#define FATHOM_LIST_0(F, h)
#define FATHOM_LIST_1(F, h, a) F a
#define FATHOM_LIST_2(F, h, a, b) F a, F b
#define FATHOM_LIST_3(F, h, a, b, c) F a, F b, F c
#define FATHOM_LIST_4(F, h, a, b, c, d) F a, F b, F c, F d
#define FATHOM_LIST_5(F, h, a, b, c, d, e) F a, F b, F c, F d, F e
#define FATHOM_LIST_6(F, h, a, b, c, d, e, f) F a, F b, F c, F d, F e, F f
#define FATHOM_LIST_7(F, h, a, b, c, d, e, f, g) F a, F b, F c, F d, F e, F f, F g
#define FATHOM_LIST_8(F, h, a, b, c, d, e, f, g, i) F a, F b, F c, F d, F e, F f, F g, F i
#define FATHOM_LIST_9(F, h, a, b, c, d, e, f, g, i, j) \
	F a, F b, F c, F d, F e, F f, F g, F i, F j
#define FATHOM_LIST_10(F, h, a, b, c, d, e, f, g, i, j, k) \
	F a, F b, F c, F d, F e, F f, F g, F i, F j, F k
#define FATHOM_LIST_11(F, h, a, b, c, d, e, f, g, i, j, k, l) \
	F a, F b, F c, F d, F e, F f, F g, F i, F j, F k, F l
#define FATHOM_LIST_12(F, h, a, b, c, d, e, f, g, i, j, k, l, m) \
	F a, F b, F c, F d, F e, F f, F g, F i, F j, F k, F l, F m

/* --- one argument ------------------------------------------------------------- */

#define FATHOM_TYPE_u8 uint8_t
#define FATHOM_TYPE_u16 uint16_t
#define FATHOM_TYPE_u32 uint32_t
#define FATHOM_TYPE_u64 uint64_t
#define FATHOM_TYPE_s8 int8_t
#define FATHOM_TYPE_s16 int16_t
#define FATHOM_TYPE_s32 int32_t
#define FATHOM_TYPE_s64 int64_t
#define FATHOM_TYPE_x8 uint8_t
#define FATHOM_TYPE_x16 uint16_t
#define FATHOM_TYPE_x32 uint32_t
#define FATHOM_TYPE_x64 uint64_t
#define FATHOM_TYPE_f32 float
#define FATHOM_TYPE_f64 double
#define FATHOM_TYPE_str const char *

/* A tuple has three elements, or four with enum words. */
#define FATHOM_VALUE(...) FATHOM_CAT(FATHOM_VALUE_, FATHOM_COUNT(__VA_ARGS__))(__VA_ARGS__)
#define FATHOM_VALUE_2(type, name, value) (FATHOM_TYPE_##type)(value)
#define FATHOM_VALUE_3(type, name, value, words) (FATHOM_TYPE_##type)(value)

/* Assembler text of the declaration: "u8(0=read,1=write) op;" */
#define FATHOM_DECLARE(...) FATHOM_CAT(FATHOM_DECLARE_, FATHOM_COUNT(__VA_ARGS__))(__VA_ARGS__)
#define FATHOM_DECLARE_2(type, name, value) "\t.ascii \"" #type " " #name ";\"\n"
#define FATHOM_DECLARE_3(type, name, value, words) \
	"\t.ascii \"" #type "(" words ") " #name ";\"\n"

/* --- the site ------------------------------------------------------------------ */

/* Older <sys/sdt.h> has no assembler macros to set up around the operands. */
#ifndef _SDT_DEF_MACROS
#define _SDT_DEF_MACROS
#define _SDT_UNDEF_MACROS
#endif

#define FATHOM_SITE_NOP10 1 /* a nop of ten bytes at +1 */
#define FATHOM_SITE_NOP5 2  /* a nop of five bytes at +11, no red zone here */
#define FATHOM_SITE_NO_FORK 4 /* no forked child of the program comes by here */

/* Linux 6.18 does not copy the trampoline into forked children: one that hits a traced
 * nop5 dies. A program whose children exec at once, or that never forks, says so by
 * defining FATHOM_SDT_NO_FORK; tools leave the nop5 of others alone on such kernels. */
#ifdef FATHOM_SDT_NO_FORK
#define FATHOM_ASM_NO_FORK "|4"
#else
#define FATHOM_ASM_NO_FORK
#endif

#if !defined __x86_64__
#define FATHOM_ASM_NOPS
#define FATHOM_ASM_FLAGS "0"
#elif defined FATHOM_SDT_NO_RED_ZONE && (!defined __clang__ || defined FATHOM_SDT_NO_LTO)
#define FATHOM_ASM_NOPS FATHOM_ASM_NOP10 "\t.byte 0x0f,0x1f,0x44,0x00,0x00\n"
#define FATHOM_ASM_FLAGS "3" FATHOM_ASM_NO_FORK
#else
#define FATHOM_ASM_NOPS FATHOM_ASM_NOP10
#define FATHOM_ASM_FLAGS "1" FATHOM_ASM_NO_FORK
#endif
#define FATHOM_ASM_NOP10 "\t.byte 0x66,0x2e,0x0f,0x1f,0x84,0,0,0,0,0\n"

#define FATHOM_ASM_NOTE(owner, type) \
	"\t.balign 4\n" \
	"\t.4byte 992f-991f, 994f-993f, " #type "\n" \
	"991:\t.asciz \"" owner "\"\n" \
	"992:\t.balign 4\n" \
	"993:\n"
#define FATHOM_ASM_NOTE_END "994:\t.balign 4\n\t.popsection\n"

/* The stapsdt note, as <sys/sdt.h> would write it; its macros make the operands. */
#define FATHOM_ASM_STAPSDT(provider, name, semaphore, n) \
	_SDT_DEF_MACROS \
	"990:\t" _SDT_ASM_1(_SDT_NOP) \
	FATHOM_ASM_NOPS \
	_SDT_ASM_3(.pushsection .note.stapsdt, _SDT_ASM_AUTOGROUP, "note") \
	FATHOM_ASM_NOTE("stapsdt", 3) \
	_SDT_ASM_1(_SDT_ASM_ADDR 990b) \
	_SDT_ASM_1(_SDT_ASM_ADDR _.stapsdt.base) \
	_SDT_ASM_1(_SDT_ASM_ADDR semaphore) \
	"\t.asciz \"" #provider "\"\n" \
	"\t.asciz \"" #name "\"\n" \
	_SDT_ASM_ARGS(n) \
	"\t.ascii \"\\0\"\n" \
	_SDT_UNDEF_MACROS \
	FATHOM_ASM_NOTE_END

/* fathom note 2: which nops follow this site. */
#define FATHOM_ASM_SITE \
	_SDT_ASM_3(.pushsection .note.fathom, _SDT_ASM_AUTOGROUP, "note") \
	FATHOM_ASM_NOTE("fathom", 2) \
	_SDT_ASM_1(_SDT_ASM_ADDR 990b) \
	_SDT_ASM_1(_SDT_ASM_ADDR _.stapsdt.base) \
	"\t.4byte " FATHOM_ASM_FLAGS "\n" \
	FATHOM_ASM_NOTE_END

/* fathom note 1: names and types, once per probe and assembly. */
#define FATHOM_ASM_DECLARATION(provider, name, declarations) \
	"\t.ifndef .Lfathom." #provider "." #name "\n" \
	"\t.set .Lfathom." #provider "." #name ", 1\n" \
	"\t.pushsection .note.fathom,\"\",\"note\"\n" \
	FATHOM_ASM_NOTE("fathom", 1) \
	"\t.asciz \"" #provider "\"\n" \
	"\t.asciz \"" #name "\"\n" \
	declarations \
	"\t.byte 0\n" \
	FATHOM_ASM_NOTE_END \
	"\t.endif\n"

#define FATHOM_OPERANDS(n, ...) FATHOM_CAT(_SDT_ASM_OPERANDS_, n)(__VA_ARGS__)

#define FATHOM_PROBE_(provider, name, semaphore, n, declarations, ...) \
	do { \
		__asm__ __volatile__(FATHOM_ASM_STAPSDT(provider, name, semaphore(provider, name), n) \
					FATHOM_ASM_SITE \
					FATHOM_ASM_DECLARATION(provider, name, declarations) \
				     ::__VA_ARGS__); \
		__asm__ __volatile__(_SDT_ASM_BASE); \
	} while (0)

/* Everything is expanded once before FATHOM_PROBE_ makes strings of it. */
#define FATHOM_PROBE_EXPANDED(...) FATHOM_PROBE_(__VA_ARGS__)
#define FATHOM_HEAD(...) FATHOM_HEAD_(__VA_ARGS__, _)
#define FATHOM_HEAD_(h, ...) h
#define FATHOM_NO_SEMAPHORE(provider, name) 0
#define FATHOM_ITS_SEMAPHORE(provider, name) provider##_##name##_semaphore

#define FATHOM_PROBE_WITH(semaphore, provider, ...) \
	FATHOM_PROBE_EXPANDED(provider, FATHOM_HEAD(__VA_ARGS__), semaphore, \
			      FATHOM_COUNT(__VA_ARGS__), \
			      FATHOM_EACH(FATHOM_DECLARE, __VA_ARGS__), \
			      FATHOM_OPERANDS(FATHOM_COUNT(__VA_ARGS__), \
					      FATHOM_LIST(FATHOM_VALUE, __VA_ARGS__)))

/* --- what programs use --------------------------------------------------------- */

#ifdef __cplusplus
#define FATHOM_C_LINKAGE extern "C"
#else
#define FATHOM_C_LINKAGE extern
#endif

#define FATHOM_SEMAPHORE_EXTERN(provider, name) \
	FATHOM_C_LINKAGE unsigned short provider##_##name##_semaphore

#ifndef FATHOM_NO_PROBES

#define FATHOM_PROBE(provider, ...) FATHOM_PROBE_WITH(FATHOM_NO_SEMAPHORE, provider, __VA_ARGS__)
#define FATHOM_PROBE_SEMAPHORE(provider, ...) \
	FATHOM_PROBE_WITH(FATHOM_ITS_SEMAPHORE, provider, __VA_ARGS__)

#define FATHOM_SEMAPHORE(provider, name) \
	FATHOM_SEMAPHORE_EXTERN(provider, name); \
	unsigned short provider##_##name##_semaphore __attribute__((used, section(".probes")))

#define FATHOM_ENABLED(provider, name) \
	__builtin_expect(*(volatile unsigned short *)&provider##_##name##_semaphore, 0)

#else

#define FATHOM_PROBE(provider, ...) do {} while (0)
#define FATHOM_PROBE_SEMAPHORE(provider, ...) do {} while (0)
#define FATHOM_SEMAPHORE(provider, name) FATHOM_SEMAPHORE_EXTERN(provider, name)
#define FATHOM_ENABLED(provider, name) 0

#endif
#endif
