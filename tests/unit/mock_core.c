/* SPDX-License-Identifier: BSD-2-Clause */
/* The test bench: the life of things, calls of the policy, time. */
#include "mock_services.c"
#include "mock_entitlements.c"

/* --- the life of things -------------------------------------------------------- */

static void *area(size_t size)
{
	void *p = size ? calloc(1, size) : NULL;

	if (size && !p)
		abort();
	return p;
}

static void join(struct cx_pcpu *p);

static void order_near(struct cx_pcpu *p)
{
	unsigned n = 0;

	for (int d = CX_DIST_SELF; d <= CX_DIST_REMOTE; d++)
		for (unsigned i = 0; i < p->m->config.pcpus; i++)
			if ((int)cx_distance(p, &p->m->pcpus[i]) == d)
				p->near[n++] = &p->m->pcpus[i];
}

static void bring_online(struct mock *m)
{
	unsigned i;

	for (i = 0; i < m->config.pcpus; i++) {
		m->pcpus[i].m = m;
		m->pcpus[i].index = i;
	}
	for (i = 0; i < m->config.pcpus; i++)
		order_near(&m->pcpus[i]);
	for (i = 0; i < m->config.pcpus; i++)
		join(&m->pcpus[i]);
}

struct mock *mock_new(const struct cx_plugin *plugin, const struct mock_config *config)
{
	struct mock *m = area(sizeof(*m));

	m->plugin = plugin;
	m->config = *config;
	m->config.smt = config->smt ? config->smt : 1;
	m->config.llc = config->llc ? config->llc : config->pcpus;
	m->config.node = config->node ? config->node : config->pcpus;
	m->random = config->seed * 0x9e3779b97f4a7c15ull | 1;
	m->policy.m = m;
	m->policy.priv = area(plugin->policy_size);
	for (unsigned i = 0; i < plugin->n_params; i++)
		m->policy.params[i] = plugin->params[i].def;
	m->op = "init";
	if (plugin->init && plugin->init(&m->policy))
		breach(m, "failed");
	bring_online(m);
	return m;
}

void mock_param(struct mock *m, const char *name, int64_t value)
{
	for (unsigned i = 0; i < m->plugin->n_params; i++) {
		const struct cx_param *p = &m->plugin->params[i];

		if (strcmp(p->name, name))
			continue;
		if (value < p->min || value > p->max)
			breach(m, "%s out of range", name);
		m->policy.params[i] = value;
		hold_all(m, "param_set");
		if (m->plugin->param_set)
			m->plugin->param_set(&m->policy, i, m->now_ns);
		release(m, NULL, NULL);
		return;
	}
	breach(m, "no parameter %s", name);
}

struct cx_domain *mock_domain(struct mock *m, const char *name, unsigned weight, unsigned limit)
{
	struct cx_domain *dom = &m->domains[m->n_domains];

	if (m->n_domains == MOCK_DOMAINS)
		abort();
	dom->m = m;
	dom->index = m->n_domains++;
	snprintf(dom->name, sizeof(dom->name), "%s", name);
	dom->weight = weight;
	dom->limit = limit;
	dom->priv = area(m->plugin->domain_size);
	hold_all(m, "domain_attach");
	if (m->plugin->domain_attach && m->plugin->domain_attach(&m->policy, dom, m->now_ns))
		breach(m, "failed");
	release(m, NULL, NULL);
	return dom;
}

void mock_adjust(struct cx_domain *dom, unsigned weight, unsigned limit)
{
	struct mock *m = dom->m;

	dom->weight = weight;
	dom->limit = limit;
	hold_all(m, "domain_adjust");
	if (m->plugin->domain_adjust)
		m->plugin->domain_adjust(&m->policy, dom, m->now_ns);
	release(m, NULL, NULL);
}

/* The first of @mask that is online; NULL = none. */
static struct cx_pcpu *first_of(struct mock *m, uint32_t mask)
{
	for (unsigned i = 0; i < m->config.pcpus; i++)
		if (mask >> i & 1 && m->pcpus[i].online)
			return &m->pcpus[i];
	return NULL;
}

static struct cx_vcpu *new_vcpu(struct cx_domain *dom, uint64_t start_ns)
{
	struct mock *m = dom->m;
	struct cx_vcpu *v = area(sizeof(*v));

	if (m->n_vcpus == MOCK_VCPUS || dom->n_vcpus == 64)
		abort();
	v->m = m;
	v->dom = dom;
	v->id = m->n_vcpus;
	v->index = dom->n_vcpus;
	v->hard = v->soft = (uint32_t)((1ull << m->config.pcpus) - 1);
	v->pcpu = first_of(m, v->hard);
	v->wake_ns = start_ns < m->now_ns ? m->now_ns : start_ns;
	v->wake_why = CX_WAKE_START;
	v->priv = area(m->plugin->vcpu_size);
	m->vcpus[m->n_vcpus++] = v;
	dom->vcpus[dom->n_vcpus++] = v;
	return v;
}

static struct mock_step hog_step(void *arg)
{
	(void)arg;
	return (struct mock_step){ MOCK_RUN, MOCK_FOREVER };
}

static struct mock_step table_step(void *arg)
{
	struct cx_vcpu *v = arg;

	return v->steps[v->next_step++ % v->n_steps];
}

struct cx_vcpu *mock_scripted(struct cx_domain *dom, uint64_t start_ns, mock_script script,
			      void *arg)
{
	struct cx_vcpu *v = new_vcpu(dom, start_ns);

	v->script = script;
	v->script_arg = arg;
	return v;
}

struct cx_vcpu *mock_vcpu(struct cx_domain *dom, uint64_t start_ns, const struct mock_step *steps,
			  unsigned n_steps)
{
	struct cx_vcpu *v = new_vcpu(dom, start_ns);

	v->script = steps ? table_step : hog_step;
	v->script_arg = v;
	v->steps = steps;
	v->n_steps = n_steps;
	return v;
}

void mock_affinity(struct cx_vcpu *v, uint32_t hard, uint32_t soft)
{
	v->hard = hard;
	v->soft = soft;
	v->pcpu = first_of(v->m, hard);
}

static void attach(struct cx_vcpu *v)
{
	struct mock *m = v->m;

	v->attached = true;
	v->start_ns = m->now_ns;
	hold(m, "vcpu_attach", v->pcpu, NULL);
	if (m->plugin->vcpu_attach && m->plugin->vcpu_attach(&m->policy, v, m->now_ns))
		breach(m, "failed");
	release(m, v->pcpu, NULL);
}

static void detach(struct cx_vcpu *v)
{
	struct mock *m = v->m;

	if (!v->attached)
		return;
	hold(m, "vcpu_detach", v->pcpu, NULL);
	if (m->plugin->vcpu_detach)
		m->plugin->vcpu_detach(&m->policy, v, m->now_ns);
	release(m, v->pcpu, NULL);
	v->attached = false;
	free(v->priv);
	v->priv = NULL;
}

/* --- calls ------------------------------------------------------------------------ */

static void tell_block(struct cx_vcpu *v)
{
	struct mock *m = v->m;

	if (!v->told_awake)
		breach(m, "bench: block() without wake() of vCPU %u", v->id);
	v->told_awake = false;
	v->runnable = false;
	hold(m, "block", v->pcpu, NULL);
	if (m->plugin->block)
		m->plugin->block(&m->policy, v, m->now_ns);
	release(m, v->pcpu, NULL);
}

static struct cx_pcpu *default_place(struct cx_vcpu *v)
{
	struct cx_pcpu *p, *best = NULL;

	for (unsigned rank = 0; (p = cx_pcpu_near(v->pcpu, rank)); rank++)
		if (cx_vcpu_allowed(v, p) && !p->current && cx_pcpu_runnable(p) == 0)
			return p;
	if (cx_vcpu_allowed(v, v->pcpu))
		return v->pcpu;
	for (unsigned rank = 0; (p = cx_pcpu_near(v->pcpu, rank)); rank++)
		if (cx_vcpu_allowed(v, p) &&
		    (!best || cx_pcpu_runnable(p) < cx_pcpu_runnable(best)))
			best = p;
	return best;
}

static void move(struct cx_vcpu *v, struct cx_pcpu *to)
{
	struct mock *m = v->m;
	struct cx_pcpu *from = v->pcpu;

	if (to == from)
		return;
	assign(v, to);
	hold(m, "migrate", from, to);
	if (m->plugin->migrate)
		m->plugin->migrate(&m->policy, v, from, to, m->now_ns);
	release(m, from, to);
}

static void tell_wake(struct cx_vcpu *v)
{
	struct mock *m = v->m;
	struct cx_pcpu *to = NULL;

	if (v->told_awake)
		breach(m, "bench: wake() twice of vCPU %u", v->id);
	v->told_awake = v->runnable = v->fresh = true;
	v->wakes++;
	note(m, (struct mock_entry){ .kind = MOCK_WAKE,
				     .pcpu = (int)v->pcpu->index,
				     .vcpu = (int)v->id,
				     .code = v->wake_why });
	hold(m, "choose_pcpu", v->pcpu, NULL);
	if (m->plugin->choose_pcpu)
		to = m->plugin->choose_pcpu(&m->policy, v, m->now_ns);
	if (to && !cx_vcpu_allowed(v, to)) {
		breach(m, "vCPU %u placed on pCPU %u, which affinity forbids", v->id, to->index);
		to = NULL;
	}
	release(m, v->pcpu, NULL);
	move(v, to ? to : default_place(v));
	hold(m, "wake", v->pcpu, NULL);
	if (m->plugin->wake)
		m->plugin->wake(&m->policy, v, v->wake_why, m->now_ns);
	else if (!v->pcpu->current)
		cx_kick(v->pcpu);
	release(m, v->pcpu, NULL);
}

#include "mock_pool.c"

static const char *fault_of(const struct cx_pcpu *p, const struct cx_vcpu *v)
{
	bool ours = false;

	for (unsigned i = 0; i < p->m->n_vcpus; i++)
		ours |= p->m->vcpus[i] == v;
	if (!ours)
		return "is no vCPU";
	if (!v->runnable)
		return "is not runnable";
	if (v->parked)
		return "is parked";
	if (v->on_pcpu && v != p->current)
		return "runs elsewhere";
	if (!cx_vcpu_allowed(v, p))
		return "is forbidden here";
	if (v->pcpu != p)
		return "is assigned elsewhere";
	return NULL;
}

static void put(struct cx_pcpu *p, struct cx_vcpu *next, uint64_t slice_ns)
{
	struct mock *m = p->m;

	if (p->current && p->current != next)
		p->current->on_pcpu = false;
	if (next && !p->current && p->tick_every_ns)
		p->tick_ns = next_multiple(m->now_ns, p->tick_every_ns);
	if (next && next != p->current)
		p->put_ns = m->now_ns;
	p->current = next;
	if (!next)
		return;
	p->slice_end_ns = m->now_ns + slice_ns;
	next->on_pcpu = true;
	next->waiting_ns = 0;
	if (next->fresh) {
		next->fresh = false;
		if (next->latency_ns > next->longest_latency_ns)
			next->longest_latency_ns = next->latency_ns;
		next->latency_ns = 0;
	}
}

static void decide(struct cx_pcpu *p, enum cx_why why)
{
	struct mock *m = p->m;
	struct cx_pick pick = {
		.now_ns = m->now_ns,
		.prev = p->current,
		.why = p->current ? why : CX_WHY_IDLE,
		.ran_ns = p->current ? m->now_ns - p->put_ns : 0,
		.slice_ns = CX_SLICE_DEFAULT_NS,
	};
	struct cx_vcpu *next;
	const char *fault;

	p->kicked = false;
	p->picking = true;
	m->decisions++;
	hold(m, "pick", p, NULL);
	next = m->plugin->pick(&m->policy, p, &pick);
	fault = next ? fault_of(p, next) : NULL;
	if (fault) {
		breach(m, "picked a vCPU on pCPU %u that %s", p->index, fault);
		next = NULL;
	}
	if (next && (pick.slice_ns < CX_SLICE_MIN_NS || pick.slice_ns > CX_SLICE_MAX_NS)) {
		breach(m, "a slice of %llu ns", (unsigned long long)pick.slice_ns);
		pick.slice_ns = CX_SLICE_DEFAULT_NS;
	}
	release(m, p, NULL);
	p->picking = false;
	put(p, next, pick.slice_ns);
	note(m, (struct mock_entry){ .kind = MOCK_DECIDE,
				     .pcpu = (int)p->index,
				     .vcpu = next ? (int)next->id : -1,
				     .code = pick.why,
				     .x = next ? pick.slice_ns : 0 });
}

static void decide_there(struct cx_pcpu *p, enum cx_why why)
{
	if (p->online || p->current)
		decide(p, why);
	p->kicked = false;
	part_if_left(p);
}

static void leave(struct cx_vcpu *v, enum cx_why why)
{
	struct mock *m = v->m;
	struct cx_pcpu *p = v->pcpu;

	if (why == CX_WHY_BLOCK || why == CX_WHY_END) {
		tell_block(v);
	} else if (why == CX_WHY_YIELD && m->plugin->yield) {
		hold(m, "yield", p, NULL);
		m->plugin->yield(&m->policy, v, m->now_ns);
		release(m, p, NULL);
	}
	decide_there(p, why);
}

void mock_stop(struct cx_vcpu *v)
{
	v->wake_ns = MOCK_FOREVER;
	v->doing = MOCK_END;
	if (v->on_pcpu)
		leave(v, CX_WHY_END);
	else if (v->told_awake)
		tell_block(v);
	detach(v);
}

void mock_reaffine(struct cx_vcpu *v, uint32_t hard)
{
	struct cx_pcpu *to = first_of(v->m, hard);

	if (!to)
		return;
	v->hard = hard;
	if (v->attached && !v->on_pcpu && !cx_vcpu_allowed(v, v->pcpu))
		move(v, to);
}

/* --- time ---------------------------------------------------------------------------- */

static void next_step(struct cx_vcpu *v)
{
	struct mock *m = v->m;
	struct mock_step step = v->script(v->script_arg);

	v->doing = step.what;
	v->left_ns = step.what == MOCK_RUN ? step.ns : 0;
	switch (step.what) {
	case MOCK_RUN:
		break;
	case MOCK_SLEEP:
		v->wake_ns = m->now_ns + step.ns;
		v->wake_why = CX_WAKE_TIMER;
		leave(v, CX_WHY_BLOCK);
		break;
	case MOCK_YIELD:
		leave(v, CX_WHY_YIELD);
		break;
	case MOCK_END:
		mock_stop(v);
		break;
	}
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t pcpu_due(const struct cx_pcpu *p)
{
	const struct cx_vcpu *v = p->current;
	uint64_t t = p->kicked ? p->kick_ns : MOCK_FOREVER;

	for (unsigned id = 0; id < CX_PCPU_TIMERS; id++)
		t = earlier(t, p->timer_ns[id]);
	if (!v)
		return t;
	t = earlier(t, p->slice_end_ns);
	if (p->tick_every_ns)
		t = earlier(t, p->tick_ns);
	return earlier(t, v->left_ns == MOCK_FOREVER ? MOCK_FOREVER : p->m->now_ns + v->left_ns);
}

static uint64_t next_due(const struct mock *m)
{
	uint64_t t = MOCK_FOREVER;

	for (unsigned i = 0; i < m->config.pcpus; i++)
		t = earlier(t, pcpu_due(&m->pcpus[i]));
	for (unsigned i = 0; i < m->n_vcpus; i++)
		if (!m->vcpus[i]->runnable && m->vcpus[i]->doing != MOCK_END)
			t = earlier(t, m->vcpus[i]->wake_ns);
	return t;
}

static void book_vcpu(struct cx_vcpu *v, uint64_t dt)
{
	if (v->fresh && !v->parked)
		v->latency_ns += dt;
	if (v->on_pcpu) {
		v->run_ns += dt;
		if (v->left_ns != MOCK_FOREVER)
			v->left_ns -= dt;
	} else if (!v->runnable) {
		v->blocked_ns += dt;
		v->waiting_ns = 0;
	} else if (v->parked) {
		v->limited_ns += dt;
		v->waiting_ns = 0;
	} else {
		v->ready_ns += dt;
		v->waiting_ns += dt;
		if (v->waiting_ns > v->longest_wait_ns)
			v->longest_wait_ns = v->waiting_ns;
	}
}

static bool could_run(const struct cx_pcpu *p)
{
	for (unsigned i = 0; i < p->m->n_vcpus; i++) {
		const struct cx_vcpu *v = p->m->vcpus[i];

		if (v->runnable && !v->parked && !v->on_pcpu && cx_vcpu_allowed(v, p))
			return true;
	}
	return false;
}

static void pass(struct mock *m, uint64_t to)
{
	uint64_t dt = to - m->now_ns;

	for (unsigned i = 0; dt && i < m->config.pcpus; i++) {
		struct cx_pcpu *p = &m->pcpus[i];

		if (p->current || !could_run(p)) {
			p->wasting_ns = 0;
			continue;
		}
		m->wasted_ns += dt;
		p->wasting_ns += dt;
		if (p->wasting_ns > m->longest_waste_ns)
			m->longest_waste_ns = p->wasting_ns;
	}
	for (unsigned i = 0; dt && i < m->n_vcpus; i++)
		if (m->vcpus[i]->attached)
			book_vcpu(m->vcpus[i], dt);
	m->now_ns = to;
}

static bool run_ticks(struct mock *m)
{
	bool did = false;

	for (unsigned i = 0; i < m->config.pcpus; i++) {
		struct cx_pcpu *p = &m->pcpus[i];

		if (!p->current || !p->tick_every_ns || p->tick_ns > m->now_ns)
			continue;
		p->tick_ns = next_multiple(m->now_ns, p->tick_every_ns);
		hold(m, "tick", p, NULL);
		if (m->plugin->tick)
			m->plugin->tick(&m->policy, p, m->now_ns);
		release(m, p, NULL);
		did = true;
	}
	return did;
}

static bool run_timers(struct mock *m)
{
	bool did = false;

	for (unsigned i = 0; i < m->config.pcpus * CX_PCPU_TIMERS; i++) {
		struct cx_pcpu *p = &m->pcpus[i / CX_PCPU_TIMERS];
		unsigned id = i % CX_PCPU_TIMERS;

		if (p->timer_ns[id] > m->now_ns)
			continue;
		p->timer_ns[id] = MOCK_FOREVER;
		hold(m, "timer", p, NULL);
		if (m->plugin->timer)
			m->plugin->timer(&m->policy, p, id, m->now_ns);
		release(m, p, NULL);
		did = true;
	}
	return did;
}

static bool run_vcpus(struct mock *m)
{
	bool did = false;

	for (unsigned i = 0; i < m->n_vcpus; i++) {
		struct cx_vcpu *v = m->vcpus[i];

		if (v->doing == MOCK_END)
			continue;
		if (!v->runnable && v->wake_ns <= m->now_ns) {
			v->wake_ns = MOCK_FOREVER;
			if (!v->started)
				attach(v);
			v->started = true;
			v->doing = MOCK_RUN;
			v->left_ns = 0;
			tell_wake(v);
			did = true;
		}
	}
	for (unsigned i = 0; i < m->n_vcpus; i++) {
		struct cx_vcpu *v = m->vcpus[i];

		if (v->on_pcpu && v->left_ns == 0) {
			next_step(v);
			did = true;
		}
	}
	return did;
}

static bool run_decisions(struct mock *m)
{
	bool did = false;

	for (unsigned i = 0; i < m->config.pcpus; i++) {
		struct cx_pcpu *p = &m->pcpus[i];

		if (p->current && p->slice_end_ns <= m->now_ns) {
			decide_there(p, CX_WHY_SLICE);
			did = true;
		} else if (p->kicked && p->kick_ns <= m->now_ns) {
			decide_there(p, CX_WHY_PREEMPT);
			did = true;
		}
	}
	return did;
}

void mock_run(struct mock *m, uint64_t until_ns)
{
	uint64_t t;

	while ((t = next_due(m)) <= until_ns) {
		unsigned n = 0;
		bool did;

		pass(m, t > m->now_ns ? t : m->now_ns);
		do {
			did = run_ticks(m);
			did |= run_timers(m);
			did |= run_vcpus(m);
			did |= run_decisions(m);
			if (++n > AT_ONCE_MAX) {
				breach(m, "no progress at this instant");
				return;
			}
		} while (did);
	}
	pass(m, until_ns);
}

void mock_dump(struct mock *m)
{
	hold_all(m, "dump");
	if (m->plugin->dump)
		m->plugin->dump(&m->policy, m->now_ns);
	release(m, NULL, NULL);
}

unsigned mock_free(struct mock *m)
{
	const struct cx_plugin *plugin = m->plugin;
	unsigned i, breaches;

	for (i = 0; i < m->n_vcpus; i++) {
		mock_stop(m->vcpus[i]);
		free(m->vcpus[i]->priv);
	}
	for (i = 0; i < m->n_domains; i++) {
		hold_all(m, "domain_detach");
		if (plugin->domain_detach)
			plugin->domain_detach(&m->policy, &m->domains[i], m->now_ns);
		release(m, NULL, NULL);
		free(m->domains[i].priv);
	}
	for (i = 0; i < m->config.pcpus; i++) {
		if (m->pcpus[i].current)
			breach(m, "bench: pCPU %u goes while vCPU %u runs", i,
			       m->pcpus[i].current->id);
		m->pcpus[i].online = false;
		if (m->pcpus[i].known)
			part(&m->pcpus[i]);
	}
	m->op = "fini";
	if (plugin->fini)
		plugin->fini(&m->policy);
	for (i = 0; i < m->n_vcpus; i++)
		free(m->vcpus[i]);
	free(m->policy.priv);
	free(m->log);
	breaches = m->breaches;
	free(m);
	return breaches;
}
