// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One master's session with the agent.
 *
 * One thread serves the connection and waits for whatever happens next; the job runs in
 * another, the recorder in a child. Nothing here waits for a single one of them, but at
 * the end for the job: a request that a broken disk does not give back keeps the session,
 * and so the agent, busy.
 */
#include "probes/agent_session.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/failure.h"
#include "core/stop.h"
#include "core/text.h"

enum { BEAT_MS = 500, HELLO_MS = 10000, SILENCE_MS = 30000, LINGER_MS = 1000 };

static uint64_t ms_since(uint64_t then_ns)
{
	return (clock_ns() - then_ns) / 1000000;
}

/* The agent speaks first, so that one that is busy can hang up without an answer. */
static int greet(struct session *s, struct failure *f)
{
	const struct agent_limits *limits = &s->rules->limits;
	struct utsname system;

	uname(&system);
	text_tame(system.nodename); /* may be any bytes */
	return link_send(
		&s->link, CONTROL_WELCOME, 0,
		json_pack("{s:s, s:s, s:s, s:I, s:b, s:{s:I, s:I, s:I, s:I, s:I}}",
			  "program", "fathom " FATHOM_VERSION, "host", system.nodename,
			  "kernel", system.release, "cpus",
			  (json_int_t)sysconf(_SC_NPROCESSORS_ONLN), "allow_write",
			  s->rules->allow_write, "limits", "time_ns",
			  (json_int_t)limits->time_ns, "workers",
			  (json_int_t)limits->workers, "memory",
			  (json_int_t)limits->memory, "size", (json_int_t)limits->size,
			  "trace", (json_int_t)limits->trace),
		f);
}

/* Is something going on that the master waits for? */
static bool is_at_work(const struct session *s)
{
	return s->stage == STAGE_ATTACHING || s->stage == STAGE_PREPARING ||
	       s->stage == STAGE_RUNNING || s->stage == STAGE_FINISHING;
}

static const char *phase_of(const struct session *s, const struct run_progress *p)
{
	switch (s->stage) {
	case STAGE_ATTACHING:
		return "attaching";
	case STAGE_PREPARING:
		return "preparing";
	case STAGE_RUNNING:
		return p->ramp ? "warming up" : "measuring";
	default:
		return "finishing";
	}
}

/* Twice a second, and not while the last one still waits. */
static int tell_progress(struct session *s, struct failure *f)
{
	struct run_progress p = work_progress(&s->work);

	if (!is_at_work(s) || ms_since(s->beat_ns) < BEAT_MS || link_waiting(&s->link))
		return 0;
	s->beat_ns = clock_ns();
	if (s->show && s->stage != STAGE_PREPARING) /* it tells of itself */
		s->show(phase_of(s, &p), &p);
	return link_send(&s->link, CONTROL_PROGRESS, s->number,
			 json_pack("{s:s, s:f, s:[f, f], s:[f, f]}", "phase",
				   phase_of(s, &p), "done", p.done, "iops", p.iops[0],
				   p.iops[1], "bytes_per_second", p.bytes_per_second[0],
				   p.bytes_per_second[1]),
			 f);
}

/* Is somebody there still, who acts as expected? */
static int check_times(struct session *s, struct failure *f)
{
	int patience_ms = s->stage == STAGE_HELLO ? HELLO_MS : SILENCE_MS;

	if (s->deadline_ns && clock_ns() > s->deadline_ns) {
		s->cut_short = true;
		work_stop(&s->work);
	}
	if (link_waiting(&s->link) && ms_since(s->link.moved_ns) > SILENCE_MS)
		return fail(f, -ETIMEDOUT, "the master takes nothing any more");
	if (is_at_work(s) || link_waiting(&s->link))
		s->link.heard_ns = clock_ns(); /* it is for us to speak */
	if (is_at_work(s))
		return 0;
	if (stop_requested() && s->stage != STAGE_DONE)
		return fail(f, -EINTR, "the agent was stopped");
	if (ms_since(s->link.heard_ns) > (uint64_t)patience_ms)
		return fail(f, -ETIMEDOUT, "the master said nothing for %d seconds",
			    patience_ms / 1000);
	return 0;
}

/* Everything that can happen, in the order in which it is looked at. */
enum source { FROM_LINK, FROM_WORK, FROM_WORDS, FROM_TRACE, NR_SOURCES };

/* Nothing that makes us say more is looked at while the master does not take what we have
 * said already: it cannot fill our memory. */
static void choose_sources(const struct session *s, struct pollfd fds[NR_SOURCES])
{
	const struct recorder *r = &s->recorder;
	bool takes = link_waiting(&s->link) < CONTROL_PIECE_MAX;

	fds[FROM_LINK] = (struct pollfd){s->link.fd, takes ? POLLIN : 0, 0};
	if (link_waiting(&s->link))
		fds[FROM_LINK].events |= POLLOUT;
	fds[FROM_WORK] =
		(struct pollfd){s->work.is_running ? s->work.done : -1, POLLIN, 0};
	fds[FROM_WORDS] = (struct pollfd){r->pid ? r->words : -1, POLLIN, 0};
	fds[FROM_TRACE] = (struct pollfd){r->pid && takes ? r->trace : -1, POLLIN, 0};
}

static int take_messages(struct session *s, struct failure *f)
{
	struct control_message m;
	int err = link_fill(&s->link, f), got = 0;

	while (!err && s->stage != STAGE_OVER && (got = link_next(&s->link, &m, f)) == 1)
		err = session_take(s, &m, f);
	return err ? err : got < 0 ? got : 0;
}

static int look_at_recorder(struct session *s, const struct pollfd fds[NR_SOURCES],
			    struct failure *f)
{
	int err = 0;

	if (fds[FROM_WORDS].revents)
		recorder_listen(&s->recorder);
	if (fds[FROM_TRACE].revents)
		err = recorder_relay(&s->recorder, &s->link, s->record_number, f);
	if (!err && (fds[FROM_WORDS].revents || fds[FROM_TRACE].revents))
		err = session_look_at_recorder(s, f);
	return err;
}

static int await_something(struct session *s, struct failure *f)
{
	struct pollfd fds[NR_SOURCES];
	int err = 0;

	choose_sources(s, fds);
	if (poll(fds, NR_SOURCES, BEAT_MS) < 0)
		return errno == EINTR ? 0 : fail(f, -errno, "poll: %s", strerror(errno));
	if (fds[FROM_LINK].revents & POLLOUT)
		err = link_flush(&s->link, f);
	if (!err && fds[FROM_LINK].revents & (POLLIN | POLLHUP | POLLERR))
		err = take_messages(s, f);
	if (!err && fds[FROM_WORK].revents && s->work.is_running)
		err = session_step_done(s, f);
	if (!err)
		err = look_at_recorder(s, fds, f);
	return err;
}

/* Until all is said and sent. */
static int serve(struct session *s, struct failure *f)
{
	int err = greet(s, f);

	while (!err && (s->stage != STAGE_OVER || link_waiting(&s->link))) {
		err = await_something(s, f);
		if (!err)
			err = check_times(s, f);
		if (!err)
			err = tell_progress(s, f);
	}
	return err;
}

/* Tells the master why, and lets it read that: what it sent meanwhile is read, too, since
 * a socket that is closed with unread bytes takes back what it has sent. */
static void hang_up(struct session *s, const struct failure *why)
{
	uint64_t began_ns = clock_ns();
	struct failure unheard;

	if (link_send(&s->link, CONTROL_ERROR, s->number,
		      json_pack("{s:s}", "text", why->text), &unheard))
		return;
	while (link_waiting(&s->link) && ms_since(began_ns) < LINGER_MS)
		if (link_wait(&s->link, LINGER_MS / 10, &unheard))
			return;
	shutdown(s->link.fd, SHUT_WR);
	while (ms_since(began_ns) < LINGER_MS) {
		s->link.in.at = s->link.in.end; /* read, not looked at */
		if (link_wait(&s->link, LINGER_MS / 10, &unheard))
			return;
	}
}

int session_serve(struct session *s, int fd, const struct channel_peer *peer,
		  struct failure *f)
{
	int err;

	link_open(&s->link, fd, CONTROL_AGENT, peer);
	err = work_open(&s->work, f);
	if (!err)
		err = serve(s, f);
	if (err && err != -ECONNRESET)
		hang_up(s, f);
	link_close(&s->link);
	work_close(&s->work);
	recorder_close(&s->recorder);
	string_list_free(&s->devices);
	json_decref(s->job);
	return err;
}
