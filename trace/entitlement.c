/* SPDX-License-Identifier: BSD-2-Clause */
#include "trace/metrics.h"
#include "trace/metrics_internal.h"

#include <math.h>

#define ROUNDS_MAX 200  /* halving a double's range to nothing takes fewer */
#define TOLERANCE 1e-12 /* of the capacity */

static double clamped(const struct cx_claim *c, double x)
{
	double want = c->weight * x;

	if (want < c->lo)
		return c->lo;
	return want > c->hi ? c->hi : want;
}

/** What all get at level @x; *@slope: by how much that grows with x just there. */
static double given(const struct cx_claim *claims, unsigned n, double x, double *slope)
{
	double total = 0;
	unsigned i;

	*slope = 0;
	for (i = 0; i < n; i++) {
		double want = claims[i].weight * x;

		total += clamped(&claims[i], x);
		if (want >= claims[i].lo && want < claims[i].hi)
			*slope += claims[i].weight;
	}
	return total;
}

/**
 * The level x at which the clamped shares fill @capacity.  The sum is a rising, piecewise
 * linear function of x: Newton's step is exact once it starts in the right piece, and
 * halving the bracket guards it until then.
 */
static double fill(const struct cx_claim *claims, unsigned n, double capacity, double top)
{
	double low = 0, high = top, x = 0, slope = 0;
	unsigned round;

	for (round = 0; round < ROUNDS_MAX; round++) {
		double excess = given(claims, n, x, &slope) - capacity;
		double next;

		if (fabs(excess) <= TOLERANCE * capacity)
			break;
		if (excess < 0)
			low = x;
		else
			high = x;
		next = slope > 0 ? x - excess / slope : low;
		if (!(next > low && next < high))
			next = low + (high - low) / 2;
		if (next <= low || next >= high)
			break; /* neighbouring doubles: no better answer */
		x = next;
	}
	return x;
}

double cx_entitle_level(const struct cx_claim *claims, unsigned n, double capacity)
{
	double lo = 0, hi = 0, top = 0;
	unsigned i;

	for (i = 0; i < n; i++) {
		lo += claims[i].lo;
		hi += claims[i].hi;
		top = fmax(top, claims[i].hi / claims[i].weight);
	}
	if (hi <= capacity)
		return INFINITY;
	if (lo >= capacity)
		return 0;
	return fill(claims, n, capacity, top);
}

int cx_entitle(struct cx_claim *claims, unsigned n, double capacity)
{
	double x = cx_entitle_level(claims, n, capacity);
	double lo = 0, scale = 1;
	unsigned i;

	for (i = 0; i < n; i++)
		lo += claims[i].lo;
	if (lo > capacity)
		scale = capacity / lo; /* x is 0: all stand at their lo, which do not fit */
	for (i = 0; i < n; i++)
		claims[i].share = scale * clamped(&claims[i], x);
	return 0;
}
