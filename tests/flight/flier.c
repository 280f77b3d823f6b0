// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A program that is told what to do, line by line on stdin, and says "done" after each:
 *
 *   quick N     N requests that end at once
 *   slow MS     one that takes so long; a word behind is its name
 *   fail        one whose result is -5
 *   begin, end  one that is under way between the two
 *   name TEXT   names the calling thread TEXT
 *   threads N   N threads that come, make a request each, and go
 *   forks N     the same with children
 *   die         dies of SIGSEGV
 */
#include <fathom/sdt.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static unsigned long last_id;

__attribute__((noinline)) static unsigned long submit(const char *name)
{
	unsigned long id = __atomic_add_fetch(&last_id, 1, __ATOMIC_RELAXED);

	FATHOM_PROBE(flier, submit, (u64, id, id), (u8, op, id & 1, "0=read,1=write"),
		     (u32, length, 4096), (str, name, name));
	return id;
}

__attribute__((noinline)) static void complete(unsigned long id, long result)
{
	FATHOM_PROBE(flier, complete, (u64, id, id), (s64, result, result));
}

static void sleep_ms(long ms)
{
	nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000}, NULL);
}

static void quick(unsigned long count)
{
	for (unsigned long i = 0; i < count; i++)
		complete(submit("quick"), 4096);
}

static void slow(const char *how)
{
	char name[32] = "slow";
	unsigned long id;
	long ms = 0;

	sscanf(how, "%ld %31s", &ms, name);
	id = submit(name);
	sleep_ms(ms);
	complete(id, 4096);
}

static void *one_request(void *unused)
{
	quick(1);
	return unused;
}

static void threads(unsigned long count)
{
	pthread_t thread;

	for (unsigned long i = 0; i < count; i++)
		if (!pthread_create(&thread, NULL, one_request, NULL))
			pthread_join(thread, NULL);
}

static void forks(unsigned long count)
{
	for (unsigned long i = 0; i < count; i++) {
		if (fork() == 0) {
			prctl(PR_SET_NAME, "child");
			quick(1);
			_exit(0);
		}
		wait(NULL);
	}
}

static void obey(const char *what, const char *how)
{
	static unsigned long open_id;

	if (!strcmp(what, "quick"))
		quick(strtoul(how, NULL, 0));
	else if (!strcmp(what, "slow"))
		slow(how);
	else if (!strcmp(what, "fail"))
		complete(submit("fail"), -5);
	else if (!strcmp(what, "begin"))
		open_id = submit("open");
	else if (!strcmp(what, "end"))
		complete(open_id, 4096);
	else if (!strcmp(what, "name"))
		prctl(PR_SET_NAME, how);
	else if (!strcmp(what, "threads"))
		threads(strtoul(how, NULL, 0));
	else if (!strcmp(what, "forks"))
		forks(strtoul(how, NULL, 0));
	else if (!strcmp(what, "die"))
		raise(SIGSEGV);
}

int main(void)
{
	char line[128];

	fclose(stderr); /* who reads the recorder's sees its end */
	while (fgets(line, sizeof(line), stdin)) {
		char *how = line + strcspn(line, " \n");

		if (*how)
			*how++ = 0;
		how[strcspn(how, "\n")] = 0;
		obey(line, how);
		puts("done");
		fflush(stdout);
	}
	return 0;
}
