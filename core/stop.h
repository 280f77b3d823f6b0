/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ctrl-C, SIGTERM and a hangup as a flag that loops look at. */
#ifndef FATHOM_CORE_STOP_H
#define FATHOM_CORE_STOP_H

#include <stdbool.h>

/* SIGINT, SIGTERM and SIGHUP raise the flag and interrupt blocking calls (EINTR); a
 * second SIGINT kills the process as usual. SIGHUP does nothing under nohup. SIGPIPE is
 * ignored. Call once. */
void stop_on_signals(void);

bool stop_requested(void);
int stop_signal(void); /* the signal that asked, or 0 */

#endif
