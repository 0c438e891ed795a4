/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/scenario/internal.h"

#include <string.h>

#define WEIGHT_MAX 65535u
#define SHARES_PER_VCPU 1000u /* what a vCPU of normal weight has */

int cx_value_weight(struct cx_reading *r, const char *key, const char *text, unsigned *weight)
{
	static const struct {
		const char *name;
		unsigned weight;
	} names[] = {
		{ "low", CX_WEIGHT_DEFAULT / 2 },
		{ "normal", CX_WEIGHT_DEFAULT },
		{ "high", CX_WEIGHT_DEFAULT * 2 },
	};
	size_t i;

	for (i = 0; text && i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(text, names[i].name) == 0) {
			*weight = names[i].weight;
			return 0;
		}
	return cx_value_uint(r, key, text, 1, WEIGHT_MAX, weight);
}

/* VMware's scale: for the whole domain, 1000 a vCPU is normal. */
int cx_value_shares(struct cx_reading *r, const char *key, const char *text, unsigned vcpus,
		    unsigned *weight)
{
	/* The largest that makes no more than the largest weight. */
	uint64_t max = ((uint64_t)WEIGHT_MAX + 1) * SHARES_PER_VCPU * vcpus / CX_WEIGHT_DEFAULT - 1;
	char found[80];
	uint64_t shares, value;

	if (!cx_text_to_u64(text, &shares) || shares < 1 || shares > max)
		return cx_reject(r, key, 0, cx_quote(text, found, sizeof(found)),
				 "a whole number from 1 to %llu", (unsigned long long)max);
	value = shares * CX_WEIGHT_DEFAULT / ((uint64_t)SHARES_PER_VCPU * vcpus);
	*weight = value ? (unsigned)value : 1;
	return 0;
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
