/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/sweep/response.h - the plot of the response to one setting, on its way.
 */
#ifndef CX_CORE_RESPONSE_H
#define CX_CORE_RESPONSE_H

#include "core/sweep/harvest_internal.h"

#define CX_PANELS 9u /* the first so many figures */

/** One plot: a scenario and a setting that was varied. */
struct cx_response {
	const struct cx_harvest *harvest;
	const struct cx_sweep *sweep;
	unsigned scenario, axis;
	uint64_t *group; /* [policy * values + value] */
	double *x;       /* by value: where it stands */
	bool log_x;
	bool named;    /* the values are names: nothing lies between them */
	bool lettered; /* ... or too long to stand at the axis */
	char name[64]; /* of its files */
};

static inline const struct cx_axis *cx_response_axis(const struct cx_response *r)
{
	return &r->sweep->plan->axes[r->axis];
}

static inline const struct cx_mean *cx_response_mean(const struct cx_response *r, unsigned policy,
						     unsigned value, unsigned figure)
{
	uint64_t group = r->group[policy * cx_response_axis(r)->n + value];

	return &r->harvest->groups[group].means[figure];
}

/** Columns of the data: x, value, then mean, low and high for each policy and figure. */
static inline unsigned cx_response_column(unsigned policy, unsigned figure)
{
	return 3 + (policy * CX_FIGURES + figure) * 3;
}

/** What the means of a figure span, their intervals included. */
struct cx_span {
	double low, high;
	double least; /* the least mean; 0 unless all are above 0 */
	bool any;
};

struct cx_span cx_response_span(const struct cx_response *r, unsigned figure);

/* --- response_plot.c --- */

/** The gnuplot script plots/NAME.gp. */
void cx_response_script(const struct cx_response *r, FILE *out);

#endif
