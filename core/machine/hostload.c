/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/machine/hostload.h"

#include "base/units.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

static bool is_ours(unsigned cpu, const unsigned *cpus, unsigned n)
{
	unsigned i;

	for (i = 0; i < n; i++)
		if (cpus[i] == cpu)
			return true;
	return false;
}

/* Ticks of everything but idling; guests are contained in user and nice. */
static uint64_t busy_ticks(FILE *f, const unsigned *cpus, unsigned n)
{
	uint64_t v[8], sum = 0;
	char line[512];
	unsigned cpu;

	while (fgets(line, sizeof(line), f))
		if (sscanf(line,
			   "cpu%u %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64
			   " %" SCNu64 " %" SCNu64 " %" SCNu64,
			   &cpu, &v[0], &v[1], &v[2], &v[3], &v[4], &v[5], &v[6], &v[7]) == 9 &&
		    is_ours(cpu, cpus, n))
			sum += v[0] + v[1] + v[2] + v[5] + v[6] + v[7];
	return sum;
}

static uint64_t own_ns(void)
{
	struct rusage u;

	if (getrusage(RUSAGE_SELF, &u) < 0)
		return 0;
	return (uint64_t)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * CX_SEC +
	       (uint64_t)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) * 1000;
}

uint64_t cx_host_others_ns(const unsigned *cpus, unsigned n)
{
	long tick_hz = sysconf(_SC_CLK_TCK);
	FILE *f = fopen("/proc/stat", "re");
	uint64_t busy, own = own_ns();

	if (!f)
		return 0;
	busy = busy_ticks(f, cpus, n) * (CX_SEC / (uint64_t)(tick_hz > 0 ? tick_hz : 100));
	fclose(f);
	return busy > own ? busy - own : 0;
}
