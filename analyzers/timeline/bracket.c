// SPDX-License-Identifier: GPL-2.0-or-later
/* How well a capture lies on the axis. */
#include "analyzers/timeline/bracket.h"

#include "trace/control.h"

#define ERROR_MAX (INT64_MAX / 4) /* as good as unknown, and two can be added */

void bracket_init(struct bracket *b)
{
	*b = (struct bracket){.least_ns = INT64_MIN, .most_ns = INT64_MAX};
}

/* The message, the newest of its number; a new one if there is none that lacks @who. */
static struct bracket_message *find(struct bracket *b, enum bracket_who who,
				    unsigned type, uint32_t number)
{
	uint64_t oldest = b->next > BRACKET_MESSAGES ? b->next - BRACKET_MESSAGES : 0;
	struct bracket_message *m;

	for (uint64_t i = b->next; i-- > oldest;) {
		m = &b->messages[i & (BRACKET_MESSAGES - 1)];
		if (m->type == type && m->number == number && !m->has[who])
			return m;
	}
	m = &b->messages[b->next++ & (BRACKET_MESSAGES - 1)];
	*m = (struct bracket_message){.type = type, .number = number};
	return m;
}

static int64_t error_of(const struct axis_clock *clock)
{
	if (!clock)
		return 0;
	return clock->error_ns < ERROR_MAX ? (int64_t)clock->error_ns : ERROR_MAX;
}

/* Are both at hand, and the @news one of them? Then how far apart their clocks can be. */
static bool comparable(const struct bracket_message *m, enum bracket_who end,
		       enum bracket_who news, int64_t *error_ns)
{
	const struct axis_clock *seen = m->clock[BRACKET_SEEN], *other = m->clock[end];

	if (!m->has[BRACKET_SEEN] || !m->has[end] ||
	    (news != BRACKET_SEEN && news != end))
		return false;
	*error_ns = seen == other ? 0 : error_of(seen) + error_of(other);
	return *error_ns < ERROR_MAX;
}

/* The capture's time may be changed by so much. */
static void narrow(struct bracket *b, const struct bracket_message *m,
		   enum bracket_who news)
{
	const uint64_t *time = m->time_ns;
	int64_t error;

	if (comparable(m, BRACKET_SENT, news, &error)) {
		int64_t least =
			(int64_t)(time[BRACKET_SENT] - time[BRACKET_SEEN]) - error;

		b->after++;
		if (least > b->least_ns)
			b->least_ns = least;
	}
	if (comparable(m, BRACKET_GOT, news, &error)) {
		int64_t most = (int64_t)(time[BRACKET_GOT] - time[BRACKET_SEEN]) + error;

		b->before++;
		if (most < b->most_ns)
			b->most_ns = most;
	}
}

void bracket_message(struct bracket *b, enum bracket_who who, unsigned type,
		     uint32_t number, const struct axis_clock *clock, uint64_t time_ns)
{
	struct bracket_message *m;

	if (!number || type == CONTROL_TRACE || type == CONTROL_PROGRESS)
		return;
	m = find(b, who, type, number);
	m->has[who] = true;
	m->clock[who] = clock;
	m->time_ns[who] = time_ns;
	narrow(b, m, who);
}
