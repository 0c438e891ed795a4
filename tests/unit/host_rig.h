/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * host_rig.h - the real dispatcher, threads and a built policy, with stand-in guests.
 */
#ifndef CX_TEST_HOST_RIG_H
#define CX_TEST_HOST_RIG_H

#include "core/dispatch/guard.h"
#include "core/machine/host.h"
#include "tests/unit/standin.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define RIG_DOMAINS 64

struct rig_domain {
	unsigned vcpus, weight, limit;
	standin_guest guest;
	void *arg;     /* of all its vCPUs; each has its index */
	unsigned peer; /* its one peer's domain index; itself = none */
};

struct rig {
	struct cx_topology *topology;
	struct cx_loaded *loaded;
	int64_t *params;
	unsigned n_pcpus, pcpus[8];
	bool crowded;                  /* several pCPUs on one CPU where the host has too few */
	const struct cx_plugin *table; /* in place of the loaded one's */
	struct cx_host host;
	struct cx_dispatch *dispatch;
	struct cx_history *history;
	struct cx_record *record;
	unsigned n_domains;
	struct rig_domain domains[RIG_DOMAINS];
	struct standin_vm *vms[RIG_DOMAINS];
	unsigned peers[RIG_DOMAINS];
	char names[RIG_DOMAINS][16];
	char last_log[512];
	pthread_mutex_t log_lock;
	struct cx_error err;
};

/* A file of the build this test belongs to: BUILD/tests/test_x -> BUILD/RELATIVE. */
static inline const char *rig_build_path(const char *relative, char *buf, size_t len)
{
	char exe[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	char *slash;
	int i;

	exe[n > 0 ? n : 0] = '\0';
	for (i = 0; i < 2; i++) {
		slash = strrchr(exe, '/');
		if (slash)
			*slash = '\0';
	}
	snprintf(buf, len, "%.2000s/%s", exe, relative);
	return buf;
}

static inline void rig_log(void *arg, const char *line)
{
	struct rig *r = arg;

	pthread_mutex_lock(&r->log_lock);
	snprintf(r->last_log, sizeof(r->last_log), "%s", line);
	pthread_mutex_unlock(&r->log_lock);
}

static inline int rig_hosts(struct rig *r, unsigned want_pcpus)
{
	const struct cx_cpuset *allowed;
	unsigned i;
	int cpu, rc = cx_topology_host(&r->topology, &r->err);

	if (rc)
		return rc;
	allowed = cx_topology_allowed(r->topology);
	for (cpu = cx_cpuset_next(allowed, -1); cpu >= 0 && r->n_pcpus < want_pcpus;
	     cpu = cx_cpuset_next(allowed, cpu))
		r->pcpus[r->n_pcpus++] = (unsigned)cpu;
	for (i = 0; r->crowded && r->n_pcpus < want_pcpus; i++)
		r->pcpus[r->n_pcpus++] = r->pcpus[i];
	return 0;
}

static inline int rig_guests(struct rig *r)
{
	unsigned vcpus[RIG_DOMAINS], i, k;
	int rc;

	for (i = 0; i < r->n_domains; i++)
		vcpus[i] = r->domains[i].vcpus;
	rc = cx_host_init(&r->host, r->n_domains, vcpus);
	for (i = 0; i < r->n_domains && !rc; i++) {
		struct cx_guest *g = &r->host.guests[i];

		r->vms[i] = calloc(1, sizeof(*r->vms[i]));
		snprintf(r->names[i], sizeof(r->names[i]), "d%u", i);
		g->name = r->names[i];
		g->engine = &standin_engine;
		g->vm = r->vms[i];
		r->peers[i] = r->domains[i].peer;
		g->n_peers = r->domains[i].peer == i ? 0 : 1;
		g->peers = &r->peers[i];
		for (k = 0; k < vcpus[i]; k++) {
			r->vms[i]->vcpu[k].guest = r->domains[i].guest;
			r->vms[i]->vcpu[k].arg = r->domains[i].arg;
			r->vms[i]->vcpu[k].index = k;
		}
	}
	return rc;
}

static inline int rig_dispatch(struct rig *r, uint64_t watchdog_ns)
{
	struct cx_dispatch_domain domains[RIG_DOMAINS] = { { 0 } };
	struct cx_dispatch_config config = {
		.ops = &cx_host_machine_ops,
		.machine = &r->host,
		.plugin = r->table ? r->table : cx_plugin_table(r->loaded),
		.params = r->params,
		.topology = r->topology,
		.n_pcpus = r->n_pcpus,
		.pcpus = r->pcpus,
		.n_domains = r->n_domains,
		.domains = domains,
		.history = r->record->history,
		.watchdog_ns = watchdog_ns,
		.seed = 1,
	};
	unsigned i;
	int rc;

	for (i = 0; i < r->n_domains; i++)
		domains[i] = (struct cx_dispatch_domain){
			.name = r->names[i],
			.vcpus = r->domains[i].vcpus,
			.weight = r->domains[i].weight ? r->domains[i].weight : 256,
			.limit = r->domains[i].limit,
		};
	rc = cx_dispatch_new(&config, &r->dispatch, &r->err);
	if (rc)
		return rc;
	r->host.dispatch = r->dispatch;
	for (i = 0; i < r->host.n_vcpus; i++) {
		r->host.vcpus[i].v = cx_dispatch_vcpu(r->dispatch, i);
		cx_vcpu_set_machine(r->host.vcpus[i].v, &r->host.vcpus[i]);
	}
	return 0;
}

/* Everything up to the first dispatch.  @plugin: relative to the build folder. */
static inline int rig_start(struct rig *r, const char *plugin, unsigned want_pcpus,
			    uint64_t watchdog_ns)
{
	const struct cx_plugin *t;
	struct timespec ts;
	char path[PATH_MAX];
	unsigned i;
	int rc;

	pthread_mutex_init(&r->log_lock, NULL);
	r->host.director = &cx_direct_dispatch;
	r->host.log = rig_log;
	r->host.log_arg = r;
	rc = rig_hosts(r, want_pcpus);
	if (!rc)
		rc = cx_plugin_load(rig_build_path(plugin, path, sizeof(path)), NULL, &r->loaded,
				    &r->err);
	if (rc)
		return rc;
	t = cx_plugin_table(r->loaded);
	r->params = calloc(t->n_params + 1, sizeof(int64_t));
	for (i = 0; i < t->n_params; i++)
		r->params[i] = t->params[i].def;
	rc = rig_guests(r);
	if (!rc)
		rc = cx_host_signals(&r->err);
	if (!rc)
		rc = cx_guard_install(&r->err);
	if (!rc)
		rc = cx_host_spawn(&r->host, &r->err);
	if (rc)
		return rc;
	r->record = cx_record_new(r->n_domains, r->host.n_vcpus, r->n_pcpus);
	rc = rig_dispatch(r, watchdog_ns);
	clock_gettime(CLOCK_MONOTONIC, &ts);
	r->host.start_ns = (uint64_t)ts.tv_sec * 1000000000ull + (uint64_t)ts.tv_nsec;
	if (!rc)
		rc = cx_host_clock_start(&r->host, &r->err);
	for (i = 0; i < r->n_domains && !rc; i++)
		rc = cx_dispatch_start_domain(r->dispatch, i, &r->err);
	return rc;
}

/* End, collect the record.  The guests' state may be read afterwards. */
static inline void rig_finish(struct rig *r)
{
	unsigned i, vcpu = 0, k;

	if (r->dispatch)
		cx_dispatch_finish(r->dispatch);
	cx_host_clock_stop(&r->host);
	cx_host_join(&r->host);
	for (i = 0; i < r->n_domains && r->record; i++) {
		r->record->domains[i].first_vcpu = vcpu;
		r->record->domains[i].n_vcpus = r->domains[i].vcpus;
		r->record->domains[i].weight = 256;
		for (k = 0; k < r->domains[i].vcpus; k++)
			vcpu++;
	}
	if (r->dispatch)
		cx_dispatch_collect(r->dispatch, r->record);
}

static inline void rig_free(struct rig *r)
{
	unsigned i;

	cx_host_destroy(&r->host);
	cx_dispatch_free(r->dispatch);
	cx_record_free(r->record);
	cx_guard_uninstall();
	cx_plugin_unload(r->loaded);
	cx_topology_free(r->topology);
	free(r->params);
	for (i = 0; i < r->n_domains; i++)
		free(r->vms[i]);
}

/* --- guests that several tests use ------------------------------------------- */

/* Computes for ever, counting. */
static inline void guest_hog(struct standin_vcpu *v, struct cx_exit *exit)
{
	while (!standin_kicked(v))
		v->page.progress++;
	exit->kind = CX_EXIT_KICKED;
}

#endif
