/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which models there are, and whether they fit a program or a trace. */
#ifndef FATHOM_ANALYZERS_MODELS_H
#define FATHOM_ANALYZERS_MODELS_H

#include <stdint.h>

#include "trace/requests/model.h"
#include "trace/requests/model_match.h"

struct sdt_file;
struct trace;

enum { MODELS_PROBLEM = 160, MODELS_NAMES = 120 };

/* What was found of one line of a model. */
struct models_line {
	size_t sites;		  /* in the program */
	size_t arguments;	  /* … each has */
	char names[MODELS_NAMES]; /* … as far as the program or the model tells them */
	uint64_t events;	  /* in the trace */
	bool is_there;		  /* the program, the trace has the probe */
};

/* One model, and how it fits what it was held against. */
struct models_entry {
	const struct model *model;
	const struct model_file *file;
	struct models_line lines[MODEL_LINES_MAX];
	enum model_fit fit;
	char problem[MODELS_PROBLEM]; /* why it does not work though the probes are there
				       */
};

/* What models were held against. */
enum models_against { AGAINST_NOTHING, AGAINST_PROGRAM, AGAINST_TRACE };

struct models {
	enum models_against against;
	const char *path;	      /* of the program or the trace */
	bool details;		      /* models were named: show all of them */
	struct models_entry *entries; /* those known, or those that were named */
	size_t nr_entries;
};

/* Fits, and nothing stands against it? */
static inline bool models_fits(const struct models_entry *entry)
{
	return entry->fit == FIT_ALL && !*entry->problem;
}

/* models_check.c: holds an entry against the notes of a program, the events of a trace
 * that was read. */
void models_check_program(struct models_entry *entry, const struct sdt_file *file);
void models_check_trace(struct models_entry *entry, const struct trace *trace);

/* models_print.c: on stdout. */
void models_print_text(const struct models *m);
int models_print_json(const struct models *m); /* 0 or -ENOMEM */

#endif
