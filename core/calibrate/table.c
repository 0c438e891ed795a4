/* SPDX-License-Identifier: BSD-2-Clause */
/* The result as a file of costs. */
#include "core/calibrate/internal.h"

#include "base/units.h"
#include "core/sim/costs_internal.h"

#include <inttypes.h>

const char *cx_calibrate_value_name(enum cx_calibrate_value value)
{
	return value == CX_CALIBRATE_MEDIAN ? "median" : "mean of the middle half";
}

static void write_spread(FILE *out, unsigned cost, const struct cx_measured *m)
{
	char p10[32], p50[32], p90[32];

	fprintf(out, "# measured: %" PRIu64 " samples, p10 %s, p50 %s, p90 %s; their %s\n",
		m->samples, cx_cost_format(cost, m->p10, p10, sizeof(p10)),
		cx_cost_format(cost, m->p50, p50, sizeof(p50)),
		cx_cost_format(cost, m->p90, p90, sizeof(p90)), cx_calibrate_value_name(m->is));
}

void cx_calibration_write(FILE *out, const struct cx_calibration *c)
{
	char took[32];

	fprintf(out,
		"# What things cost on this host, for the simulator: `coxswain run --costs FILE`.\n"
		"# %s\n"
		"# backend %s; measured in %s by `coxswain calibrate`\n",
		c->host, c->backend, cx_format_duration(c->duration_ns, took, sizeof(took)));
	if (c->steal > CX_CALIBRATE_NOISY || c->stolen > CX_CALIBRATE_NOISY)
		fprintf(out,
			"# NOISY HOST: others had the CPU for %.1f %% of the guests' time, and the "
			"host itself\n"
			"# did not run for %.1f %%; measure again when it is quiet, or with "
			"--realtime.\n",
			c->steal, c->stolen);
	for (unsigned i = 0; i < CX_COSTS; i++) {
		const struct cx_measured *m = &c->cost[i];

		fprintf(out, "\n# %s\n", cx_cost_table[i].doc);
		if (m->measured)
			write_spread(out, i, m);
		else
			fprintf(out, "# not measured, this is the default: %s\n", m->why_not);
		cx_cost_write(out, i, m->value);
	}
}
