/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A failure with its reason in one line.
 *
 * Libraries never print. A function that can fail for a reason a person must be
 * told takes a struct failure *, returns a negative errno, and leaves the sentence
 * in it: what was expected, where (file, line, offset), and the cure if there is
 * one. Only command files print it.
 */
#ifndef FATHOM_CORE_FAILURE_H
#define FATHOM_CORE_FAILURE_H

struct failure {
	char text[512]; /* one line, no newline, foreign text already escaped */
};

/*
 * Stores the sentence and returns @code (a negative errno), so that a failing
 * function ends with `return fail(f, -EINVAL, "…")`. @f may be NULL. Bytes
 * that could drive a terminal or are not UTF-8 are replaced by '?'.
 */
int fail(struct failure *f, int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Puts "context: " in front of what @f holds; returns @code. */
int fail_in(struct failure *f, int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
