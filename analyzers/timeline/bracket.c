// SPDX-License-Identifier: GPL-2.0-or-later
/* How well a capture lies on the axis. */
#include "analyzers/timeline/bracket.h"

#include "trace/control.h"

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

/* Both at hand: the capture's time may be changed by so much. */
static void narrow(struct bracket *b, const struct bracket_message *m,
		   enum bracket_who news)
{
	uint64_t seen = m->time_ns[BRACKET_SEEN];

	if (!m->has[BRACKET_SEEN])
		return;
	if (m->has[BRACKET_SENT] && (news == BRACKET_SENT || news == BRACKET_SEEN)) {
		int64_t least = (int64_t)(m->time_ns[BRACKET_SENT] - seen);

		b->after++;
		if (least > b->least_ns)
			b->least_ns = least;
	}
	if (m->has[BRACKET_GOT] && (news == BRACKET_GOT || news == BRACKET_SEEN)) {
		int64_t most = (int64_t)(m->time_ns[BRACKET_GOT] - seen);

		b->before++;
		if (most < b->most_ns)
			b->most_ns = most;
	}
}

void bracket_message(struct bracket *b, enum bracket_who who, unsigned type,
		     uint32_t number, uint64_t time_ns)
{
	struct bracket_message *m;

	if (!number || type == CONTROL_TRACE || type == CONTROL_PROGRESS)
		return;
	m = find(b, who, type, number);
	m->has[who] = true;
	m->time_ns[who] = time_ns;
	narrow(b, m, who);
}
