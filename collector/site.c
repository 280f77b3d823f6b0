// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Finds out which kind of site is fast and safe on the running kernel.
 *
 * Linux 6.18 turns a five-byte nop under a uprobe into a call of a trampoline, which
 * pushes a return address over the red zone of the code it is called from. Later
 * kernels do it to a ten-byte nop, in a sequence that steps over the red zone. Others do
 * neither, and single-step multi-byte nops at three times the cost of a one-byte nop.
 *
 * Versions do not tell (fixes are back-ported), so we ask twice. The system call that
 * the trampoline makes refuses strangers with an errno that names its generation:
 * ENOSYS none, ENXIO the unsafe call, EPROTO the safe sequence. Then we put uprobes on
 * three small functions of our own, call them, see whether the instruction became
 * something other than a breakpoint (0xcc), and whether the results were right:
 *
 *   nop5_plain  a nop5 in code that keeps nothing below the stack pointer
 *   nop5_leaf   a nop5 between a store to and a load from the red zone
 *   nop10_leaf  the same with a nop10
 *
 * Then a forked child calls it once more: Linux 6.18 does not copy the trampoline's
 * mapping into children, so one that hits a site which its parent has hit dies of
 * SIGSEGV. Such a kernel's fast path is used only for sites that promise to be out of
 * children's way (FATHOM_SDT_NO_FORK).
 *
 * A kind is used only if its test was right. Rejected: timing hits; a busy machine
 * would decide.
 */
#include "collector/site.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "collector/counter.h"
#include "collector/bpf_link.h"
#include "core/failure.h"

enum { BREAKPOINT = 0xcc, SYS_UPROBE = 336, CALLS = 16 };

static const char *const kind_names[SITE_KINDS] = {
	[SITE_NOP] = "nop",
	[SITE_NOP10] = "nop10",
	[SITE_NOP5] = "nop5",
};

static const uint8_t nop5[5] = {0x0f, 0x1f, 0x44};

const char *site_kind_name(enum site_kind kind)
{
	return kind_names[kind];
}

#ifdef __x86_64__
/* clang-format off */
__asm__(".pushsection .text\n"
	".balign 64\n"
	"fathom_nop5_plain:\n"
	"	.byte 0x0f,0x1f,0x44,0x00,0x00\n"
	"	mov %rdi, %rax\n"
	"	ret\n"
	".balign 64\n"
	"fathom_nop5_leaf:\n"
	"	mov %rdi, -8(%rsp)\n"
	"fathom_nop5_leaf_site:\n"
	"	.byte 0x0f,0x1f,0x44,0x00,0x00\n"
	"	mov -8(%rsp), %rax\n"
	"	ret\n"
	".balign 64\n"
	"fathom_nop10_leaf:\n"
	"	mov %rdi, -8(%rsp)\n"
	"fathom_nop10_leaf_site:\n"
	"	.byte 0x66,0x2e,0x0f,0x1f,0x84,0,0,0,0,0\n"
	"	mov -8(%rsp), %rax\n"
	"	ret\n"
	".popsection\n");
/* clang-format on */

extern uint64_t fathom_nop5_plain(uint64_t value);
extern uint64_t fathom_nop5_leaf(uint64_t value);
extern uint64_t fathom_nop10_leaf(uint64_t value);
extern const volatile uint8_t fathom_nop5_leaf_site[], fathom_nop10_leaf_site[];

/* Where an address of our own code lies in our file; 0 if it is not found. */
static uint64_t file_offset(const volatile void *code)
{
	unsigned long start, end, offset, at = (unsigned long)code;
	FILE *maps = fopen("/proc/self/maps", "re");
	uint64_t found = 0;
	char line[512];

	while (maps && !found && fgets(line, sizeof(line), maps))
		if (sscanf(line, "%lx-%lx %*s %lx", &start, &end, &offset) == 3 &&
		    at >= start && at < end)
			found = at - start + offset;
	if (maps)
		fclose(maps);
	return found;
}

static void __attribute__((noreturn)) die_quietly(int signal)
{
	_exit(signal);
}

/* Does a child forked after the site was changed come through it? A handler keeps the
 * crash out of the kernel's log. */
static bool survives_fork(uint64_t (*function)(uint64_t))
{
	pid_t child = fork();
	int status;

	if (child == 0) {
		struct sigaction action = {.sa_handler = die_quietly};

		sigaction(SIGSEGV, &action, NULL);
		sigaction(SIGILL, &action, NULL);
		sigaction(SIGBUS, &action, NULL);
		sigaction(SIGTRAP, &action, NULL);
		_exit(function(1) == 1 ? 0 : 1);
	}
	return child > 0 && waitpid(child, &status, 0) == child && status == 0;
}

/* What a uprobe on @site does to @function. */
struct site_test {
	uint64_t (*function)(uint64_t);
	const volatile uint8_t *site;
	bool fast, sound, forks;
	int fd; /* of the uprobe, or a negative errno */
};

static void try_site(struct site_test *test)
{
	test->sound = true;
	test->fd = perf_uprobe_self(file_offset(test->site));
	if (test->fd < 0)
		return;
	for (uint64_t i = 1; i <= CALLS; i++)
		if (test->function(i * 0x0101010101010101) != i * 0x0101010101010101)
			test->sound = false;
	test->fast =
		*test->site != BREAKPOINT && *test->site != 0x0f && *test->site != 0x66;
	test->forks = test->fast && survives_fork(test->function);
}

static void explain(struct site_features *features, int err)
{
	snprintf(features->why_not, sizeof(features->why_not),
		 "a uprobe on fathom itself: %s%s", strerror(-err),
		 err == -EACCES || err == -EPERM ? " (needs root)" : "");
}

static void test_sites(struct site_features *features)
{
	struct site_test plain = {.function = fathom_nop5_plain,
				  .site = (const volatile uint8_t *)fathom_nop5_plain};
	struct site_test leaf = {.function = fathom_nop5_leaf,
				 .site = fathom_nop5_leaf_site};
	struct site_test ten = {.function = fathom_nop10_leaf,
				.site = fathom_nop10_leaf_site,
				.fd = -EPROTO};
	const struct site_test *tests[] = {&plain, &leaf, &ten};
	int fds[3], count = 0;

	try_site(&plain);
	try_site(&leaf);
	/* Linux 6.18 refuses uprobes on a nop10, which takes it 60 ms to say. */
	if (features->system_call == EPROTO)
		try_site(&ten);
	features->tested = plain.fd >= 0 && leaf.fd >= 0;
	if (!features->tested)
		explain(features, plain.fd < 0 ? plain.fd : leaf.fd);
	features->nop5_fast = plain.fast;
	features->nop5_sound = plain.sound;
	features->nop5_forks = plain.forks;
	features->nop5_hazard = leaf.fast && !(leaf.sound && plain.forks);
	features->nop10_fast = ten.fast;
	features->nop10_sound = ten.sound;
	features->nop10_forks = ten.forks;
	for (size_t i = 0; i < 3; i++)
		if (tests[i]->fd >= 0)
			fds[count++] = tests[i]->fd;
	close_in_parallel(fds, (size_t)count);
}
#else
static void test_sites(struct site_features *features)
{
	snprintf(features->why_not, sizeof(features->why_not),
		 "only x86_64 has fast sites");
}
#endif

void site_features_learn(struct site_features *features)
{
	*features = (struct site_features){0};
#ifdef __x86_64__
	features->system_call = syscall(SYS_UPROBE) < 0 ? errno : 0;
#else
	features->system_call = ENOSYS;
#endif
	if (features->system_call == ENOSYS)
		snprintf(features->why_not, sizeof(features->why_not),
			 "this kernel has no fast path for uprobes (Linux 6.18)");
	else
		test_sites(features);
}

enum site_kind site_best_kind(const struct site_features *features,
			      const struct sdt_site *site)
{
	if (!features->tested)
		return SITE_NOP;
	if (site->has_nop10 && features->nop10_fast && features->nop10_sound &&
	    (features->nop10_forks || site->no_fork))
		return SITE_NOP10;
	if (site->has_nop5 && features->nop5_fast && features->nop5_sound &&
	    (features->nop5_forks || site->no_fork))
		return SITE_NOP5;
	return SITE_NOP;
}

size_t sites_choose(struct plan *plan, const struct site_features *features)
{
	size_t fast = 0;

	for (size_t i = 0; i < plan->nr_events; i++)
		for (size_t j = 0; j < plan->events[i].nr_sites; j++) {
			struct plan_site *site = &plan->events[i].sites[j];

			site->kind = site_best_kind(features, site->site);
			fast += site->kind != SITE_NOP;
		}
	return fast;
}

const struct plan_site *sites_hazard(const struct plan *plan,
				     const struct site_features *features,
				     const struct plan_event **event)
{
	if (!features->nop5_hazard)
		return NULL;
	for (size_t i = 0; i < plan->nr_events; i++)
		for (size_t j = 0; j < plan->events[i].nr_sites; j++) {
			const struct plan_site *site = &plan->events[i].sites[j];

			if (memcmp(site->site->bytes, nop5, sizeof(nop5)) == 0) {
				*event = &plan->events[i];
				return site;
			}
		}
	return NULL;
}
