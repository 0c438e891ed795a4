/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/sim/costs_internal.h"

#include "base/units.h"
#include "core/scenario/internal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* A vCPU that moves between threads waits 20 ms on some kernels; past this it is no cost. */
#define DURATION(NAME, DEF, DOC)                                                                   \
	{                                                                                          \
		NAME, CX_COST_DURATION, 0, CX_SEC, DEF, DOC                                        \
	}
/* From a thousandth of a nanosecond to a page brought in from a slow disk. */
#define ACCESS(NAME, DEF, DOC)                                                                     \
	{                                                                                          \
		NAME, CX_COST_PICOSECONDS, 1, 100000000, DEF, DOC                                  \
	}
#define PERCENT(NAME, DEF, DOC)                                                                    \
	{                                                                                          \
		NAME, CX_COST_PERCENT, 0, 100, DEF, DOC                                            \
	}
#define RATE(NAME, DEF, DOC)                                                                       \
	{                                                                                          \
		NAME, CX_COST_RATE, 1, 1000000, DEF, DOC                                           \
	}

const struct cx_cost cx_cost_table[CX_COSTS] = {
	[CX_COST_DECIDE] =
		DURATION("decide", 3 * CX_US,
			 "from leaving a guest until the policy has decided who is next"),
	[CX_COST_SWITCH] = DURATION("switch", 38 * CX_US, "from then until another guest runs"),
	[CX_COST_RESUME] = DURATION("resume", 22 * CX_US, "from then until the same guest runs on"),
	[CX_COST_SLICE_LATE] =
		DURATION("slice_late", 55 * CX_US,
			 "from the end of a slice until the guest is left; it stands meanwhile"),
	[CX_COST_KICK] = DURATION("kick", 45 * CX_US,
				  "from the kick of a busy pCPU until its guest is left"),
	[CX_COST_IDLE_WAKE] = DURATION("idle_wake", 70 * CX_US,
				       "from a decision for an idle pCPU until the guest runs"),
	[CX_COST_TIMER_LATE] = DURATION(
		"timer_late", 42 * CX_US,
		"from a deadline, tick or timer until the dispatcher knows that it is due"),
	[CX_COST_HYPERCALL] = DURATION("hypercall", 40 * CX_US, "a hypercall, there and back"),
	[CX_COST_TICK] =
		DURATION("tick", 0, "what a policy's tick takes of the running guest's time"),
	[CX_COST_JITTER] = PERCENT(
		"jitter", 20,
		"by how much of itself each of these times varies to either side, by chance"),
	[CX_COST_MOVE_SMT] =
		DURATION("move_smt", 12 * CX_US,
			 "beside switch, for a vCPU that ran last on another thread of the core"),
	[CX_COST_MOVE_LLC] = DURATION("move_llc", 14 * CX_US,
				      "likewise, on another core under the same last-level cache"),
	[CX_COST_MOVE_NODE] = DURATION("move_node", 25 * CX_US,
				       "likewise, under another last-level cache of the node"),
	[CX_COST_MOVE_REMOTE] =
		DURATION("move_remote", 40 * CX_US, "likewise, on another NUMA node"),
	[CX_COST_ACCESS_L1] =
		ACCESS("access_l1", 1230,
		       "an access, each waiting for the one before, to what lies in the L1"),
	[CX_COST_ACCESS_L2] = ACCESS("access_l2", 3800, "likewise, in the core's own next cache"),
	[CX_COST_ACCESS_LLC] = ACCESS("access_llc", 19000, "likewise, in the last-level cache"),
	[CX_COST_ACCESS_NODE] =
		ACCESS("access_node", 60000, "likewise, in another last-level cache of the node"),
	[CX_COST_ACCESS_REMOTE] =
		ACCESS("access_remote", 120000, "likewise, in a last-level cache of another node"),
	[CX_COST_ACCESS_MEMORY] = ACCESS("access_memory", 220000, "likewise, in no cache"),
	[CX_COST_WORK_RATE] =
		RATE("work_rate", 925, "how fast guests work, in turns of their loop"),
	[CX_COST_SPIN_RATE] =
		RATE("spin_rate", 40,
		     "how fast guests spin, in turns of a loop that reads, compares and pauses"),
};

void cx_costs_default(struct cx_costs *costs)
{
	for (unsigned i = 0; i < CX_COSTS; i++)
		costs->value[i] = cx_cost_table[i].def;
}

void cx_costs_none(struct cx_costs *costs)
{
	cx_costs_default(costs);
	for (unsigned i = 0; i < CX_COSTS; i++) {
		if (cx_cost_table[i].type == CX_COST_DURATION ||
		    cx_cost_table[i].type == CX_COST_PERCENT)
			costs->value[i] = 0;
		else if (cx_cost_table[i].type == CX_COST_PICOSECONDS)
			costs->value[i] = cx_cost_table[CX_COST_ACCESS_L1].def;
	}
}

/* --- one value ------------------------------------------------------------- */

const char *cx_cost_format(unsigned index, uint64_t value, char *buf, size_t len)
{
	static const char *const units[] = { "ns", "us", "ms", "s" };
	uint64_t factor = 1;
	unsigned unit = 0, digits;
	char decimals[16];

	if (cx_cost_table[index].type != CX_COST_DURATION || !value) {
		snprintf(buf, len, "%" PRIu64 "%s", value,
			 cx_cost_table[index].type == CX_COST_DURATION ? "s" : "");
		return buf;
	}
	/* cx_format_duration() rounds; what is read back must be what was measured. */
	for (; unit < 3 && value >= factor * 1000; unit++)
		factor *= 1000;
	digits = 3 * unit;
	snprintf(decimals, sizeof(decimals), ".%0*" PRIu64, (int)digits, value % factor);
	while (digits > 0 && decimals[digits] == '0')
		digits--;
	decimals[digits ? digits + 1 : 0] = '\0';
	snprintf(buf, len, "%" PRIu64 "%s%s", value / factor, decimals, units[unit]);
	return buf;
}

const char *cx_cost_allowed(unsigned index, char *buf, size_t len)
{
	static const char *const shapes[] = {
		[CX_COST_DURATION] = "a duration from %s to %s such as 11us",
		[CX_COST_PICOSECONDS] = "a whole number of picoseconds from %s to %s",
		[CX_COST_PERCENT] = "a whole number, percent, from %s to %s",
		[CX_COST_RATE] = "a whole number, iterations a microsecond, from %s to %s",
	};
	const struct cx_cost *cost = &cx_cost_table[index];
	char min[32], max[32];

	snprintf(buf, len, shapes[cost->type], cx_cost_format(index, cost->min, min, sizeof(min)),
		 cx_cost_format(index, cost->max, max, sizeof(max)));
	return buf;
}

int cx_cost_parse(unsigned index, const char *text, uint64_t *value)
{
	const struct cx_cost *cost = &cx_cost_table[index];
	uint64_t number;

	if (cost->type == CX_COST_DURATION ? cx_parse_duration(text, &number) != 0
					   : !cx_text_to_u64(text, &number))
		return -EINVAL;
	if (number < cost->min || number > cost->max)
		return -ERANGE;
	*value = number;
	return 0;
}

int cx_cost_find(const char *name)
{
	for (int i = 0; i < CX_COSTS; i++)
		if (strcmp(cx_cost_table[i].name, name) == 0)
			return i;
	return -ENOENT;
}

char *cx_cost_names(const char *word)
{
	const char *names[CX_COSTS];

	for (unsigned i = 0; i < CX_COSTS; i++)
		names[i] = cx_cost_table[i].name;
	return cx_suggest_list(word, names, CX_COSTS);
}

int cx_costs_set(struct cx_costs *costs, const char *name, const char *value, struct cx_error *err)
{
	char found[80], allowed[120], key[CX_KEY_MAX], *names;
	int index = cx_cost_find(name), rc;

	cx_join_key(key, sizeof(key), "", name);
	if (index < 0) {
		names = cx_cost_names(name);
		if (!names)
			return cx_fail(err, ENOMEM, "out of memory");
		rc = cx_fail(err, EINVAL, "%s: found an unknown cost, allowed %s", key, names);
		free(names);
		return rc;
	}
	if (cx_cost_parse((unsigned)index, value, &costs->value[index]) < 0)
		return cx_fail(err, EINVAL, "%s: found %s, allowed %s", key,
			       cx_quote(value, found, sizeof(found)),
			       cx_cost_allowed((unsigned)index, allowed, sizeof(allowed)));
	return 0;
}

/* --- all of them, as a file -------------------------------------------------- */

void cx_costs_write_about(FILE *out, const char *about)
{
	while (about && *about) {
		int len = (int)strcspn(about, "\n");

		fprintf(out, "#%s%.*s\n", len ? " " : "", len, about);
		about += len + (about[len] == '\n');
	}
}

void cx_cost_write(FILE *out, unsigned index, uint64_t value)
{
	char text[32];

	fprintf(out, "%s: %s\n", cx_cost_table[index].name,
		cx_cost_format(index, value, text, sizeof(text)));
}

void cx_costs_write(FILE *out, const struct cx_costs *costs, const char *about)
{
	cx_costs_write_about(out, about);
	for (unsigned i = 0; i < CX_COSTS; i++) {
		fprintf(out, "\n# %s\n", cx_cost_table[i].doc);
		cx_cost_write(out, i, costs->value[i]);
	}
}
