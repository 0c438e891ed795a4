/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/run/plan.h"

#include <errno.h>
#include <stdlib.h>

static int by_time(const void *a, const void *b)
{
	const struct cx_action *x = a, *y = b;

	if (x->at_ns != y->at_ns)
		return x->at_ns < y->at_ns ? -1 : 1;
	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	return x->index < y->index ? -1 : x->index > y->index;
}

int cx_plan(const struct cx_scenario *scenario, uint64_t duration_ns, struct cx_action **actions,
	    unsigned *n, struct cx_error *err)
{
	struct cx_action *a =
		calloc(2 * (size_t)scenario->n_domains + scenario->n_changes + 1, sizeof(*a));
	unsigned i, k = 0;

	if (!a)
		return cx_fail(err, ENOMEM, "out of memory for the scenario's events");
	for (i = 0; i < scenario->n_domains; i++) {
		const struct cx_scenario_domain *d = &scenario->domains[i];

		if (d->start_ns < duration_ns)
			a[k++] = (struct cx_action){ d->start_ns, CX_ACTION_START, i };
		if (d->stop_ns < duration_ns)
			a[k++] = (struct cx_action){ d->stop_ns, CX_ACTION_STOP, i };
	}
	for (i = 0; i < scenario->n_changes; i++)
		if (scenario->changes[i].at_ns < duration_ns)
			a[k++] = (struct cx_action){ scenario->changes[i].at_ns, CX_ACTION_CHANGE,
						     i };
	qsort(a, k, sizeof(*a), by_time);
	*actions = a;
	*n = k;
	return 0;
}
