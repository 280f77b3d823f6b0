// SPDX-License-Identifier: GPL-2.0-or-later
/* The latencies of a made-up device. */
#include "probes/latency_mix.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/failure.h"
#include "core/units.h"

enum { LONGEST_NS = 1000000000 };

/* "TIME" or "TIME/PERCENT", @length bytes of it. */
static int parse_part(struct latency_mix *mix, const char *text, size_t length,
		      struct failure *f)
{
	uint64_t *ns, *percent;
	char part[UNIT_TEXT], *slash;
	int err;

	if (mix->nr == LATENCY_PARTS_MAX)
		return fail(f, -EINVAL, "more than %d latencies", LATENCY_PARTS_MAX);
	ns = &mix->parts[mix->nr].ns;
	percent = &mix->parts[mix->nr].percent;
	snprintf(part, sizeof(part), "%.*s", (int)length, text);
	slash = strchr(part, '/');
	if (slash)
		*slash = 0;
	*percent = 100;
	err = time_parse(part, 1, ns, f);
	if (!err && slash)
		err = number_parse(slash + 1, percent, f);
	if (err)
		return err;
	if (!*ns || *ns > LONGEST_NS || *percent > 100)
		return fail(f, -ERANGE, "'%s' is not 1 ns to 1 s, or not 0 to 100 %%",
			    part);
	mix->nr++;
	return 0;
}

int latency_mix_parse(struct latency_mix *mix, const char *text, struct failure *f)
{
	uint64_t percent = 0;

	mix->nr = 0;
	while (text) {
		size_t length = strcspn(text, ":");
		int err = parse_part(mix, text, length, f);

		if (err)
			return err;
		percent += mix->parts[mix->nr - 1].percent;
		text = text[length] ? text + length + 1 : NULL;
	}
	if (percent != 100)
		return fail(f, -EINVAL, "the latencies make %llu %%, not 100",
			    (unsigned long long)percent);
	return 0;
}

uint64_t latency_mix_draw(const struct latency_mix *mix, struct random *random)
{
	uint64_t dice = random_below(random, 100), ns = LATENCY_DEFAULT_NS;

	for (size_t i = 0; i < mix->nr; i++) {
		ns = mix->parts[i].ns;
		if (dice < mix->parts[i].percent)
			break;
		dice -= mix->parts[i].percent;
	}
	return ns - ns / 10 + random_below(random, ns / 5 + 1);
}
