// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The master of an agent.
 *
 * It asks one thing after the other and waits for the answer; what the agent sends in
 * between, its progress and pieces of the trace, is taken on the way. What comes is
 * somebody else's: lengths, types and checksums are checked below, members read as
 * nothing when they are missing, and text is tamed before it is shown.
 */
#include "probes/master.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/failure.h"
#include "core/json_members.h"
#include "core/stop.h"
#include "core/units.h"
#include "probes/clock_sync.h"
#include "probes/link.h"
#include "probes/master_trace.h"
#include "probes/probes.h"
#include "probes/run.h"

enum { SILENCE_MS = 30000, WAIT_MS = 200, CLOCK_ROUNDS = 32 };

struct master {
	const struct master_options *options;
	struct link link;
	uint64_t session;
	uint32_t number; /* of the last question */
	json_t *welcome; /* what the agent says of itself */
	json_t *clocks;	 /* [{offset_ns, error_ns}] */
	bool can_stop;	 /* the job, in order */
	bool stopping;
	struct master_trace trace;
	json_t **results;
};

static void say(const struct master *m, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void say(const struct master *m, const char *format, ...)
{
	struct failure line;
	char text[sizeof(line.text)];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	fail(&line, 0, "%s", text); /* foreign names may be in it */
	m->options->say(line.text);
}

/* Asking */

static int ask(struct master *m, enum control_type type, json_t *body, struct failure *f)
{
	return link_send(&m->link, type, ++m->number, body, f);
}

static void show_progress(struct master *m, const json_t *body)
{
	const json_t *iops = json_object_get(body, "iops");
	const json_t *speed = json_object_get(body, "bytes_per_second");
	struct run_progress p = {.done = member_number(body, "done")};

	for (size_t i = 0; i < 2; i++) {
		p.iops[i] = json_number_value(json_array_get(iops, i));
		p.bytes_per_second[i] = json_number_value(json_array_get(speed, i));
	}
	m->options->show(member_text(body, "phase"), &p);
}

/* A message that ends the session, in its own words. */
static int told(const struct control_message *message, const json_t *body,
		struct failure *f)
{
	bool busy = message->kind->type == CONTROL_BUSY;

	return fail(f, busy ? -EBUSY : -EREMOTEIO, "%s", member_text(body, "text"));
}

/* Takes one message; 1 if it is the @wanted one, whose body goes to *@answer. */
static int take(struct master *m, const struct control_message *message,
		enum control_type wanted, json_t **answer, struct failure *f)
{
	enum control_type type = message->kind->type;
	json_t *body = NULL;
	int err;

	if (type == CONTROL_TRACE)
		return master_trace_take(&m->trace, message, f);
	err = control_body(message, &body, f);
	if (err)
		return err;
	if (type == wanted && message->number == m->number) {
		*answer = body;
		return 1;
	}
	if (type == CONTROL_PROGRESS)
		show_progress(m, body);
	else if (type == CONTROL_ERROR || type == CONTROL_BUSY)
		err = told(message, body, f);
	else
		err = fail(f, -EPROTO, "a message '%s' came when it was not expected",
			   message->kind->name);
	json_decref(body);
	return err;
}

/* The user wants an end: of the job if that can be, with its results, else of all. */
static int look_for_stop(struct master *m, struct failure *f)
{
	if (!stop_requested() || m->stopping)
		return 0;
	if (!m->can_stop)
		return fail(f, -EINTR, "interrupted");
	m->stopping = true;
	/* Not a question: what is being waited for keeps its number. */
	return link_send(&m->link, CONTROL_STOP, m->number, json_object(), f);
}

static int await(struct master *m, enum control_type wanted, json_t **answer,
		 struct failure *f)
{
	struct control_message message;
	int got = 0, err = 0;

	m->link.heard_ns = clock_ns();
	for (;;) {
		while (!err && (got = link_next(&m->link, &message, f)) == 1) {
			err = take(m, &message, wanted, answer, f);
			if (err == 1)
				return 0;
		}
		err = err ? err : got;
		if (!err)
			err = look_for_stop(m, f);
		if (err)
			return err;
		if (clock_ns() - m->link.heard_ns > SILENCE_MS * 1000000ULL)
			return fail(f, -ETIMEDOUT,
				    "the agent said nothing for %d seconds",
				    SILENCE_MS / 1000);
		err = link_wait(&m->link, WAIT_MS, f);
	}
}

/* Asks and waits for the answer, whose body goes to *@answer, or away. */
static int inquire(struct master *m, enum control_type question, json_t *body,
		   enum control_type answer, json_t **to, struct failure *f)
{
	json_t *nobody = NULL;
	int err = ask(m, question, body, f);

	if (!err)
		err = await(m, answer, to ? to : &nobody, f);
	json_decref(nobody);
	return err;
}

/* The steps */

static int greet(struct master *m, struct failure *f)
{
	char session[32];
	int err = await(m, CONTROL_WELCOME, &m->welcome, f);

	if (err)
		return err;
	if (getrandom(&m->session, sizeof(m->session), 0) != sizeof(m->session))
		return fail(f, -EIO, "no random number for the session");
	snprintf(session, sizeof(session), "%016" PRIx64, m->session);
	return ask(m, CONTROL_HELLO,
		   json_pack("{s:s, s:s}", "program", "fathom " FATHOM_VERSION, "session",
			     session),
		   f);
}

static int start_recording(struct master *m, struct failure *f)
{
	int err;

	if (!m->options->record)
		return 0;
	err = master_trace_open(&m->trace, m->options->record, f);
	if (err)
		return err;
	return inquire(m, CONTROL_RECORD, json_object(), CONTROL_RECORDING, NULL, f);
}

static int prepare(struct master *m, struct failure *f)
{
	json_t *prepared = NULL;
	int err;

	m->can_stop = true;
	err = inquire(m, CONTROL_JOB, json_incref(m->options->job), CONTROL_PREPARED,
		      &prepared, f);
	if (!err)
		m->options->warn(json_object_get(prepared, "warnings"));
	json_decref(prepared);
	return err;
}

static int ask_time(struct master *m, struct clock_offset *offset, struct failure *f)
{
	struct clock_round round = {.asked_ns = clock_ns()};
	json_t *time = NULL;
	int err = inquire(m, CONTROL_CLOCK, json_object(), CONTROL_TIME, &time, f);

	if (err)
		return err;
	round.received_ns = member_count(time, "received_ns");
	round.sent_ns = member_count(time, "sent_ns");
	round.answered_ns = m->link.received_ns;
	json_decref(time);
	if (clock_offset_add(offset, &round))
		return fail(f, -EPROTO, "the agent's times make no sense");
	return 0;
}

/* Both traces get to know it, each by its own probe. */
static int compare_clocks(struct master *m, struct failure *f)
{
	struct clock_offset offset = {0};
	int err = 0;

	for (int i = 0; !err && i < CLOCK_ROUNDS; i++)
		err = ask_time(m, &offset, f);
	if (err)
		return err;
	probe_clock_sync(m->link.peer.cid, m->session, offset.offset_ns, offset.error_ns,
			 offset.rounds);
	json_array_append_new(m->clocks,
			      json_pack("{s:I, s:I}", "offset_ns",
					(json_int_t)offset.offset_ns, "error_ns",
					(json_int_t)offset.error_ns));
	return ask(m, CONTROL_CLOCK_RESULT,
		   json_pack("{s:I, s:I, s:i}", "offset_ns", (json_int_t)offset.offset_ns,
			     "error_ns", (json_int_t)offset.error_ns, "rounds",
			     offset.rounds),
		   f);
}

/* Who measured, and how far the clocks are apart, stands in the results. */
static void sign(struct master *m, json_t *results)
{
	json_t *own = json_object_get(results, "fathom");
	json_t *agent = json_pack("{s:s}", "address", m->options->agent);

	json_object_update(agent, m->welcome);
	json_object_set_new(agent, "session", json_sprintf("%016" PRIx64, m->session));
	json_object_set(agent, "clock", m->clocks);
	json_object_set_new(own, "agent", agent);
}

static int run(struct master *m, struct failure *f)
{
	json_t *message = NULL, *results;
	int err = inquire(m, CONTROL_RUN, json_object(), CONTROL_RESULTS, &message, f);

	m->can_stop = false;
	if (err)
		return err;
	results = json_object_get(message, "results");
	m->options->warn(json_object_get(json_object_get(results, "fathom"), "warnings"));
	if (json_is_object(results))
		*m->results = json_incref(results);
	if (json_object_get(message, "failure"))
		err = fail(f, -EREMOTEIO, "%s", member_text(message, "failure"));
	else if (!*m->results)
		err = fail(f, -EPROTO, "results came without any");
	json_decref(message);
	return err;
}

/* The rest of the trace comes before the answer. */
static int finish(struct master *m, struct failure *f)
{
	json_t *finished = NULL;
	int err =
		inquire(m, CONTROL_FINISH, json_object(), CONTROL_FINISHED, &finished, f);

	if (!err && m->options->record)
		err = master_trace_finish(&m->trace, finished, m->options->say, f);
	json_decref(finished);
	return err;
}

static void say_agent(const struct master *m)
{
	const json_t *clock = json_array_get(m->clocks, 0);
	double offset = member_number(clock, "offset_ns");
	char apart[UNIT_TEXT], error[UNIT_TEXT];

	say(m, "agent %s: %s, Linux %s, %s; its clock is %s %s, within %s",
	    m->options->agent, member_text(m->welcome, "host"),
	    member_text(m->welcome, "kernel"), member_text(m->welcome, "program"),
	    time_text(apart, offset < 0 ? -offset : offset),
	    offset < 0 ? "behind" : "ahead",
	    time_text(error, member_number(clock, "error_ns")));
}

/* A job that failed is finished all the same: its trace may tell why. */
static int converse(struct master *m, struct failure *f)
{
	struct failure later;
	int err = greet(m, f), err_job;

	if (!err)
		err = start_recording(m, f);
	if (!err)
		err = prepare(m, f);
	if (!err)
		err = compare_clocks(m, f);
	if (err)
		return err;
	say_agent(m);
	err_job = run(m, f);
	if (err_job && err_job != -EREMOTEIO)
		return err_job;
	err = compare_clocks(m, err_job ? &later : f);
	if (!err)
		err = finish(m, err_job ? &later : f);
	return err_job ? err_job : err;
}

int master_run(int fd, const struct master_options *options, json_t **results,
	       struct failure *f)
{
	struct master m = {
		.options = options, .results = results, .trace = MASTER_NO_TRACE};
	struct channel_peer peer;
	int err = channel_peer_of(fd, &peer, f);

	link_open(&m.link, fd, CONTROL_MASTER, &peer);
	m.clocks = json_array();
	if (!err)
		err = converse(&m, f);
	if (err)
		fail_in(f, err, "agent %s", options->agent);
	if (*results)
		sign(&m, *results);
	link_close(&m.link);
	master_trace_close(&m.trace);
	json_decref(m.welcome);
	json_decref(m.clocks);
	return err;
}
