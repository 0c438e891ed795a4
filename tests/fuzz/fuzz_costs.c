/* SPDX-License-Identifier: BSD-2-Clause */
/* The reader of files of costs: what it takes is within bounds, and the same when written and read
 * again. */
#include "tests/fuzz/harness.h"

#include "core/sim/costs.h"

static void check_bounds(const struct cx_costs *costs)
{
	for (unsigned i = 0; i < CX_COSTS; i++)
		REQUIRE(costs->value[i] >= cx_cost_table[i].min &&
			costs->value[i] <= cx_cost_table[i].max);
}

static void write_and_read(const struct cx_costs *costs)
{
	struct cx_costs again;
	struct cx_error err = { "" };
	char path[40], *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);
	int fd;

	REQUIRE(out);
	cx_costs_write(out, costs, "what was read");
	REQUIRE(fclose(out) == 0);
	fd = cx_fuzz_file((const uint8_t *)text, len, path, sizeof(path));
	cx_costs_none(&again);
	REQUIRE(cx_costs_load(path, &again, &err) == 0);
	REQUIRE(memcmp(&again, costs, sizeof(again)) == 0);
	close(fd);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cx_costs costs, before;
	struct cx_error err = { "" };
	char path[40];
	int fd = cx_fuzz_file(data, size, path, sizeof(path));

	cx_costs_default(&costs);
	before = costs;
	if (cx_costs_load(path, &costs, &err) == 0) {
		check_bounds(&costs);
		write_and_read(&costs);
	} else {
		cx_fuzz_check_error(&err);
		/* Never without its place, and never by halves. */
		REQUIRE(strncmp(err.text, path, strlen(path)) == 0 &&
			err.text[strlen(path)] == ':');
		REQUIRE(memcmp(&costs, &before, sizeof(costs)) == 0);
	}
	close(fd);
	return 0;
}
