/* SPDX-License-Identifier: BSD-2-Clause */
/* The plan reader, and what counts a plan's points. */
#include "tests/fuzz/harness.h"

#include "core/sweep/sweep.h"

#define FILE_NAME "fuzz.yaml"

/* Every setting reaches everything: the largest grid that the plan can make. */
static void count_and_print(const struct cx_plan *plan)
{
	bool reached[CX_PLAN_AXES_MAX];
	struct cx_sweep sweep = { .plan = plan };
	struct cx_error err = { "" };
	struct cx_point point;
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);
	unsigned i;

	memset(reached, true, sizeof(reached));
	sweep.scenarios = calloc(plan->n_scenarios, sizeof(*sweep.scenarios));
	sweep.policies = calloc(plan->n_schedulers, sizeof(*sweep.policies));
	sweep.first = calloc((size_t)plan->n_scenarios * plan->n_schedulers, sizeof(uint64_t));
	REQUIRE(out && sweep.scenarios && sweep.policies && sweep.first);
	for (i = 0; i < plan->n_scenarios; i++)
		sweep.scenarios[i].reached = reached;
	for (i = 0; i < plan->n_schedulers; i++)
		sweep.policies[i].reached = reached;
	if (cx_grid_count(&sweep, &err) == 0) {
		cx_grid_csv_head(&sweep, out);
		cx_grid_point(&sweep, sweep.n_points, &point);
		cx_grid_key(&sweep, &point, out);
		cx_grid_csv(&sweep, &point, out);
		REQUIRE(point.group == sweep.n_groups - 1);
	}
	fclose(out);
	free(text);
	free(sweep.scenarios);
	free(sweep.policies);
	free(sweep.first);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cx_error err = { "" };
	struct cx_plan *plan = NULL;

	if (cx_plan_parse(FILE_NAME, (const char *)data, size, &plan, &err) == 0) {
		count_and_print(plan);
		cx_plan_free(plan);
	} else {
		cx_fuzz_check_error(&err);
		/* Never without its place. */
		REQUIRE(strncmp(err.text, FILE_NAME ":", strlen(FILE_NAME ":")) == 0);
	}
	return 0;
}
