/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Random numbers for offsets: xoshiro256**, seeded through splitmix64.
 * Source: Blackman and Vigna, "Scrambled linear pseudorandom number generators",
 * https://prng.di.unimi.it/ (public domain).
 */
#ifndef FATHOM_PROBES_RANDOM_H
#define FATHOM_PROBES_RANDOM_H

#include <stdint.h>

struct random {
	uint64_t s[4];
};

static inline uint64_t random_mix(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

static inline void random_seed(struct random *r, uint64_t seed)
{
	for (int i = 0; i < 4; i++)
		r->s[i] = random_mix(&seed);
}

static inline uint64_t random_rotate(uint64_t x, int k)
{
	return (x << k) | (x >> (64 - k));
}

static inline uint64_t random_next(struct random *r)
{
	uint64_t *s = r->s;
	uint64_t result = random_rotate(s[1] * 5, 7) * 9;
	uint64_t t = s[1] << 17;

	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= t;
	s[3] = random_rotate(s[3], 45);
	return result;
}

/* Below @bound, evenly but for one part in 2^64 / @bound; no division. */
static inline uint64_t random_below(struct random *r, uint64_t bound)
{
	return (uint64_t)(((unsigned __int128)random_next(r) * bound) >> 64);
}

#endif
