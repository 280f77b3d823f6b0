// SPDX-License-Identifier: GPL-2.0-or-later
/* Ctrl-C, SIGTERM and a hangup as a flag that loops look at. */
#include "core/stop.h"

#include <signal.h>

static volatile sig_atomic_t asked;

static void ask(int signal)
{
	asked = signal;
}

static bool ignored(int signal)
{
	struct sigaction action;

	return sigaction(signal, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}

void stop_on_signals(void)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
	struct sigaction action = {.sa_handler = ask, .sa_flags = (int)SA_RESETHAND};

	sigemptyset(&action.sa_mask);
	for (unsigned i = 0; i < sizeof(signals) / sizeof(*signals); i++)
		if (signals[i] != SIGHUP || !ignored(SIGHUP)) /* as under nohup */
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
