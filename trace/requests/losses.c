// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What lost records mean for requests.
 *
 * Pairs. A request that was in flight during a gap may have lost its end, and its key may
 * have been used again meanwhile: then the complete behind the gap is another's, and a
 * latency made of the two is nobody's. That takes two lost records, an end and a begin.
 * So a pair across a gap is made only if the model says that keys are unique, or if fewer
 * than two records were lost since the submit. Otherwise both ends count as unmatched,
 * and the two are doubtful. A gap is only known when it has ended, though: a pair that
 * the records of another CPU made while it was open has been told by then. It is counted,
 * as far as the last RECENT_PAIRS go.
 *
 * Waiting. A request that was in flight during a gap is kept, but if it has then been in
 * flight for more than 8 times the mean latency it no longer counts as such, or every
 * lost complete would raise the depth for ever. Should its end come after all and be
 * sure, its latency is right, and told; only the depth was too low meanwhile. Rejected:
 * forgetting everything at a gap, which throws away the slow requests that the user is
 * after; a multiple of the longest latency, which one outlier makes useless.
 *
 * Bounds. Of N requests the latency is known, of L it is not. Had all of the L been
 * faster than the fastest, the percentile would be the value of rank k - L among the
 * known, with k = ceil(p * (N + L)); had they been slower than the slowest, that of rank
 * k. It lies between. L is those known to be cut, each of which accounts for a lost
 * record, and one for every two records beyond: an upper limit, for the recorder may
 * have lost records of other probes.
 */
#include "trace/requests/losses.h"

#include <math.h>

#include "trace/reader.h"
#include "trace/requests/requests.h"

enum {
	PATIENCE = 8,	 /* times the mean latency */
	HIDES_REUSE = 2, /* so many lost records may hide an end and a begin */
};

static const char *const half_words[CUT_HALVES] = {
	[CUT_NO_COMPLETE] = "complete",
	[CUT_NO_SUBMIT] = "submit",
	[CUT_DOUBTFUL] = "certainty",
};

const char *cut_half_word(enum cut_half half)
{
	return half_words[half];
}

/* Pairs that were made while this gap was open, and not counted yet. */
static uint64_t made_meanwhile(struct recent_pairs *recent, const struct loss *loss)
{
	uint64_t nr = recent->count < RECENT_PAIRS ? recent->count : RECENT_PAIRS;
	uint64_t made = 0;

	for (uint64_t i = 0; i < nr; i++) {
		if (recent->times_ns[i] <= loss->from_ns)
			continue;
		made++;
		recent->times_ns[i] = 0;
	}
	return made;
}

void losses_take(struct requests *r, const struct loss *loss)
{
	if (loss->count >= HIDES_REUSE && loss->from_ns)
		r->meanwhile += made_meanwhile(&r->recent, loss);
	r->lost += loss->count;
	r->losses++;
}

bool losses_make_doubtful(const struct requests *r, const struct request *q)
{
	return !r->model->unique_keys && r->lost - q->lost >= HIDES_REUSE;
}

void losses_name(struct requests *r, const struct request *q, enum cut_half half)
{
	if (r->nr_named < CUT_NAMED_MAX)
		r->named[r->nr_named++] = (struct cut_request){half, *q};
}

void losses_give_up(struct requests *r, uint64_t time_ns)
{
	uint64_t patience = r->latency_sum / r->requests * PATIENCE;
	struct request *oldest;

	while ((oldest = inflight_oldest(&r->in_flight, INFLIGHT_LIVE)) &&
	       oldest->lost != r->lost && time_ns - oldest->submit_ns > patience) {
		REQUESTS_TELL(r, gone, oldest, time_ns);
		inflight_give_up(&r->in_flight, oldest);
		r->given_up++;
	}
}

void losses_end(struct requests *r)
{
	const struct request *pool = r->in_flight.pool;

	for (uint32_t list = 0; r->losses && list < INFLIGHT_LISTS; list++)
		for (uint32_t i = pool[list].newer; i >= INFLIGHT_LISTS;
		     i = pool[i].newer) {
			if (pool[i].lost == r->lost)
				continue;
			r->cut.submits++;
			losses_name(r, &pool[i], CUT_NO_COMPLETE);
		}
}

uint64_t losses_unknown(const struct requests *r)
{
	uint64_t cut = r->cut.completes + r->cut.submits + r->cut.reused + r->cut.skipped;

	return cut + (r->lost > cut ? (r->lost - cut) / 2 : 0);
}

struct percentile_bounds percentile_bounds(const struct histogram *h, double percent,
					   uint64_t unknown)
{
	uint64_t rank = histogram_rank(h->count + unknown, percent);
	struct percentile_bounds b = {.has_low = rank > unknown,
				      .has_high = rank <= h->count};

	if (b.has_low)
		b.low = histogram_at(h, rank - unknown);
	if (b.has_high)
		b.high = histogram_at(h, rank);
	return b;
}
