/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which models a name means, and which one fits a trace. */
#ifndef FATHOM_TRACE_REQUESTS_MODEL_FIND_H
#define FATHOM_TRACE_REQUESTS_MODEL_FIND_H

#include "trace/requests/model.h"

/*
 * The models that @which means, at least one. It is
 *
 *   a path (ends in ".model", begins with '.' or '/', or is "-"): all of the file,
 *   a file's name without ending: all of the first so called (model_search.h),
 *   either with "/NAME" behind it: the one called NAME in there, or
 *   the NAME of a model that only one of the known files has.
 */
int model_find(struct model_file **file, const char *which, struct failure *f);

/* The first model that all of @file's fit @trace best, whether well or not. */
size_t model_best(const struct model_file *file, const struct trace *trace, bool poll);

/*
 * The first known model whose submit and complete (@poll: end of a window or a wait)
 * are both among the types of @trace, else the first with one of them. @others: how
 * many more fit as well. Returns 0, or -ENOENT without a sentence when there is none, or
 * with one when a file that could not be read might have had it.
 */
int model_guess(struct model **model, unsigned *others, const struct trace *trace,
		bool poll, struct failure *f);

#endif
