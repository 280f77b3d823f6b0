// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A foreign program: its probe texts:say(char *, int) has no names and sleeps behind a
 * semaphore.
 *
 * texts once    fires for each of its texts, the last a bad pointer
 * texts edge    fires texts:pair for two neighbours, then for two of which the second
 *               cannot be read
 * texts wait    for each line of stdin fires for the first text and prints the semaphore
 * texts locked  the same, with the semaphore in memory that was made read-only
 */
#define _SDT_HAS_SEMAPHORES 1
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sdt.h>
#include <unistd.h>

__attribute__((section(".probes"), used)) volatile unsigned short texts_say_semaphore;
__attribute__((section(".probes"), used)) volatile unsigned short texts_pair_semaphore;

static const char *const texts[] = {
	"one",
	"two",
	"",
	"two and a half",
	"tab\there \"quoted\" \\ \x1b[31mred",
	"0123456789012345678901234567890123456789",
	(const char *)8,
};

/* Nobody can raise this one: it is in memory that is never writable. */
__asm__(".pushsection .rodata\n"
	".globl texts_sealed_semaphore\n"
	".hidden texts_sealed_semaphore\n"
	".balign 2\n"
	"texts_sealed_semaphore: .short 0\n"
	".popsection\n");
extern const volatile unsigned short texts_sealed_semaphore;

__attribute__((noinline)) static void say(const char *text, int number)
{
	if (texts_say_semaphore)
		STAP_PROBE2(texts, say, text, number);
	if (texts_sealed_semaphore)
		STAP_PROBE1(texts, sealed, number);
}

struct pair {
	int first, second;
};

/* The operands are memory that only the tracer reads. */
__attribute__((noinline)) static void tell_pair(const struct pair *pair)
{
	/* clang-format off */
#ifdef __x86_64__
	__asm__ volatile(STAP_PROBE_ASM(texts, pair, -4@(%%rdi) -4@4(%%rdi))
			 :
			 : "D"(pair)
			 : "memory");
#else
	register const struct pair *place __asm__("x0") = pair;

	__asm__ volatile(STAP_PROBE_ASM(texts, pair, -4@[x0] -4@[x0, 4])
			 :
			 : "r"(place)
			 : "memory");
#endif
	/* clang-format on */
}

static int edge(void)
{
	char *pages = mmap(NULL, 8192, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct pair *last = (void *)(pages + 4096 - sizeof(int));

	if (pages == MAP_FAILED)
		return 1;
	last->first = 7;
	last->second = -8;
	tell_pair(last);
	if (mprotect(pages + 4096, 4096, PROT_NONE))
		return 1;
	tell_pair(last);
	return 0;
}

static int lock(void)
{
	uintptr_t page = (uintptr_t)&texts_say_semaphore & ~(uintptr_t)4095;

	return mprotect((void *)page, 4096, PROT_READ);
}

int main(int argc, char **argv)
{
	char line[16];

	if (argc > 1 && strcmp(argv[1], "locked") == 0 && lock())
		return 1;
	if (argc > 1 && (!strcmp(argv[1], "wait") || !strcmp(argv[1], "locked"))) {
		printf("ready\n");
		fflush(stdout);
		while (fgets(line, sizeof(line), stdin)) {
			say(texts[0], 0);
			printf("%u\n", texts_say_semaphore);
			fflush(stdout);
		}
		_exit(0); /* what an exit would write to may be locked, too */
	}
	if (argc > 1 && strcmp(argv[1], "edge") == 0)
		return edge();
	for (int i = 0; i < (int)(sizeof(texts) / sizeof(texts[0])); i++)
		say(texts[i], i);
	return 0;
}
