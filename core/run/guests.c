/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pCPUs, payloads and domains of a run.
 */
#include "core/run/internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#define FDS_PER_DOMAIN 4u /* the VM and what KVM and perf need beside the vCPUs' */
#define FDS_PER_VCPU 2u   /* the vCPU, its ring of switches */
#define FDS_ELSE 256u

/* An error of the scenario file, at @line. */
static int reject(struct run *r, unsigned line, const char *key, const struct cx_cpuset *found,
		  const char *allowed_what, const struct cx_cpuset *allowed)
{
	char *have = cx_cpuset_format(found), *may = cx_cpuset_format(allowed);

	cx_fail(r->err, EINVAL, "%s:%u: %s: found \"%s\", allowed %s, \"%s\"", r->scenario->path,
		line, key, have ? have : "?", allowed_what, may ? may : "?");
	free(have);
	free(may);
	return -EINVAL;
}

static int check_pcpus(struct run *r, const struct cx_cpuset *wanted,
		       const struct cx_cpuset *allowed)
{
	int cpu;

	for (cpu = cx_cpuset_next(wanted, -1); cpu >= 0; cpu = cx_cpuset_next(wanted, cpu))
		if (!cx_cpuset_has(allowed, (unsigned)cpu))
			return reject(r, r->scenario->pcpus_line, "pcpus", wanted,
				      r->options->sim ? "CPUs of the simulated host"
						      : "CPUs that this host has for us",
				      allowed);
	return 0;
}

/* Every domain must have somewhere to run. */
static int check_affinities(struct run *r, const struct cx_cpuset *pcpus)
{
	char key[128];
	unsigned i, k;

	for (i = 0; i < r->scenario->n_domains; i++) {
		const struct cx_scenario_domain *d = &r->scenario->domains[i];

		for (k = 0; d->cpus && k < r->n_pcpus; k++)
			if (cx_cpuset_has(d->cpus, r->pcpus[k]))
				break;
		if (!d->cpus || k < r->n_pcpus)
			continue;
		snprintf(key, sizeof(key), "domain %.80s: cpus", d->name);
		return reject(r, d->cpus_line, key, d->cpus, "at least one of the run's CPUs",
			      pcpus);
	}
	return 0;
}

/* What the scenario says is simulated. */
static int open_named(struct run *r)
{
	const struct cx_scenario *s = r->scenario;
	char *what;
	int rc;

	rc = cx_topology_find(s->topology, s->path, &what, r->err);
	if (rc)
		return rc;
	rc = cx_topology_open(what, &r->topology, r->err);
	if (rc == -ENOENT && *what != '/')
		cx_fail(r->err, ENOENT,
			"topology: found \"%s\", allowed a file beside the scenario or in the "
			"current folder: there is none of that name",
			what);
	free(what);
	return rc ? cx_fail_prefix(r->err, -rc, "%s:%u", s->path, s->topology_line) : 0;
}

/* The host; or what is simulated: as the caller says, as the scenario says, this host. */
static int open_topology(struct run *r)
{
	const struct cx_run_sim *sim = r->options->sim;
	int rc;

	if (sim && sim->topology)
		rc = cx_topology_open(sim->topology, &r->topology, r->err);
	else if (sim && r->scenario->topology)
		rc = open_named(r);
	else
		rc = cx_topology_host(&r->topology, r->err);
	/* Nobody else is on a simulated host. */
	if (!rc && sim)
		cx_topology_use_all(r->topology);
	return rc;
}

static int take_pcpus(struct run *r, const struct cx_cpuset *set)
{
	int cpu;

	r->pcpus = calloc(cx_cpuset_count(set) + 1, sizeof(*r->pcpus));
	if (!r->pcpus)
		return cx_fail(r->err, ENOMEM, "out of memory");
	for (cpu = cx_cpuset_next(set, -1); cpu >= 0; cpu = cx_cpuset_next(set, cpu))
		r->pcpus[r->n_pcpus++] = (unsigned)cpu;
	return check_affinities(r, set);
}

/* A list that the caller gives, in place of the scenario's. */
static int take_list(struct run *r, const struct cx_cpuset *allowed)
{
	struct cx_cpuset *set = cx_cpuset_new();
	int cpu, rc;

	if (!set)
		return cx_fail(r->err, ENOMEM, "out of memory");
	rc = cx_cpuset_parse(r->options->pcpus, cx_topology_cpus(r->topology) - 1, set, r->err);
	if (rc)
		rc = cx_fail_prefix(r->err, EINVAL, "--pcpus");
	for (cpu = cx_cpuset_next(set, -1); cpu >= 0 && !rc; cpu = cx_cpuset_next(set, cpu))
		if (!cx_cpuset_has(allowed, (unsigned)cpu))
			rc = cx_fail(r->err, EINVAL,
				     "--pcpus: found \"%s\", of which CPU %d is not there for us",
				     r->options->pcpus, cpu);
	if (!rc)
		rc = take_pcpus(r, set);
	cx_cpuset_free(set);
	return rc;
}

int choose_pcpus(struct run *r)
{
	const struct cx_cpuset *allowed, *set = r->scenario->pcpus;
	const char *asked = r->options->pcpus;
	int rc;

	rc = open_topology(r);
	if (rc)
		return rc;
	allowed = cx_topology_allowed(r->topology);
	if (asked && strcmp(asked, "all") != 0)
		return take_list(r, allowed);
	if (asked || !set)
		return take_pcpus(r, allowed);
	rc = check_pcpus(r, set, allowed);
	return rc ? rc : take_pcpus(r, set);
}

/* Many domains need many descriptors; the hard limit is ours to use. */
static int raise_fd_limit(struct run *r, unsigned n_vcpus)
{
	rlim_t need = FDS_ELSE + (rlim_t)r->scenario->n_domains * FDS_PER_DOMAIN +
		      (rlim_t)n_vcpus * FDS_PER_VCPU;
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= need)
		return 0;
	if (limit.rlim_max < need)
		return cx_fail(r->err, EMFILE,
			       "%s: needs about %llu open files, the hard limit is %llu; raise "
			       "ulimit -Hn",
			       r->scenario->path, (unsigned long long)need,
			       (unsigned long long)limit.rlim_max);
	limit.rlim_cur = need;
	setrlimit(RLIMIT_NOFILE, &limit);
	return 0;
}

/* Domains of one workload share the payload that was read first. */
static int open_payload(struct run *r, unsigned i)
{
	const char *path = r->scenario->domains[i].workload_path;
	unsigned k;

	for (k = 0; k < i; k++)
		if (strcmp(r->scenario->domains[k].workload_path, path) == 0) {
			r->payloads[i] = r->payloads[k];
			return 0;
		}
	return cx_payload_open(path, &r->payloads[i], r->err);
}

static int make_guest(struct run *r, unsigned i)
{
	const struct cx_scenario_domain *d = &r->scenario->domains[i];
	struct cx_guest *g = &r->host.guests[i];
	struct cx_vm_config config = {
		.name = d->name,
		.index = i,
		.vcpus = d->vcpus,
		.memory = d->memory,
		.peers = d->n_peers,
		.seed = r->seed,
	};
	int rc;

	config.payload = r->payloads[i];
	memcpy(config.params, d->params, sizeof(config.params));
	rc = cx_vm_create(r->kvm, &config, &r->vms[i], r->err);
	if (rc)
		return rc;
	g->name = d->name;
	g->engine = &cx_engine_kvm;
	g->vm = r->vms[i];
	g->n_peers = d->n_peers;
	g->peers = d->peers;
	return 0;
}

int open_payloads(struct run *r)
{
	unsigned n = r->scenario->n_domains, i;
	int rc = 0;

	r->payloads = calloc(n, sizeof(struct cx_payload *));
	if (!r->payloads)
		return cx_fail(r->err, ENOMEM, "out of memory");
	for (i = 0; i < n && !rc; i++) {
		r->n_vcpus += r->scenario->domains[i].vcpus;
		rc = open_payload(r, i);
	}
	return rc;
}

int make_guests(struct run *r)
{
	unsigned n = r->scenario->n_domains, i;
	unsigned *vcpus = calloc(n + 1, sizeof(*vcpus));
	int rc;

	r->vms = calloc(n, sizeof(struct cx_vm *));
	if (!vcpus || !r->vms) {
		free(vcpus);
		return cx_fail(r->err, ENOMEM, "out of memory");
	}
	for (i = 0; i < n; i++)
		vcpus[i] = r->scenario->domains[i].vcpus;
	rc = cx_host_init(&r->host, n, vcpus);
	free(vcpus);
	if (rc)
		return cx_fail(r->err, -rc, "out of memory for %u vCPUs", r->n_vcpus);
	rc = raise_fd_limit(r, r->n_vcpus);
	if (!rc)
		rc = cx_kvm_open(&r->kvm, r->err);
	for (i = 0; i < n && !rc; i++)
		rc = make_guest(r, i);
	return rc;
}

void free_guests(struct run *r)
{
	unsigned n = r->scenario->n_domains, i, k;

	for (i = 0; r->vms && i < n; i++)
		if (r->vms[i])
			cx_vm_destroy(r->vms[i]);
	for (i = 0; r->payloads && i < n; i++) {
		for (k = 0; k < i && r->payloads[k] != r->payloads[i]; k++)
			;
		if (k == i && r->payloads[i])
			cx_payload_close(r->payloads[i]);
	}
	free(r->vms);
	free(r->payloads);
	if (r->kvm)
		cx_kvm_close(r->kvm);
	free(r->pcpus);
	if (r->topology)
		cx_topology_free(r->topology);
}

void set_clocks(struct run *r)
{
	struct cx_tsc_clock clock;
	uint64_t calibrated = cx_monotonic_ns();
	unsigned i, k;

	cx_tsc_clock(calibrated, &clock);
	r->host.start_ns = cx_monotonic_ns();
	/* Comparing the two clocks took a while; the run begins now. */
	if (clock.mult)
		clock.base += (uint64_t)(((unsigned __int128)(r->host.start_ns - calibrated)
					  << clock.shift) /
					 clock.mult);
	else
		cx_host_log(&r->host, "this host does not trust its time stamp counter: guests "
				      "ask for the time, and every reading is an exit");
	for (i = 0; i < r->scenario->n_domains; i++)
		for (k = 0; k < r->scenario->domains[i].vcpus; k++) {
			struct cx_guest_page *page = cx_vm_page(r->vms[i], k);

			page->tsc_base = clock.base;
			page->tsc_mult = clock.mult;
			page->tsc_shift = clock.shift;
		}
}
