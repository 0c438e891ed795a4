/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_rig.h - a simulation with scripted models: the simulator, the dispatcher and one
 * policy, nothing else of a run.
 */
#ifndef CX_TEST_SIM_RIG_H
#define CX_TEST_SIM_RIG_H

#include "core/sim/sim.h"
#include "tests/unit/policies.h"

#include "base/units.h"
#include "trace/metrics.h"

#define SR_DOMAINS 64u
#define SR_PARAMS 2u /* of the script: where, how many steps */

/** All vCPUs of a domain do the same steps over and over; none = work for ever. */
struct sr_domain {
	unsigned vcpus;  /* 0 = 1 */
	unsigned weight; /* 0 = 256 */
	unsigned limit;
	const struct cx_model_step *script;
	unsigned n_steps;
	uint64_t set_bytes; /* working set */
	unsigned n_peers;
	const unsigned *peers;
	uint64_t start_ns, stop_ns; /* stop 0 = with the run */
};

struct sr_config {
	const struct cx_plugin *plugin;
	const char *topology; /* NULL = "pack:1 core:1 pu:1" */
	const struct sr_domain *domains;
	unsigned n_domains;
	void (*costs)(struct cx_costs *costs); /* changes to none at all; may be NULL */
	uint64_t watchdog_ns;
	uint64_t seed;
	bool shuffle;
};

struct sim_rig {
	const struct sr_config *config;
	struct cx_topology *topology;
	struct cx_sim *sim;
	struct cx_dispatch *d;
	struct cx_record *record;
	struct cx_sim_watch *watch;
	struct cx_error err;
	unsigned n_pcpus, n_vcpus, next;
	struct {
		uint64_t at_ns;
		unsigned domain;
		bool stop;
	} agenda[2 * SR_DOMAINS];
	unsigned n_agenda;
	char line[256]; /* the last that was logged */
};

/* --- the model that follows a script ---------------------------------------------- */

struct sr_state {
	unsigned at;
	uint64_t work_ns, took_ns, steps, ports, released;
	uint64_t first_took_ns; /* of the first step of work */
};

static const struct cx_workload_info sr_info = { .magic = CX_WORKLOAD_MAGIC,
						 .name = "script",
						 .n_results = 6 };

static inline const struct sr_domain *sr_domain_of(const struct cx_model_vcpu *v)
{
	return (const struct sr_domain *)(intptr_t)cx_model_param(v, 0);
}

static inline void sr_next(struct cx_model_vcpu *v, struct cx_model_step *step)
{
	const struct sr_domain *d = sr_domain_of(v);
	struct sr_state *s = cx_model_priv(v);

	s->ports |= cx_model_ports(v);
	s->released += cx_model_released(v);
	if (s->steps == 1)
		s->first_took_ns = s->took_ns;
	s->steps++;
	if (!d->n_steps) {
		*step = (struct cx_model_step){ .op = CX_MODEL_WORK, .ns = CX_MODEL_FOREVER };
		return;
	}
	*step = d->script[s->at++ % d->n_steps];
	/* In a script a vCPU lets its siblings go when it comes to a step that sends to itself. */
	if (step->op == CX_MODEL_SEND && step->peer == 0 && step->vcpu != cx_model_index(v))
		cx_model_release(v, step->vcpu);
}

static inline void sr_worked(struct cx_model_vcpu *v, uint64_t ns, uint64_t took_ns)
{
	struct sr_state *s = cx_model_priv(v);

	s->work_ns += ns;
	s->took_ns += took_ns;
}

static inline uint64_t sr_working_set(struct cx_model_vcpu *v)
{
	return sr_domain_of(v)->set_bytes;
}

static inline void sr_publish(struct cx_model_vcpu *v)
{
	const struct sr_state *s = cx_model_priv(v);

	cx_model_set_progress(v, s->work_ns);
	cx_model_set_result(v, 0, s->took_ns);
	cx_model_set_result(v, 1, s->steps);
	cx_model_set_result(v, 2, s->ports);
	cx_model_set_result(v, 3, s->released);
	cx_model_set_result(v, 4, s->first_took_ns);
	cx_model_set_result(v, 5, cx_model_access_ps(v));
	cx_model_set_result(v, CX_GUEST_RESULTS, 1); /* out of range: ignored */
}

static const struct cx_model sr_model = {
	.info = &sr_info,
	.vcpu_size = sizeof(struct sr_state),
	.next = sr_next,
	.worked = sr_worked,
	.publish = sr_publish,
	.working_set = sr_working_set,
};

/* --- beginning ---------------------------------------------------------------------- */

static inline void sr_log(void *arg, const char *line)
{
	struct sim_rig *r = arg;

	snprintf(r->line, sizeof(r->line), "%s", line);
}

static inline void sr_plan(struct sim_rig *r, uint64_t at_ns, unsigned domain, bool stop)
{
	unsigned i = r->n_agenda++;

	for (; i > 0 && r->agenda[i - 1].at_ns > at_ns; i--)
		r->agenda[i] = r->agenda[i - 1];
	r->agenda[i].at_ns = at_ns;
	r->agenda[i].domain = domain;
	r->agenda[i].stop = stop;
}

static inline void sr_describe(struct sim_rig *r, struct cx_sim_domain *sim,
			       struct cx_dispatch_domain *dispatch)
{
	static const int64_t none[CX_GUEST_PARAMS];
	unsigned i;

	for (i = 0; i < r->config->n_domains; i++) {
		const struct sr_domain *d = &r->config->domains[i];
		int64_t *params = malloc(sizeof(none));

		memcpy(params, none, sizeof(none));
		params[0] = (int64_t)(intptr_t)d;
		sim[i] = (struct cx_sim_domain){ .name = "d",
						 .vcpus = d->vcpus ? d->vcpus : 1,
						 .model = &sr_model,
						 .params = params,
						 .n_peers = d->n_peers,
						 .peers = d->peers };
		dispatch[i] = (struct cx_dispatch_domain){ .name = "d",
							   .vcpus = sim[i].vcpus,
							   .weight = d->weight ? d->weight : 256,
							   .limit = d->limit };
		r->n_vcpus += sim[i].vcpus;
		sr_plan(r, d->start_ns, i, false);
		if (d->stop_ns)
			sr_plan(r, d->stop_ns, i, true);
	}
}

static inline void sr_record(struct sim_rig *r, const struct cx_sim_domain *sim)
{
	unsigned i, first = 0;

	r->record = cx_record_new(r->config->n_domains, r->n_vcpus, r->n_pcpus);
	assert_non_null(r->record);
	for (i = 0; i < r->config->n_domains; i++) {
		r->record->domains[i].first_vcpu = first;
		r->record->domains[i].n_vcpus = sim[i].vcpus;
		r->record->domains[i].weight = 256;
		first += sim[i].vcpus;
	}
}

static inline struct sim_rig *sr_new(const struct sr_config *config)
{
	struct cx_sim_domain domains[SR_DOMAINS];
	struct cx_dispatch_domain dispatched[SR_DOMAINS];
	struct sim_rig *r = calloc(1, sizeof(*r));
	struct cx_sim_config sc;
	struct cx_dispatch_config dc;
	int64_t params[16] = { 0 };
	struct cx_costs costs;
	unsigned *cpus, i;

	r->config = config;
	if (cx_topology_synthetic(config->topology ? config->topology : "pack:1 core:1 pu:1",
				  &r->topology, &r->err))
		fail_msg("%s", r->err.text);
	r->n_pcpus = cx_topology_cpus(r->topology);
	cpus = calloc(r->n_pcpus, sizeof(*cpus));
	for (i = 0; i < r->n_pcpus; i++)
		cpus[i] = i;
	sr_describe(r, domains, dispatched);
	sr_record(r, domains);
	cx_costs_none(&costs);
	if (config->costs)
		config->costs(&costs);
	sc = (struct cx_sim_config){ .topology = r->topology,
				     .n_pcpus = r->n_pcpus,
				     .pcpus = cpus,
				     .n_domains = config->n_domains,
				     .domains = domains,
				     .costs = &costs,
				     .seed = config->seed,
				     .shuffle = config->shuffle,
				     .shuffle_seed = config->seed,
				     .log = sr_log,
				     .log_arg = r };
	assert_int_equal(cx_sim_new(&sc, &r->sim, &r->err), 0);
	for (i = 0; i < config->plugin->n_params; i++)
		params[i] = config->plugin->params[i].def;
	dc = (struct cx_dispatch_config){ .ops = &cx_sim_machine_ops,
					  .machine = r->sim,
					  .plugin = config->plugin,
					  .params = params,
					  .topology = r->topology,
					  .n_pcpus = r->n_pcpus,
					  .pcpus = cpus,
					  .n_domains = config->n_domains,
					  .domains = dispatched,
					  .history = r->record->history,
					  .watchdog_ns = config->watchdog_ns,
					  .seed = config->seed,
					  .single_thread = true,
					  .shuffle = config->shuffle,
					  .shuffle_seed = config->seed };
	if (cx_dispatch_new(&dc, &r->d, &r->err))
		fail_msg("%s", r->err.text);
	cx_sim_bind(r->sim, r->d);
	for (i = 0; i < config->n_domains; i++)
		free((void *)(uintptr_t)domains[i].params);
	free(cpus);
	return r;
}

/* --- running ------------------------------------------------------------------------- */

static inline uint64_t sr_agenda_next(void *arg)
{
	const struct sim_rig *r = arg;

	return r->next < r->n_agenda ? r->agenda[r->next].at_ns : CX_NEVER;
}

static inline int sr_agenda_act(void *arg)
{
	struct sim_rig *r = arg;
	unsigned i = r->next++;

	if (!r->agenda[i].stop)
		return cx_dispatch_start_domain(r->d, r->agenda[i].domain, &r->err);
	cx_dispatch_stop_domain(r->d, r->agenda[i].domain, CX_END_STOPPED);
	return 0;
}

/* A test runs to the time that it says. */
static inline bool sr_agenda_over(void *arg)
{
	(void)arg;
	return false;
}

/** Until @until_ns; what cx_sim_run() says. */
static inline int sr_run(struct sim_rig *r, uint64_t until_ns)
{
	const struct cx_sim_agenda agenda = { sr_agenda_next, sr_agenda_act, sr_agenda_over, r };
	int rc = 0;

	while (rc == 0 && !cx_dispatch_dead(r->d, NULL))
		rc = cx_sim_run(r->sim, until_ns, 1000, &agenda, &r->err);
	return rc;
}

static inline void sr_finish(struct sim_rig *r)
{
	unsigned i;

	cx_dispatch_finish(r->d);
	cx_sim_finish(r->sim);
	cx_dispatch_collect(r->d, r->record);
	for (i = 0; i < r->config->n_domains; i++) {
		struct cx_record_domain *d = &r->record->domains[i];

		d->start_ns = r->record->vcpus[d->first_vcpu].start_ns;
		d->stop_ns = r->record->duration_ns;
	}
}

/** The books of the dispatcher and what the events say agree to the nanosecond. */
static inline void sr_check(const struct sim_rig *r)
{
	struct cx_metrics *metrics;
	struct cx_error err = { "" };
	unsigned i, s;

	if (cx_metrics_compute(r->record, &metrics, &err))
		fail_msg("%s", err.text);
	assert_int_equal(metrics->disagreement_ns, 0);
	cx_metrics_free(metrics);
	for (i = 0; i < r->n_vcpus; i++) {
		const struct cx_record_vcpu *v = &r->record->vcpus[i];
		uint64_t sum = 0;

		for (s = 0; s < CX_STATES; s++)
			sum += v->time_ns[s];
		assert_int_equal(sum, v->stop_ns - v->start_ns);
	}
	for (i = 0; i < r->n_pcpus; i++)
		assert_int_equal(r->record->pcpus[i].busy_ns + r->record->pcpus[i].idle_ns,
				 r->record->duration_ns);
}

static inline void sr_free(struct sim_rig *r)
{
	cx_sim_watch_stop(r->watch);
	cx_dispatch_free(r->d);
	cx_sim_free(r->sim);
	cx_record_free(r->record);
	cx_topology_free(r->topology);
	free(r);
}

/** From beginning to end, checked. */
static inline struct sim_rig *sr_done(const struct sr_config *config, uint64_t until_ns)
{
	struct sim_rig *r = sr_new(config);

	if (sr_run(r, until_ns) != 1)
		fail_msg("%s", r->err.text);
	sr_finish(r);
	sr_check(r);
	return r;
}

static inline uint64_t sr_time(const struct sim_rig *r, unsigned vcpu, enum cx_state state)
{
	return r->record->vcpus[vcpu].time_ns[state];
}

static inline uint64_t sr_work(const struct sim_rig *r, unsigned vcpu)
{
	return cx_sim_outcome(r->sim, vcpu).progress;
}

static inline uint64_t sr_result(const struct sim_rig *r, unsigned vcpu, unsigned i)
{
	return cx_sim_outcome(r->sim, vcpu).results[i];
}

#endif
