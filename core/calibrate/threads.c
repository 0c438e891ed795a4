/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/calibrate/internal.h"

#include <errno.h>
#include <sched.h>
#include <string.h>

int cal_start_on(const struct cal *c, pthread_t *thread, void *(*body)(void *), void *arg,
		 unsigned cpu, struct cx_error *err)
{
	const struct sched_param first = { .sched_priority = 1 };
	pthread_attr_t attr;
	cpu_set_t set;
	int rc;

	if (cpu >= CPU_SETSIZE)
		return cx_fail(err, ERANGE, "CPU %u: its number is too high for a thread", cpu);
	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	pthread_attr_init(&attr);
	pthread_attr_setaffinity_np(&attr, sizeof(set), &set);
	rc = pthread_create(thread, &attr, body, arg);
	pthread_attr_destroy(&attr);
	if (rc == 0 && c->options->realtime)
		pthread_setschedparam(*thread, SCHED_FIFO, &first); /* may be refused */
	return rc ? cx_fail(err, rc, "cannot start a thread on CPU %u: %s", cpu, strerror(rc)) : 0;
}

bool cal_pair(const struct cal *c, unsigned distance, unsigned *a, unsigned *b)
{
	for (unsigned i = 0; i < c->n_cpus; i++)
		for (unsigned k = i + 1; k < c->n_cpus; k++)
			if (cx_topology_distance(c->topology, c->cpus[i], c->cpus[k]) == distance) {
				*a = c->cpus[i];
				*b = c->cpus[k];
				return true;
			}
	return false;
}
