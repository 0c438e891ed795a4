/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The dispatcher's beginning and end, and what it hands out.
 */
#include "core/dispatch/internal.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define TIMERS_PER_VCPU 2u                    /* its block, its guest's own */
#define TIMERS_PER_PCPU (2u + CX_PCPU_TIMERS) /* tick, retry, the policy's */

static unsigned llc_of(struct cx_dispatch *d, unsigned id)
{
	unsigned i;

	for (i = 0; i < d->n_llcs; i++)
		if (d->llcs[i].id == id)
			return i;
	cx_warmth_cache_init(&d->llcs[i].cache, 0);
	d->llcs[i].id = id;
	d->n_llcs++;
	return i;
}

static int init_pcpus(struct cx_dispatch *d, const struct cx_dispatch_config *config)
{
	unsigned i, id;

	for (i = 0; i < d->n_pcpus; i++) {
		struct cx_pcpu *p = &d->pcpus[i];

		p->d = d;
		p->index = i;
		p->host_cpu = config->pcpus[i];
		p->llc = llc_of(d, cx_topology_llc(config->topology, p->host_cpu));
		p->core = cx_topology_core(config->topology, p->host_cpu);
		p->node = cx_topology_node(config->topology, p->host_cpu);
		p->cost = &d->hists[d->single_thread ? 0 : 2 * i];
		p->gap = p->cost + 1;
		p->near = calloc(d->n_pcpus, sizeof(*p->near));
		if (!p->near)
			return -ENOMEM;
		p->near[0] = (uint16_t)i;
		pthread_mutex_init(&p->own, NULL);
		p->lock = d->one_lock ? &d->instance_lock : &p->own;
		atomic_init(&p->idle, true);
		cx_list_init(&p->vcpus);
		cx_timer_setup(&p->tick, CX_TIMER_TICK, i, p);
		cx_timer_setup(&p->retry, CX_TIMER_RETRY, i, p);
		for (id = 0; id < CX_PCPU_TIMERS; id++) {
			p->timer_ns[id] = CX_NEVER;
			cx_timer_setup(&p->timers[id], CX_TIMER_POLICY, i * CX_PCPU_TIMERS + id, p);
		}
	}
	return 0;
}

/* The pool's pCPUs that are in @set (host CPU numbers; NULL = all), as bits.  False: none. */
static bool set_affinity(const struct cx_dispatch *d, const struct cx_cpuset *set, uint64_t *bits)
{
	bool any = false;
	unsigned i;

	for (i = 0; i < d->n_pcpus; i++)
		if (!set || cx_cpuset_has(set, d->pcpus[i].host_cpu)) {
			bits[i / BITS_PER_WORD] |= 1ull << (i % BITS_PER_WORD);
			any = true;
		}
	return any;
}

static unsigned first_of(const uint64_t *bits)
{
	unsigned i;

	for (i = 0; !bit_of(bits, i); i++)
		;
	return i;
}

static void init_vcpu(struct cx_domain *dom, struct cx_vcpu *v, unsigned index,
		      const uint64_t *hard, const uint64_t *soft)
{
	struct cx_dispatch *d = dom->d;

	v->d = d;
	v->domain = dom;
	v->id = (unsigned)(v - d->vcpus);
	v->index = index;
	v->last_pcpu = UINT_MAX;
	v->end = CX_END_RUN;
	v->deadline_ns = CX_NEVER;
	atomic_init(&v->alarm_ns, CX_NEVER);
	v->hard = hard;
	v->soft = soft;
	v->warmth = d->warmths + (size_t)v->id * d->n_llcs;
	atomic_init(&v->pcpu, &d->pcpus[first_of(hard)]);
	cx_timer_setup(&v->block_timer, CX_TIMER_BLOCK, v->id, v);
	cx_timer_setup(&v->guest_timer, CX_TIMER_GUEST, v->id, v);
}

/* The mask of @set: that of all pCPUs where there is none, else the next of those allocated. */
static const uint64_t *take_mask(struct cx_dispatch *d, const struct cx_cpuset *set,
				 uint64_t **next, bool *any)
{
	uint64_t *bits = *next;

	*any = true;
	if (!set)
		return d->affinity;
	*next += words_of(d);
	*any = set_affinity(d, set, bits);
	return bits;
}

static int init_domain(struct cx_dispatch *d, unsigned index, struct cx_vcpu *vcpus,
		       const struct cx_dispatch_domain *config, uint64_t **masks,
		       struct cx_error *err)
{
	struct cx_domain *dom = &d->domains[index];
	unsigned n = d->policy.plugin->n_domain_params, i;
	const uint64_t *hard, *soft;
	bool any_soft, any_hard;

	dom->d = d;
	dom->index = index;
	dom->n_vcpus = config->vcpus;
	dom->vcpus = vcpus;
	dom->pool = config->pool < d->n_pools ? &d->pools[config->pool] : NULL;
	atomic_init(&dom->weight, config->weight);
	atomic_init(&dom->reservation, config->reservation);
	atomic_init(&dom->limit, config->limit);
	dom->name = strdup(config->name);
	dom->params = calloc(n + 1, sizeof(*dom->params));
	if (!dom->name || !dom->params)
		return -ENOMEM;
	for (i = 0; i < n; i++)
		dom->params[i] =
			config->params ? config->params[i] : d->policy.plugin->domain_params[i].def;
	soft = take_mask(d, config->cpus_soft, masks, &any_soft);
	hard = take_mask(d, config->cpus, masks, &any_hard);
	if (!any_hard)
		return cx_fail(err, EINVAL,
			       "domain %s: none of its cpus is among the run's pcpus; widen either",
			       dom->name);
	dom->class = cx_affinity_class(&d->classes, hard);
	for (i = 0; i < dom->n_vcpus; i++)
		init_vcpu(dom, &vcpus[i], i, hard, soft);
	return 0;
}

/* The domains' classes of affinity are known.  pCPUs come online one by one. */
static int finish_classes(struct cx_dispatch *d)
{
	int rc = cx_affinity_finish(&d->classes);
	unsigned i;

	for (i = 0; i < d->n_pcpus && !rc; i++)
		cx_affinity_set_online(&d->classes, i, false);
	return rc;
}

static int init_domains(struct cx_dispatch *d, const struct cx_dispatch_config *config,
			struct cx_error *err)
{
	struct cx_vcpu *vcpus = d->vcpus;
	unsigned i, masks = 1;
	uint64_t *next;
	int rc = 0;

	for (i = 0; i < d->n_domains; i++)
		masks += (config->domains[i].cpus != NULL) + (config->domains[i].cpus_soft != NULL);
	d->affinity = calloc((size_t)masks * words_of(d), sizeof(*d->affinity));
	d->warmths = calloc((size_t)d->n_vcpus * d->n_llcs, sizeof(*d->warmths));
	if (!d->affinity || !d->warmths || cx_affinity_init(&d->classes, d->n_pcpus, d->n_domains))
		return -ENOMEM;
	set_affinity(d, NULL, d->affinity);
	next = d->affinity + words_of(d);
	for (i = 0; i < d->n_domains && !rc; i++) {
		rc = init_domain(d, i, vcpus, &config->domains[i], &next, err);
		vcpus += config->domains[i].vcpus;
	}
	return rc ? rc : finish_classes(d);
}

static int alloc_all(struct cx_dispatch *d, const struct cx_dispatch_config *config)
{
	unsigned words = words_of(d), i;

	for (i = 0; i < d->n_domains; i++)
		d->n_vcpus += config->domains[i].vcpus;
	d->pcpus = calloc(d->n_pcpus, sizeof(*d->pcpus));
	d->domains = calloc(d->n_domains, sizeof(*d->domains));
	d->vcpus = aligned_alloc(_Alignof(struct cx_vcpu), d->n_vcpus * sizeof(*d->vcpus));
	d->llcs = calloc(d->n_pcpus, sizeof(*d->llcs));
	d->kicks = calloc(words, sizeof(*d->kicks));
	d->hists = calloc(2 * (d->single_thread ? 1u : d->n_pcpus), sizeof(*d->hists));
	d->policy.params = calloc(config->plugin->n_params + 1, sizeof(int64_t));
	if (!d->pcpus || !d->domains || !d->vcpus || !d->llcs || !d->kicks || !d->hists ||
	    !d->policy.params)
		return -ENOMEM;
	memset(d->vcpus, 0, d->n_vcpus * sizeof(*d->vcpus));
	if (config->plugin->n_params)
		memcpy(d->policy.params, config->params,
		       config->plugin->n_params * sizeof(int64_t));
	return cx_timers_init(&d->timers,
			      d->n_vcpus * TIMERS_PER_VCPU + d->n_pcpus * TIMERS_PER_PCPU + 1,
			      d->single_thread);
}

static int start_policy(struct cx_dispatch *d, struct cx_error *err)
{
	unsigned i;
	int rc;

	atomic_init(&d->policy.active, true);
	rc = policy_init(d, err);
	for (i = 0; i < d->n_pcpus && !rc; i++) {
		lock_all(d);
		rc = pcpu_join(&d->pcpus[i], 0);
		unlock_all(d);
		if (rc)
			cx_fail(err, rc < 0 ? -rc : EIO,
				"scheduler %s: pCPU %u did not come online (%d)",
				d->policy.plugin->name, i, rc);
	}
	if (!rc)
		pool_settle(d, true);
	if (!rc && cx_dispatch_dead(d, err))
		rc = -ECANCELED;
	return rc;
}

int cx_dispatch_new(const struct cx_dispatch_config *config, struct cx_dispatch **out,
		    struct cx_error *err)
{
	struct cx_dispatch *d = calloc(1, sizeof(*d));
	int rc;

	if (!d)
		return cx_fail(err, ENOMEM, "out of memory");
	if (config->n_pcpus > CX_DISPATCH_PCPUS_MAX) {
		free(d);
		return cx_fail(err, EINVAL, "a run of %u pCPUs: found too many, allowed 1 to %u",
			       config->n_pcpus, CX_DISPATCH_PCPUS_MAX);
	}
	d->ops = config->ops;
	d->machine = config->machine;
	d->history = config->history;
	d->sink = config->sink;
	d->watchdog_ns = config->watchdog_ns ? config->watchdog_ns : CX_WATCHDOG_DEFAULT_NS;
	if (d->watchdog_ns < CX_WATCHDOG_MIN_NS)
		d->watchdog_ns = CX_WATCHDOG_MIN_NS;
	d->n_pcpus = config->n_pcpus;
	d->n_domains = config->n_domains;
	d->one_lock = config->plugin->flags & CX_PLUGIN_INSTANCE_LOCK;
	d->single_thread = config->single_thread;
	pthread_mutex_init(&d->instance_lock, NULL);
	d->policy.d = d;
	d->policy.plugin = config->plugin;
	atomic_init(&d->policy.random, config->seed);
	pthread_mutex_init(&d->policy.dead_lock, NULL);
	cx_timer_setup(&d->watchdog, CX_TIMER_WATCHDOG, 0, d);

	cx_fail(err, ENOMEM, "out of memory for %u pCPUs and %u domains", d->n_pcpus, d->n_domains);
	rc = alloc_all(d, config);
	if (!rc)
		rc = init_pcpus(d, config);
	if (!rc)
		rc = pools_init(d, config, err);
	if (!rc)
		rc = init_domains(d, config, err);
	if (!rc)
		rc = entitler_init(d);
	if (!rc)
		rc = start_policy(d, err);
	if (rc) {
		cx_dispatch_free(d);
		return rc;
	}
	if (config->shuffle)
		cx_timers_shuffle(&d->timers, config->shuffle_seed);
	cx_timer_arm(&d->timers, &d->watchdog, d->watchdog_ns / 4);
	*out = d;
	return 0;
}

static void take_offline(struct cx_dispatch *d, uint64_t now)
{
	unsigned i;

	pool_settle(d, false);
	for (i = 0; d->pcpus && i < d->n_pcpus && d->pcpus[i].d; i++)
		if (d->pcpus[i].attached)
			pcpu_part(&d->pcpus[i], now);
}

static void free_domain(struct cx_domain *dom)
{
	unsigned i;

	for (i = 0; i < dom->n_vcpus; i++)
		free(dom->vcpus[i].priv);
	free(dom->priv);
	free(dom->params);
	free(dom->name);
}

void cx_dispatch_free(struct cx_dispatch *d)
{
	unsigned i;

	if (!d)
		return;
	/* Without effect after cx_dispatch_finish(). */
	take_offline(d, d->end_ns);
	policy_fini(d);
	for (i = 0; d->domains && d->vcpus && i < d->n_domains; i++)
		if (d->domains[i].d)
			free_domain(&d->domains[i]);
	for (i = 0; d->pcpus && i < d->n_pcpus; i++)
		free(d->pcpus[i].near);
	cx_timers_destroy(&d->timers);
	entitler_free(d);
	cx_affinity_free(&d->classes);
	pools_free(d);
	free(d->policy.params);
	free(d->hists);
	free(d->kicks);
	free(d->llcs);
	free(d->warmths);
	free(d->affinity);
	free(d->vcpus);
	free(d->domains);
	free(d->pcpus);
	free(d);
}

struct cx_pcpu *cx_dispatch_pcpu(struct cx_dispatch *d, unsigned index)
{
	return index < d->n_pcpus ? &d->pcpus[index] : NULL;
}

struct cx_vcpu *cx_dispatch_vcpu(struct cx_dispatch *d, unsigned id)
{
	return id < d->n_vcpus ? &d->vcpus[id] : NULL;
}

const struct cx_plugin *cx_dispatch_plugin(const struct cx_dispatch *d)
{
	return d->policy.plugin;
}

void cx_vcpu_set_machine(struct cx_vcpu *v, void *data)
{
	v->machine = data;
}

void *cx_vcpu_machine(const struct cx_vcpu *v)
{
	return v->machine;
}

void cx_vcpu_set_status(struct cx_vcpu *v, uint64_t status)
{
	atomic_store(&v->status, status);
}

unsigned cx_pcpu_host_cpu(const struct cx_pcpu *pcpu)
{
	return pcpu->host_cpu;
}

void cx_pcpu_note_cost(struct cx_pcpu *pcpu, uint64_t ns)
{
	cx_hist_add(pcpu->cost, ns);
}

void cx_pcpu_note_gap(struct cx_pcpu *pcpu, uint64_t ns)
{
	cx_hist_add(pcpu->gap, ns);
}

void cx_dispatch_note(struct cx_vcpu *v, enum cx_event_type type, uint32_t why, uint64_t x,
		      uint64_t y)
{
	struct cx_dispatch *d = v->d;
	struct cx_event e;

	if (!d->sink || atomic_load_explicit(&d->ended, memory_order_relaxed))
		return;
	e = (struct cx_event){
		.t_ns = clock_of(d),
		.type = (uint16_t)type,
		.pcpu = (uint16_t)assigned(v)->index,
		.vcpu = v->id,
		.prev = CX_NO_VCPU,
		.why = why,
		.x = x,
		.y = y,
	};
	d->sink->event(&e);
}

static void close_vcpu(struct cx_vcpu *v, uint64_t now)
{
	struct cx_pcpu *p = assigned(v);

	if (!v->attached)
		return;
	restate(v, now);
	if (p->current == v) {
		p->current = NULL;
		atomic_store(&p->idle, true);
		atomic_store_explicit(&v->oncpu, false, memory_order_relaxed);
	}
	retire_vcpu(v, now);
	/* Stopped or crashed, but not off its pCPU yet: that is how it ended. */
	if (!atomic_load(&v->ending))
		v->end = CX_END_RUN;
	end_vcpu(v, p, now);
}

uint64_t cx_dispatch_finish(struct cx_dispatch *d)
{
	unsigned i;
	uint64_t now;

	lock_all(d);
	if (atomic_load(&d->ended)) {
		unlock_all(d);
		return d->end_ns;
	}
	now = d->end_ns = clock_of(d);
	for (i = 0; i < d->n_pcpus; i++) {
		struct cx_pcpu *p = &d->pcpus[i];

		if (now > p->since_ns)
			*(p->current    ? &p->busy_ns
			  : p->attached ? &p->idle_ns
					: &p->offline_ns) += now - p->since_ns;
		p->since_ns = now;
	}
	for (i = 0; i < d->n_vcpus; i++)
		close_vcpu(&d->vcpus[i], now);
	for (i = 0; i < d->n_domains; i++)
		if (atomic_exchange(&d->domains[i].attached, false))
			policy_domain_detach(&d->domains[i], now);
	/* Enough faults for it, but the run was faster. */
	if (atomic_load(&d->policy.eject))
		atomic_store(&d->policy.ejected, true);
	take_offline(d, now);
	atomic_store(&d->ended, true);
	unlock_all(d);
	policy_fini(d);
	return now;
}

static void collect_vcpu(const struct cx_vcpu *v, struct cx_record_vcpu *r)
{
	r->domain = v->domain->index;
	r->index = v->index;
	r->start_ns = v->start_ns;
	r->stop_ns = v->stop_ns;
	memcpy(r->time_ns, v->time_ns, sizeof(r->time_ns));
	memcpy(r->migrations, v->migrations, sizeof(r->migrations));
	r->dispatches = v->dispatches;
}

/* Worst first: a crash outweighs a stop, a stop an exit. */
static enum cx_end worse(enum cx_end a, enum cx_end b)
{
	static const unsigned rank[CX_ENDS] = {
		[CX_END_EXIT] = 0, [CX_END_RUN] = 1, [CX_END_STOPPED] = 2, [CX_END_CRASH] = 3
	};

	return rank[b] > rank[a] ? b : a;
}

void cx_dispatch_collect(struct cx_dispatch *d, struct cx_record *record)
{
	struct cx_policy *pol = &d->policy;
	unsigned i, k;

	record->duration_ns = d->end_ns;
	for (i = 0; i < d->n_vcpus; i++) {
		struct cx_vcpu *v = &d->vcpus[i];
		struct cx_record_domain *dom = &record->domains[v->domain->index];

		collect_vcpu(v, &record->vcpus[i]);
		dom->end = v->index == 0 ? v->end : worse(dom->end, v->end);
	}
	for (i = 0; i < d->n_pcpus; i++) {
		struct cx_pcpu *p = &d->pcpus[i];

		record->pcpus[i].host_cpu = p->host_cpu;
		record->pcpus[i].busy_ns = p->busy_ns;
		record->pcpus[i].idle_ns = p->idle_ns;
		record->pcpus[i].offline_ns = p->offline_ns;
		record->switches += p->switches;
		if (i > 0 && d->single_thread)
			continue;
		cx_hist_merge(&record->decide_ns, p->cost);
		cx_hist_merge(&record->gap_ns, p->gap);
	}
	for (k = 0; k < CX_FAULTS; k++)
		record->faults[k] = atomic_load(&pol->faults[k]);
	record->degraded = atomic_load(&pol->ejected) || atomic_load(&pol->dead);
	if (record->degraded)
		record->degraded_why = strdup(pol->why.text);
}
