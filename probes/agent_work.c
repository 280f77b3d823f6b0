// SPDX-License-Identifier: GPL-2.0-or-later
/* The job of an agent's session, in a thread of its own. */
#include "probes/agent_work.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

int work_open(struct work *w, struct failure *f)
{
	*w = (struct work){.lock = PTHREAD_MUTEX_INITIALIZER};
	w->rules.stop = &w->stop;
	w->done = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return w->done < 0 ? fail(f, -errno, "eventfd: %s", strerror(errno)) : 0;
}

static void note_progress(void *work, const struct run_progress *progress)
{
	struct work *w = work;

	pthread_mutex_lock(&w->lock);
	w->progress = *progress;
	pthread_mutex_unlock(&w->lock);
}

struct run_progress work_progress(struct work *w)
{
	struct run_progress progress;

	pthread_mutex_lock(&w->lock);
	progress = w->progress;
	pthread_mutex_unlock(&w->lock);
	return progress;
}

static int prepare(struct work *w)
{
	return run_prepare(&w->run, &w->file, &w->rules, &w->failure);
}

static int run(struct work *w)
{
	w->run.watch = note_progress;
	w->run.watcher = w;
	return run_go(&w->run, &w->failure);
}

static void *do_step(void *work)
{
	struct work *w = work;

	w->result = w->step(w);
	eventfd_write(w->done, 1);
	return NULL;
}

/* Signals are for the session's thread. */
static int start(struct work *w, int (*step)(struct work *), struct failure *f)
{
	sigset_t all, before;
	int err;

	w->step = step;
	w->progress = (struct run_progress){.done = -1, .ramp = true};
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	err = pthread_create(&w->thread, NULL, do_step, w);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	w->is_running = !err;
	return err ? fail(f, -err, "cannot start a thread: %s", strerror(err)) : 0;
}

int work_prepare(struct work *w, struct failure *f)
{
	w->has_run = true;
	return start(w, prepare, f);
}

int work_run(struct work *w, struct failure *f)
{
	return start(w, run, f);
}

int work_join(struct work *w)
{
	eventfd_t count;

	pthread_join(w->thread, NULL);
	w->is_running = false;
	eventfd_read(w->done, &count);
	return w->result;
}

void work_stop(struct work *w)
{
	__atomic_store_n(&w->stop, true, __ATOMIC_RELAXED);
}

void work_close(struct work *w)
{
	work_stop(w);
	if (w->is_running)
		work_join(w);
	if (w->has_run)
		run_release(&w->run);
	job_file_free(&w->file);
	if (w->done >= 0)
		close(w->done);
	pthread_mutex_destroy(&w->lock);
}
