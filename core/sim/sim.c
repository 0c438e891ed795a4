/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A simulation's beginning and end.
 */
#include "core/sim/internal.h"

#include "core/vmm/vmm.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ALIGN 16u /* of models' private areas */
#define NEAR_BYTES_DEFAULT (1ull << 20)
#define LLC_BYTES_DEFAULT (32ull << 20)

static size_t aligned(size_t size)
{
	return (size + ALIGN - 1) / ALIGN * ALIGN;
}

/* --- caches ------------------------------------------------------------------------- */

/* The index in @ids of @id, which is added if it is new. */
static uint32_t index_of(unsigned *ids, unsigned *n, const unsigned *last, unsigned id)
{
	unsigned i;

	/* Neighbours share: mostly the one before. */
	if (*n && ids[*last] == id)
		return *last;
	for (i = 0; i < *n && ids[i] != id; i++)
		;
	if (i == *n)
		ids[(*n)++] = id;
	return i;
}

static int make_caches(struct cx_sim *sim)
{
	unsigned *ids = calloc(2 * (size_t)sim->n_pcpus, sizeof(*ids)), near = 0, llc = 0, i;
	unsigned *llc_ids = ids + sim->n_pcpus;

	if (!ids)
		return -ENOMEM;
	for (i = 0; i < sim->n_pcpus; i++) {
		unsigned cpu = sim->cpus[i];
		uint64_t size;

		near = index_of(ids, &sim->n_near, &near, cx_topology_core(sim->topology, cpu));
		llc = index_of(llc_ids, &sim->n_llcs, &llc, cx_topology_llc(sim->topology, cpu));
		sim->pcpus[i].near = near;
		sim->pcpus[i].llc = llc;
		size = cx_topology_l2_size(sim->topology, cpu);
		sim->near[near].size = size ? size : NEAR_BYTES_DEFAULT;
		size = cx_topology_llc_size(sim->topology, cpu);
		sim->llcs[llc].size = size ? size : LLC_BYTES_DEFAULT;
		if (sim->near[near].size > sim->llcs[llc].size)
			sim->near[near].size = sim->llcs[llc].size;
	}
	free(ids);
	return 0;
}

/* --- domains -------------------------------------------------------------------------- */

static size_t privs_of(const struct cx_sim_domain *d)
{
	return aligned(d->model->domain_size) + d->vcpus * aligned(d->model->vcpu_size);
}

static void init_vcpu(struct sim_domain *dom, struct cx_model_vcpu *v, unsigned index,
		      uint8_t **priv, uint64_t **results)
{
	struct cx_sim *sim = dom->vcpus[0].sim;

	v->dom = dom;
	v->id = (unsigned)(v - sim->vcpus);
	v->index = index;
	v->on = v->last = CX_SIM_NOWHERE;
	v->results = *results;
	*results += dom->model->info->n_results;
	v->priv = *priv;
	*priv += aligned(dom->model->vcpu_size);
}

static int init_domain(struct cx_sim *sim, unsigned i, const struct cx_sim_domain *config,
		       struct cx_model_vcpu *vcpus, uint8_t **priv, uint64_t **results)
{
	struct sim_domain *dom = &sim->domains[i];
	unsigned k;

	dom->model = config->model;
	dom->name = config->name;
	dom->index = i;
	dom->n_vcpus = config->vcpus;
	dom->vcpus = vcpus;
	dom->priv = *priv;
	*priv += aligned(config->model->domain_size);
	memcpy(dom->params, config->params, sizeof(dom->params));
	dom->heap = config->heap;
	dom->n_peers = config->n_peers;
	if (config->n_peers) {
		dom->peers = calloc(config->n_peers, sizeof(*dom->peers));
		if (!dom->peers)
			return -ENOMEM;
		memcpy(dom->peers, config->peers, config->n_peers * sizeof(*dom->peers));
	}
	for (k = 0; k < dom->n_vcpus; k++)
		vcpus[k].sim = sim;
	for (k = 0; k < dom->n_vcpus; k++)
		init_vcpu(dom, &vcpus[k], k, priv, results);
	return 0;
}

static int init_domains(struct cx_sim *sim, const struct cx_sim_config *config)
{
	struct cx_model_vcpu *vcpus = sim->vcpus;
	uint8_t *priv = sim->privs;
	uint64_t *results = sim->results;
	unsigned i;
	int rc = 0;

	for (i = 0; i < sim->n_domains && !rc; i++) {
		rc = init_domain(sim, i, &config->domains[i], vcpus, &priv, &results);
		vcpus += config->domains[i].vcpus;
	}
	return rc;
}

/* --- the whole -------------------------------------------------------------------------- */

static int alloc_all(struct cx_sim *sim, const struct cx_sim_config *config)
{
	unsigned i;

	for (i = 0; i < sim->n_domains; i++) {
		sim->n_vcpus += config->domains[i].vcpus;
		sim->privs_size += privs_of(&config->domains[i]);
		sim->n_results += (size_t)config->domains[i].vcpus *
				  config->domains[i].model->info->n_results;
	}
	sim->cpus = calloc(sim->n_pcpus, sizeof(*sim->cpus));
	sim->pcpus = calloc(sim->n_pcpus, sizeof(*sim->pcpus));
	sim->near = calloc(sim->n_pcpus, sizeof(*sim->near));
	sim->llcs = calloc(sim->n_pcpus, sizeof(*sim->llcs));
	sim->kicks = calloc(sim->n_pcpus, sizeof(*sim->kicks));
	sim->domains = calloc(sim->n_domains, sizeof(*sim->domains));
	sim->vcpus = calloc(sim->n_vcpus, sizeof(*sim->vcpus));
	sim->privs = calloc(1, sim->privs_size + ALIGN);
	sim->results = calloc(sim->n_results + 1, sizeof(*sim->results));
	if (!sim->cpus || !sim->pcpus || !sim->near || !sim->llcs || !sim->kicks || !sim->domains ||
	    !sim->vcpus || !sim->privs || !sim->results)
		return -ENOMEM;
	memcpy(sim->cpus, config->pcpus, sim->n_pcpus * sizeof(*sim->cpus));
	return cx_timers_init(&sim->queue, sim->n_pcpus, true);
}

static void init_pcpus(struct cx_sim *sim)
{
	unsigned i;

	for (i = 0; i < sim->n_pcpus; i++) {
		cx_timer_setup(&sim->pcpus[i].next, CX_TIMER_PCPU, i, &sim->pcpus[i]);
	}
}

int cx_sim_new(const struct cx_sim_config *config, struct cx_sim **out, struct cx_error *err)
{
	struct cx_sim *sim = calloc(1, sizeof(*sim));
	int rc;

	if (!sim)
		return cx_fail(err, ENOMEM, "out of memory");
	sim->topology = config->topology;
	sim->costs = *config->costs;
	sim->n_pcpus = config->n_pcpus;
	sim->n_domains = config->n_domains;
	sim->seed = config->seed;
	sim->shuffle = config->shuffle;
	/* Of their own, whatever else is drawn from the same seeds. */
	sim->random = cx_guest_seed(config->shuffle_seed, UINT32_MAX, 0);
	sim->chance = cx_guest_seed(config->seed, UINT32_MAX, 1);
	sim->traced = config->traced;
	sim->log = config->log;
	sim->log_arg = config->log_arg;
	sim->timers_ns = CX_NEVER;
	rc = alloc_all(sim, config);
	if (!rc)
		rc = make_caches(sim);
	if (!rc)
		rc = init_domains(sim, config);
	if (rc) {
		cx_sim_free(sim);
		return cx_fail(err, ENOMEM,
			       "out of memory for a simulation of %u pCPUs and %u domains",
			       config->n_pcpus, config->n_domains);
	}
	init_pcpus(sim);
	if (sim->shuffle)
		cx_timers_shuffle(&sim->queue, cx_guest_seed(config->shuffle_seed, UINT32_MAX, 2));
	*out = sim;
	return 0;
}

void cx_sim_free(struct cx_sim *sim)
{
	unsigned i;

	if (!sim)
		return;
	for (i = 0; sim->domains && i < sim->n_domains; i++)
		free(sim->domains[i].peers);
	free(sim->results);
	free(sim->privs);
	free(sim->vcpus);
	free(sim->domains);
	free(sim->kicks);
	cx_timers_destroy(&sim->queue);
	free(sim->llcs);
	free(sim->near);
	free(sim->pcpus);
	free(sim->cpus);
	free(sim);
}

static void bind_vcpu(struct cx_sim *sim, struct cx_model_vcpu *v)
{
	const struct cx_model *model = v->dom->model;

	v->v = cx_dispatch_vcpu(sim->d, v->id);
	cx_vcpu_set_machine(v->v, v);
	if (model->init)
		model->init(v);
	if (model->working_set)
		v->set_bytes = model->working_set(v);
	sim_cache_init(sim, v);
}

void cx_sim_bind(struct cx_sim *sim, struct cx_dispatch *d)
{
	unsigned i;

	sim->d = d;
	for (i = 0; i < sim->n_pcpus; i++)
		sim->pcpus[i].p = cx_dispatch_pcpu(d, i);
	for (i = 0; i < sim->n_vcpus; i++)
		bind_vcpu(sim, &sim->vcpus[i]);
	/* It may have set timers before anybody listened. */
	sim->timers_ns = 0;
}

uint64_t cx_sim_now(const struct cx_sim *sim)
{
	return sim->now_ns;
}

void cx_sim_finish(struct cx_sim *sim)
{
	struct cx_decision decision;
	unsigned i;

	for (i = 0; i < sim->n_pcpus; i++) {
		struct sim_pcpu *p = &sim->pcpus[i];

		if (!p->on)
			continue;
		sim_book(sim, p);
		cx_dispatch_leave(p->on->v, CX_WHY_END, CX_NEVER, 0, &decision);
		p->on = NULL;
	}
	for (i = 0; i < sim->n_vcpus; i++)
		if (sim->vcpus[i].dom->model->publish)
			sim->vcpus[i].dom->model->publish(&sim->vcpus[i]);
}

struct cx_sim_outcome cx_sim_outcome(const struct cx_sim *sim, unsigned id)
{
	const struct cx_model_vcpu *v = &sim->vcpus[id];

	return (struct cx_sim_outcome){ v->progress, v->status, v->results };
}
