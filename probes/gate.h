/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A gate: threads arrive, one who watches lets all of them in, or sends them home. */
#ifndef FATHOM_PROBES_GATE_H
#define FATHOM_PROBES_GATE_H

#include <pthread.h>
#include <stdbool.h>

struct gate {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	unsigned arrived;
	bool decided, open;
};

#define GATE_CLOSED                                                                      \
	{                                                                                \
		PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, false, false     \
	}

/* A thread arrives and waits; true: go on, false: go home. */
static inline bool gate_pass(struct gate *g)
{
	bool open;

	pthread_mutex_lock(&g->lock);
	g->arrived++;
	pthread_cond_broadcast(&g->changed);
	while (!g->decided)
		pthread_cond_wait(&g->changed, &g->lock);
	open = g->open;
	pthread_mutex_unlock(&g->lock);
	return open;
}

/* Returns when @count threads have arrived. */
static inline void gate_await(struct gate *g, unsigned count)
{
	pthread_mutex_lock(&g->lock);
	while (g->arrived < count)
		pthread_cond_wait(&g->changed, &g->lock);
	pthread_mutex_unlock(&g->lock);
}

static inline void gate_decide(struct gate *g, bool open)
{
	pthread_mutex_lock(&g->lock);
	g->decided = true;
	g->open = open;
	pthread_cond_broadcast(&g->changed);
	pthread_mutex_unlock(&g->lock);
}

#endif
