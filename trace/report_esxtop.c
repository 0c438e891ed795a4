/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where the time went in esxtop's words, in percentages that add up to 100 as printed.
 */
#include "trace/report_internal.h"

#include <string.h>

static const char *const names[CX_ESXTOP] = {
	[CX_ESXTOP_RUN] = "run",   [CX_ESXTOP_RDY] = "rdy",   [CX_ESXTOP_MLMTD] = "mlmtd",
	[CX_ESXTOP_CSTP] = "cstp", [CX_ESXTOP_WAIT] = "wait",
};

const char *cx_esxtop_name(unsigned column)
{
	return column < CX_ESXTOP ? names[column] : "?";
}

void cx_esxtop_parts(const uint64_t time_ns[CX_STATES], unsigned whole, unsigned part[CX_ESXTOP])
{
	uint64_t column[CX_ESXTOP] = {
		[CX_ESXTOP_RUN] = time_ns[CX_RUNNING],
		[CX_ESXTOP_RDY] = time_ns[CX_READY],
		[CX_ESXTOP_MLMTD] = time_ns[CX_LIMITED],
		[CX_ESXTOP_CSTP] = time_ns[CX_COSTOPPED],
		[CX_ESXTOP_WAIT] = time_ns[CX_BLOCKED] + time_ns[CX_PAUSED],
	};
	unsigned __int128 left[CX_ESXTOP]; /* what rounding down leaves of each */
	uint64_t all = 0;
	unsigned i, given = 0;

	memset(part, 0, CX_ESXTOP * sizeof(*part));
	for (i = 0; i < CX_ESXTOP; i++)
		all += column[i];
	if (all == 0)
		return;
	for (i = 0; i < CX_ESXTOP; i++) {
		unsigned __int128 exact = (unsigned __int128)column[i] * whole;

		part[i] = (unsigned)(exact / all);
		left[i] = exact % all;
		given += part[i];
	}
	/* The largest remainders get one more each: fewer than there are columns. */
	for (; given < whole; given++) {
		unsigned most = 0;

		for (i = 1; i < CX_ESXTOP; i++)
			if (left[i] > left[most])
				most = i;
		part[most]++;
		left[most] = 0;
	}
}

const char *cx_esxtop_text(unsigned part, unsigned whole, char buf[CX_SHORT])
{
	unsigned hundredth = whole / 100;

	if (hundredth == 10)
		snprintf(buf, CX_SHORT, "%u.%u", part / 10, part % 10);
	else
		snprintf(buf, CX_SHORT, "%u.%02u", part / 100, part % 100);
	return buf;
}
