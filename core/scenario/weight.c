/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/scenario/internal.h"

#include <string.h>

#define WEIGHT_MAX 65535u
#define SHARES_PER_VCPU 1000u /* what a vCPU of normal weight has */

static const char *const words[] = { "low", "normal", "high" };
#define WORDS (sizeof(words) / sizeof(words[0]))

/** Its index, or WORDS. */
static size_t find_word(const char *text)
{
	size_t i;

	for (i = 0; i < WORDS; i++)
		if (strcmp(text, words[i]) == 0)
			break;
	return i;
}

/** A weight from 1 to @max, or a name for the half, the whole or the double of @normal. */
static int read_weight(struct cx_reading *r, const char *key, const char *text, unsigned normal,
		       unsigned max, unsigned *weight)
{
	char found[80];
	uint64_t value;
	size_t word;

	if (!text)
		return 0;
	word = find_word(text);
	if (word < WORDS) {
		*weight = (normal << word) / 2;
		return 0;
	}
	if (!cx_text_to_u64(text, &value) || value < 1 || value > max)
		return cx_reject(r, key, 0, cx_quote(text, found, sizeof(found)),
				 "a whole number from 1 to %u, low, normal or high", max);
	*weight = (unsigned)value;
	return 0;
}

/** Shares of something as wide as @vcpus, as the weight of each vCPU: the nearest of 1 .. @max. */
static int read_shares(struct cx_reading *r, const char *key, const char *text, unsigned vcpus,
		       unsigned max, unsigned *weight)
{
	/* The most that make no more than the largest weight. */
	uint64_t most = ((uint64_t)max + 1) * SHARES_PER_VCPU * vcpus / CX_WEIGHT_DEFAULT - 1;
	char found[80];
	uint64_t shares, value, normal = (uint64_t)SHARES_PER_VCPU * vcpus;

	if (!cx_text_to_u64(text, &shares) || shares < 1 || shares > most)
		return cx_reject(r, key, 0, cx_quote(text, found, sizeof(found)),
				 "a whole number from 1 to %llu%s", (unsigned long long)most,
				 find_word(text) < WORDS ? "; low, normal and high are for weight"
							 : "");
	value = (shares * CX_WEIGHT_DEFAULT + normal / 2) / normal;
	*weight = value < 1 ? 1 : value > max ? max : (unsigned)value;
	return 0;
}

int cx_value_weight(struct cx_reading *r, const char *key, const char *text, unsigned *weight)
{
	return read_weight(r, key, text, CX_WEIGHT_DEFAULT, WEIGHT_MAX, weight);
}

/* VMware's scale: for the whole domain, 1000 a vCPU is normal. */
int cx_value_shares(struct cx_reading *r, const char *key, const char *text, unsigned vcpus,
		    unsigned *weight)
{
	return read_shares(r, key, text, vcpus, WEIGHT_MAX, weight);
}

int cx_value_pool_weight(struct cx_reading *r, const char *key, const char *text, unsigned *weight)
{
	return read_weight(r, key, text, CX_POOL_WEIGHT_DEFAULT, CX_POOL_WEIGHT_MAX, weight);
}

/* A pool's weight is the whole pool's already: as that of one vCPU. */
int cx_value_pool_shares(struct cx_reading *r, const char *key, const char *text, unsigned *weight)
{
	return read_shares(r, key, text, 1, CX_POOL_WEIGHT_MAX, weight);
}

int cx_value_percent(struct cx_reading *r, const char *key, const char *text, unsigned max,
		     const char *why, unsigned *percent)
{
	char found[80];
	uint64_t value;

	if (!text)
		return 0;
	if (!cx_text_to_u64(text, &value) || value > max)
		return cx_reject(r, key, 0, cx_quote(text, found, sizeof(found)),
				 "a whole number from 0 to %u, %s", max, why);
	*percent = (unsigned)value;
	return 0;
}
