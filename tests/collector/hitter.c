// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * hitter count N  fires hitter:hit N times
 * hitter texts    fires hitter:text with a text, NULL and a pointer to nowhere
 * hitter wait N   as count, once a line came in on stdin; then waits for another
 * hitter threads  as wait, but from three threads, one after the other: itself, one that is
 *                 there when it is ready, and one that comes later: 3,000 times in all
 * hitter pairs    fires hitter:begin and hitter:end in turn until it is killed
 * hitter forks    fires from a process, its child and its grandchild before and after an
 *                 exec: 5,000 in all
 * hitter tree     fires from threads, children, grandchildren and after an exec: 1,000
 *                 times from each of 8 places, 8,000 in all
 *
 * Prints "ready" when it waits, and when pairs begin.
 */
#include <fathom/sdt.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { HITS = 1000 };

__attribute__((noinline)) static void hit(unsigned long number)
{
	FATHOM_PROBE(hitter, hit, (u64, number, number),
		     (u8, kind, number & 1, "0=even,1=odd"),
		     (u32, square, number * number), (u64, address, number << 12),
		     (u32, length, 4096), (s32, fd, 3));
}

__attribute__((noinline)) static void text(const char *text)
{
	FATHOM_PROBE(hitter, text, (str, text, text));
}

/* At a pace that no ring loses. */
static void pairs(void)
{
	const struct timespec moment = {.tv_nsec = 100000};

	for (unsigned long number = 1;; number++) {
		FATHOM_PROBE(hitter, begin, (u64, number, number));
		FATHOM_PROBE(hitter, end, (u64, number, number));
		if (number == 1) {
			puts("ready");
			fflush(stdout);
		}
		if (number % 10 == 0)
			nanosleep(&moment, NULL);
	}
}

static void texts(void)
{
	text("words");
	text(NULL);
	text((const char *)8);
}

static void hits(unsigned long count)
{
	for (unsigned long i = 1; i <= count; i++)
		hit(i);
}

static void *thread(void *unused)
{
	hits(HITS);
	return unused;
}

static void wait_for_line(void)
{
	puts("ready");
	fflush(stdout);
	while (getchar() != '\n')
		if (feof(stdin))
			exit(0);
}

/* Hits once it is let. */
static void *patient_thread(void *mutex)
{
	pthread_mutex_lock(mutex);
	pthread_mutex_unlock(mutex);
	return thread(NULL);
}

static void threads(void)
{
	pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
	pthread_t patient, late;

	pthread_mutex_lock(&mutex);
	pthread_create(&patient, NULL, patient_thread, &mutex);
	wait_for_line();
	hits(HITS);
	pthread_mutex_unlock(&mutex);
	pthread_join(patient, NULL);
	pthread_create(&late, NULL, thread, NULL);
	pthread_join(late, NULL);
	wait_for_line();
}

/* A child, and its child, which execs. */
static void forks(char *self)
{
	hits(HITS);
	if (fork() == 0) {
		hits(HITS);
		if (fork() == 0) {
			hits(HITS);
			execl(self, self, "count", "2000", (char *)NULL);
			_exit(1);
		}
		wait(NULL);
		_exit(0);
	}
	wait(NULL);
}

/* Two threads here, a child with a thread of its own, and its child, which execs. */
static void tree(char *self)
{
	pthread_t threads[2];

	for (int i = 0; i < 2; i++)
		pthread_create(&threads[i], NULL, thread, NULL);
	hits(HITS); /* 3 */
	if (fork() == 0) {
		pthread_create(&threads[0], NULL, thread, NULL);
		hits(HITS); /* 5 */
		pthread_join(threads[0], NULL);
		if (fork() == 0) {
			hits(HITS);					  /* 6 */
			execl(self, self, "count", "2000", (char *)NULL); /* 8 */
			_exit(1);
		}
		while (wait(NULL) > 0)
			;
		_exit(0);
	}
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	while (wait(NULL) > 0)
		;
}

int main(int argc, char **argv)
{
	const char *mode = argc > 1 ? argv[1] : "count";
	unsigned long count = argc > 2 ? strtoul(argv[2], NULL, 0) : HITS;

	if (strcmp(mode, "forks") == 0) {
		forks(argv[0]);
		return 0;
	}
	if (strcmp(mode, "texts") == 0) {
		texts();
		return 0;
	}
	if (strcmp(mode, "pairs") == 0)
		pairs();
	if (strcmp(mode, "tree") == 0) {
		tree(argv[0]);
		return 0;
	}
	if (strcmp(mode, "threads") == 0) {
		threads();
		return 0;
	}
	if (strcmp(mode, "wait") == 0)
		wait_for_line();
	hits(count);
	if (strcmp(mode, "wait") == 0)
		wait_for_line();
	return 0;
}
