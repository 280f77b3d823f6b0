// SPDX-License-Identifier: GPL-2.0-or-later
/* The program that perf_test.py lets perf record: hit(i, -i, "text i") in threads. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

void hit(unsigned long n, int m, const char *text);

__attribute__((noinline)) void hit(unsigned long n, int m, const char *text)
{
	__asm__ volatile("" ::"r"(n), "r"(m), "r"(text) : "memory");
}

static long count;

/* A pause now and then: perf's small rings must not overflow. */
static void *work(void *unused)
{
	const struct timespec pause = {.tv_nsec = 50000};
	char text[32];

	for (long i = 0; i < count; i++) {
		snprintf(text, sizeof(text), "text %ld", i);
		hit((unsigned long)i, (int)-i, text);
		if (i % 16 == 15)
			nanosleep(&pause, NULL);
	}
	return unused;
}

int main(int argc, char **argv)
{
	int threads = argc > 2 ? atoi(argv[2]) : 1;
	pthread_t thread[16];

	count = argc > 1 ? atol(argv[1]) : 1;
	for (int i = 1; i < threads && i < 16; i++)
		pthread_create(&thread[i], NULL, work, NULL);
	work(NULL);
	for (int i = 1; i < threads && i < 16; i++)
		pthread_join(thread[i], NULL);
	return 0;
}
