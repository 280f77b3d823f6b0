// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Says that it goes on, while the main thread sits in the kernel.
 *
 * Attaching and detaching are calls that wait for grace periods; a busy machine makes
 * them seconds long, and nothing of ours runs meanwhile. So a thread shows the line.
 */
#include "collector/patience.h"

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

#include "core/text.h"

struct patience {
	const char *text;
	unsigned after_seconds;
	bool over;
	pthread_mutex_t lock;
	pthread_cond_t ended;
	pthread_t thread;
};

/* Waits for a second; returns whether it is over. */
static bool wait_second(struct patience *p)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec++;
	while (!p->over)
		if (pthread_cond_timedwait(&p->ended, &p->lock, &until))
			break;
	return p->over;
}

static void *show(void *argument)
{
	struct patience *p = argument;
	unsigned seconds = 0;

	pthread_mutex_lock(&p->lock);
	progress("%s", p->text); /* the first call only starts its clock */
	while (!wait_second(p))
		if (++seconds >= p->after_seconds)
			progress("%s: %u s so far, the kernel is busy", p->text, seconds);
	progress_end();
	pthread_mutex_unlock(&p->lock);
	return NULL;
}

struct patience *patience_begin(const char *text, unsigned after_seconds)
{
	struct patience *p = calloc(1, sizeof(*p));
	sigset_t all, old;
	int err;

	if (!p)
		return NULL;
	p->text = text;
	p->after_seconds = after_seconds;
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->ended, NULL);
	/* Signals are to interrupt the main thread. */
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &old);
	err = pthread_create(&p->thread, NULL, show, p);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (!err)
		return p;
	free(p);
	return NULL;
}

void patience_end(struct patience *p)
{
	if (!p)
		return;
	pthread_mutex_lock(&p->lock);
	p->over = true;
	pthread_cond_signal(&p->ended);
	pthread_mutex_unlock(&p->lock);
	pthread_join(p->thread, NULL);
	pthread_mutex_destroy(&p->lock);
	pthread_cond_destroy(&p->ended);
	free(p);
}
