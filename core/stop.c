// SPDX-License-Identifier: GPL-2.0-or-later
/* Ctrl-C and SIGTERM as a flag that loops look at. */
#include "core/stop.h"

#include <signal.h>

static volatile sig_atomic_t asked;

static void ask(int signal)
{
	asked = signal;
}

void stop_on_signals(void)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
	struct sigaction action = {.sa_handler = ask, .sa_flags = (int)SA_RESETHAND};

	sigemptyset(&action.sa_mask);
	for (unsigned i = 0; i < sizeof(signals) / sizeof(*signals); i++)
		sigaction(signals[i], &action, NULL);
	signal(SIGPIPE, SIG_IGN);
}

bool stop_requested(void)
{
	return asked != 0;
}

int stop_signal(void)
{
	return asked;
}
