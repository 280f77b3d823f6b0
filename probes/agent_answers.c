// SPDX-License-Identifier: GPL-2.0-or-later
/* What an agent does for each message of its master, and what it answers. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/failure.h"
#include "core/json_members.h"
#include "core/stop.h"
#include "probes/agent_sandbox.h"
#include "probes/agent_session.h"
#include "probes/bench_report.h"
#include "probes/probes.h"

enum { OVERRIDES_MAX = 64, DEVICES_MAX = 64 };

static void say(const struct session *s, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void say(const struct session *s, const char *format, ...)
{
	struct failure line;
	char text[sizeof(line.text)];
	va_list args;

	if (!s->say)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	fail(&line, 0, "%s", text); /* foreign names may be in it */
	s->say(line.text);
}

static int take_hello(struct session *s, const struct control_message *m, json_t *body,
		      struct failure *f)
{
	const char *session = member_text(body, "session");

	(void)m;
	if (strlen(session) != 16 || strspn(session, "0123456789abcdefABCDEF") != 16)
		return fail(f, -EBADMSG, "a session is called by 16 hexadecimal digits");
	s->id = strtoull(session, NULL, 16);
	say(s, "master %s, %s", s->link.peer.text, member_text(body, "program"));
	s->stage = STAGE_READY;
	return 0;
}

static int take_record(struct session *s, const struct control_message *m, json_t *body,
		       struct failure *f)
{
	int err;

	(void)body;
	if (s->recorder.pid)
		return fail(f, -EALREADY, "the recorder runs already");
	err = recorder_start(&s->recorder, f);
	if (err)
		return err;
	s->record_number = s->number = m->number;
	s->stage = STAGE_ATTACHING;
	return 0;
}

static int take_overrides(struct job_file *file, const json_t *list, struct failure *f)
{
	const json_t *item;
	size_t i;
	int err = 0;

	if (json_array_size(list) > OVERRIDES_MAX)
		return fail(f, -E2BIG, "more than %d overrides", OVERRIDES_MAX);
	json_array_foreach(list, i, item)
	{
		const char *key = member_text(item, "key");

		err = job_file_override(file, key, member_text(item, "value"), f);
		if (err)
			return fail_in(f, err, "%.40s", key);
	}
	return 0;
}

/* Devices that the master's user gives up; they must be what the operator allows, too. */
static int take_devices(struct session *s, const json_t *list, struct failure *f)
{
	size_t count = json_array_size(list);

	if (count > DEVICES_MAX)
		return fail(f, -E2BIG, "more than %d devices", DEVICES_MAX);
	s->devices.items = calloc(count + 1, sizeof(*s->devices.items));
	if (!s->devices.items)
		return fail(f, -ENOMEM, "out of memory");
	for (size_t i = 0; i < count; i++) {
		const char *path = json_string_value(json_array_get(list, i));
		int fd = file_open(&s->work.rules, path ? path : "", O_PATH, 0, f);

		if (fd < 0)
			return fd;
		close(fd);
		s->devices.items[s->devices.count++] = path;
	}
	return 0;
}

static int read_job(struct session *s, struct failure *f)
{
	const char *name = member_text(s->job, "name"),
		   *text = member_text(s->job, "text");
	struct job_file *file = &s->work.file;
	int err = job_file_read_text(file, name, text, f);

	if (!err)
		err = take_overrides(file, json_object_get(s->job, "overrides"), f);
	if (!err)
		err = job_file_check(file, f);
	if (!err)
		err = agent_limits_check(&s->rules->limits, file, f);
	return err;
}

static int take_job(struct session *s, const struct control_message *m, json_t *body,
		    struct failure *f)
{
	struct file_rules *rules = &s->work.rules;
	int err;

	s->job = json_incref(body);
	s->room = s->rules->limits.size;
	*rules = (struct file_rules){
		.roots = &s->rules->roots,
		.read_only = !s->rules->allow_write,
		.devices = &s->devices,
		.room = &s->room,
		.stop = &s->work.stop,
	};
	err = read_job(s, f);
	if (!err)
		err = take_devices(s, json_object_get(body, "allow_write"), f);
	if (!err && s->rules->sandbox)
		err = sandbox_enter(&s->rules->roots, s->rules->allow_write, f);
	if (!err)
		err = work_prepare(&s->work, f);
	if (err)
		return err;
	say(s, "job %s", member_text(body, "name"));
	s->number = m->number;
	s->stage = STAGE_PREPARING;
	return 0;
}

static int take_clock(struct session *s, const struct control_message *m, json_t *body,
		      struct failure *f)
{
	uint64_t received = s->link.received_ns;

	(void)body;
	return link_send(&s->link, CONTROL_TIME, m->number,
			 json_pack("{s:I, s:I}", "received_ns", (json_int_t)received,
				   "sent_ns", (json_int_t)clock_ns()),
			 f);
}

/* The master measured it; here it has the other sign. */
static int take_clock_result(struct session *s, const struct control_message *m,
			     json_t *body, struct failure *f)
{
	int64_t offset = member_integer(body, "offset_ns");

	(void)m;
	if (offset == INT64_MIN)
		return fail(f, -EBADMSG, "an offset of clocks that cannot be");
	probe_clock_sync(s->link.peer.cid, s->id, -offset, member_count(body, "error_ns"),
			 (uint32_t)member_count(body, "rounds"));
	return 0;
}

static int take_run(struct session *s, const struct control_message *m, json_t *body,
		    struct failure *f)
{
	int err = work_run(&s->work, f);

	(void)body;
	if (err)
		return err;
	s->run_number = s->number = m->number;
	s->deadline_ns = clock_ns() + s->rules->limits.time_ns;
	s->stage = STAGE_RUNNING;
	return 0;
}

/* It may have crossed the results on its way. */
static int take_stop(struct session *s, const struct control_message *m, json_t *body,
		     struct failure *f)
{
	(void)m;
	(void)body;
	(void)f;
	work_stop(&s->work);
	return 0;
}

static int send_finished(struct session *s, struct failure *f)
{
	struct recorder *r = &s->recorder;
	bool asked = r->pid != 0, worked = recorder_close(r);

	s->stage = STAGE_OVER;
	return link_send(
		&s->link, CONTROL_FINISHED, s->number,
		json_pack("{s:I, s:I, s:b, s:b, s:s}", "bytes", (json_int_t)r->sent.bytes,
			  "checksum", (json_int_t)r->sent.checksum, "recorded",
			  asked && worked, "cut_short", r->cut_short, "said", r->said),
		f);
}

static int take_finish(struct session *s, const struct control_message *m, json_t *body,
		       struct failure *f)
{
	(void)body;
	s->number = m->number;
	if (!s->recorder.pid || recorder_is_over(&s->recorder))
		return send_finished(s, f);
	recorder_stop(&s->recorder);
	s->stage = STAGE_FINISHING;
	return 0;
}

#define IN(stage) (1U << STAGE_##stage)

static const struct {
	enum control_type type;
	unsigned stages; /* where it is expected */
	int (*take)(struct session *s, const struct control_message *m, json_t *body,
		    struct failure *f);
} answers[] = {
	{CONTROL_HELLO, IN(HELLO), take_hello},
	{CONTROL_RECORD, IN(READY), take_record},
	{CONTROL_JOB, IN(READY), take_job},
	{CONTROL_CLOCK, IN(READY) | IN(PREPARED) | IN(DONE), take_clock},
	{CONTROL_CLOCK_RESULT, IN(READY) | IN(PREPARED) | IN(DONE), take_clock_result},
	{CONTROL_RUN, IN(PREPARED), take_run},
	{CONTROL_STOP, IN(PREPARING) | IN(PREPARED) | IN(RUNNING) | IN(DONE), take_stop},
	{CONTROL_FINISH, IN(DONE), take_finish},
};

int session_take(struct session *s, const struct control_message *m, struct failure *f)
{
	json_t *body;
	int err;

	for (size_t i = 0; i < sizeof(answers) / sizeof(*answers); i++) {
		if (answers[i].type != m->kind->type ||
		    !(answers[i].stages & (1U << s->stage)))
			continue;
		err = control_body(m, &body, f);
		if (!err)
			err = answers[i].take(s, m, body, f);
		if (err)
			s->number = m->number;
		json_decref(body);
		return err;
	}
	s->number = m->number;
	return fail(f, -EPROTO, "a message '%s' came when it was not expected",
		    m->kind->name);
}

/* What happens by itself */

static void add_warning(json_t *results, const char *id, const char *text)
{
	json_t *list = json_object_get(json_object_get(results, "fathom"), "warnings");

	json_array_append_new(list, json_pack("{s:s, s:s, s:s}", "id", id, "subject",
					      "the agent", "text", text));
}

static int send_prepared(struct session *s, struct failure *f)
{
	s->stage = STAGE_PREPARED;
	return link_send(
		&s->link, CONTROL_PREPARED, s->number,
		json_pack("{s:o}", "warnings", bench_warnings(&s->work.run.warnings)), f);
}

static int send_results(struct session *s, struct failure *f)
{
	struct work *w = &s->work;
	json_t *results = run_nr_reports(&w->run) ? bench_results(&w->run, NULL) : NULL;
	json_t *failure = w->result ? json_string(w->failure.text) : NULL;

	if (s->cut_short)
		add_warning(results, "max-time",
			    "the agent ended the job at its --max-time");
	else if (stop_requested())
		add_warning(results, "stopped",
			    "the agent was stopped while the job ran: it was cut short");
	say(s, "job done%s%s", failure ? ": " : "", failure ? w->failure.text : "");
	s->stage = STAGE_DONE;
	return link_send(
		&s->link, CONTROL_RESULTS, s->number,
		json_pack("{s:o*, s:o*}", "results", results, "failure", failure), f);
}

int session_step_done(struct session *s, struct failure *f)
{
	int err = work_join(&s->work);

	s->deadline_ns = 0;
	if (s->stage == STAGE_RUNNING)
		return send_results(s, f);
	return err ? fail(f, err, "%s", s->work.failure.text) : send_prepared(s, f);
}

int session_look_at_recorder(struct session *s, struct failure *f)
{
	struct recorder *r = &s->recorder;

	if (r->sent.bytes > s->rules->limits.trace && !r->stopping) {
		say(s, "recording ends at --max-trace");
		r->cut_short = true;
		recorder_stop(r);
	}
	if (s->stage == STAGE_ATTACHING && r->attached) {
		s->stage = STAGE_READY;
		return link_send(&s->link, CONTROL_RECORDING, s->record_number,
				 json_pack("{s:s}", "text", r->said), f);
	}
	if (s->stage == STAGE_ATTACHING && recorder_is_over(r))
		return fail(f, -EIO, "cannot record: %s", r->said);
	if (s->stage == STAGE_FINISHING && recorder_is_over(r))
		return send_finished(s, f);
	return 0;
}
