/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One master's session with the agent, from the greeting to the end: a state machine that
 * messages drive, and a job and a recorder that it drives.
 *
 *	HELLO --hello--> READY --job--> PREPARING --> PREPARED --run--> RUNNING --> DONE
 *	                 |   ^                                                       |
 *	             record  |                                                    finish
 *	                 v   |                                                       v
 *	               ATTACHING                                OVER <-- FINISHING --+
 *
 * A message that its stage does not expect ends the session, and so does silence where
 * the master should speak, or a master that takes nothing any more.
 */
#ifndef FATHOM_PROBES_AGENT_SESSION_H
#define FATHOM_PROBES_AGENT_SESSION_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/options.h"
#include "probes/agent_recorder.h"
#include "probes/agent_rules.h"
#include "probes/agent_work.h"
#include "probes/link.h"

enum session_stage {
	STAGE_HELLO,
	STAGE_READY,
	STAGE_ATTACHING,
	STAGE_PREPARING,
	STAGE_PREPARED,
	STAGE_RUNNING,
	STAGE_DONE,
	STAGE_FINISHING,
	STAGE_OVER,
	NR_STAGES,
};

struct session {
	const struct agent_rules *rules;
	/* Told about what the operator may want to know; may be NULL. */
	void (*say)(const char *line);
	void (*show)(const char *phase, const struct run_progress *progress);

	struct link link;
	enum session_stage stage;
	uint64_t id;	 /* the master's word for this session */
	uint32_t number; /* of the question that is being worked on */
	uint32_t record_number, run_number;
	uint64_t beat_ns;     /* when progress was told last */
	uint64_t deadline_ns; /* of the job; 0: it does not run */
	bool cut_short;	      /* … it was passed */
	json_t *job;	      /* the message, which has the device names */
	struct string_list devices;
	uint64_t room; /* bytes that files may still grow by */
	struct work work;
	struct recorder recorder;
};

/* Serves the master at the other end of @fd, which is closed. 0, or a negative errno and
 * in @f why the session ended early; the master has been told if it is there. */
int session_serve(struct session *s, int fd, const struct channel_peer *peer,
		  struct failure *f);

/* Does what message @m asks for, and may answer. */
int session_take(struct session *s, const struct control_message *m, struct failure *f);

/* The step of the job that was begun has ended. */
int session_step_done(struct session *s, struct failure *f);

/* The recorder has said or sent something, or ended. */
int session_look_at_recorder(struct session *s, struct failure *f);

#endif
