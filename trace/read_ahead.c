// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A file read ahead.
 *
 * Waking a thread costs as much as reading a piece, so the reader sleeps on until half of
 * the buffers are empty. A user who has to wait wakes it first: one condition is enough
 * for both, for only one of them waits at a time.
 *
 * Rejected: to cut and order the records in the thread as well. Events that one CPU makes
 * and another one uses cost both more than is saved.
 */
#include "trace/read_ahead.h"

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

struct piece {
	void *buffer;
	ssize_t filled; /* bytes, or a negative errno */
};

struct read_ahead {
	struct input in; /* the reader's */
	size_t size;	 /* of a buffer */
	pthread_t thread;
	pthread_mutex_t mutex; /* of what follows */
	pthread_cond_t changed;
	struct piece pieces[READ_AHEAD_PIECES]; /* a ring, with three counts: */
	unsigned given, read, taken;
	bool stopped;
};

static struct piece *piece(struct read_ahead *a, unsigned number)
{
	return &a->pieces[number % READ_AHEAD_PIECES];
}

/* A whole piece, unless the file ends: a short one would only cost a round. */
static ssize_t read_piece(struct read_ahead *a, uint8_t *to)
{
	size_t got = 0;

	while (got < a->size) {
		ssize_t n = input_read(&a->in, to + got, a->size - got);

		if (n < 0 && !got)
			return n; /* behind some bytes it comes with the next piece */
		if (n <= 0)
			break;
		got += (size_t)n;
	}
	return (ssize_t)got;
}

static void *reader(void *argument)
{
	struct read_ahead *a = argument;

	pthread_mutex_lock(&a->mutex);
	while (!a->stopped) {
		struct piece *next = piece(a, a->read);
		ssize_t filled;

		if (a->read == a->given) {
			pthread_cond_wait(&a->changed, &a->mutex);
			continue;
		}
		pthread_mutex_unlock(&a->mutex);
		filled = read_piece(a, next->buffer);
		pthread_mutex_lock(&a->mutex);
		next->filled = filled;
		if (a->read++ == a->taken)
			pthread_cond_signal(&a->changed);
	}
	pthread_mutex_unlock(&a->mutex);
	return NULL;
}

/* Signals are for the thread that uses what is read. */
static int start_thread(struct read_ahead *a)
{
	sigset_t all, before;
	int err;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	err = pthread_create(&a->thread, NULL, reader, a);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return -err;
}

struct read_ahead *read_ahead_start(const struct input *in, size_t size)
{
	struct read_ahead *a = malloc(sizeof(*a));

	if (!a)
		return NULL;
	*a = (struct read_ahead){.in = *in, .size = size};
	pthread_mutex_init(&a->mutex, NULL);
	pthread_cond_init(&a->changed, NULL);
	if (!start_thread(a))
		return a;
	pthread_cond_destroy(&a->changed);
	pthread_mutex_destroy(&a->mutex);
	free(a);
	return NULL;
}

void read_ahead_give(struct read_ahead *a, void *buffer)
{
	pthread_mutex_lock(&a->mutex);
	piece(a, a->given++)->buffer = buffer;
	if (a->given - a->read >= READ_AHEAD_PIECES / 2)
		pthread_cond_signal(&a->changed);
	pthread_mutex_unlock(&a->mutex);
}

ssize_t read_ahead_take(struct read_ahead *a)
{
	ssize_t filled;

	pthread_mutex_lock(&a->mutex);
	if (a->read == a->taken)
		pthread_cond_signal(&a->changed);
	while (a->read == a->taken)
		pthread_cond_wait(&a->changed, &a->mutex);
	filled = piece(a, a->taken++)->filled;
	pthread_mutex_unlock(&a->mutex);
	return filled;
}

void read_ahead_stop(struct read_ahead *a)
{
	if (!a)
		return;
	pthread_mutex_lock(&a->mutex);
	a->stopped = true;
	pthread_cond_signal(&a->changed);
	pthread_mutex_unlock(&a->mutex);
	pthread_join(a->thread, NULL);
	pthread_cond_destroy(&a->changed);
	pthread_mutex_destroy(&a->mutex);
	free(a);
}
