/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A line on the terminal while one call of the kernel takes long. */
#ifndef FATHOM_COLLECTOR_PATIENCE_H
#define FATHOM_COLLECTOR_PATIENCE_H

struct patience;

/*
 * From @after_seconds (at least 1) on, until patience_end(), stderr shows @text and the
 * seconds so far, if it is a terminal. NULL, which patience_end() takes, without memory:
 * then nothing is shown.
 */
struct patience *patience_begin(const char *text, unsigned after_seconds);
void patience_end(struct patience *patience);

#endif
