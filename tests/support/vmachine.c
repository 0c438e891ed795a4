/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/support/vmachine.h"

#include "trace/metrics.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ROUNDS_MAX 100000u /* at one instant; more and time stands still */

/* The sink has no argument: the machine at work. */
static struct vm *tracing;

uint64_t vmachine_random(uint64_t *state)
{
	uint64_t z = (*state += 0x9e3779b97f4a7c15ull);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
	return z ^ (z >> 31);
}

/* --- what the dispatcher asks for ---------------------------------------------- */

static uint64_t op_now(void *arg)
{
	return ((struct vm *)arg)->now_ns;
}

static void op_kick(void *arg, struct cx_pcpu *pcpu)
{
	struct vm *m = arg;
	struct vm_pcpu *p = &m->pcpus[cx_pcpu_index(pcpu)];

	p->kicked = true;
	p->kicks++;
}

static void op_alarm(void *arg, uint64_t when_ns)
{
	struct vm *m = arg;

	m->alarms++;
	if (when_ns < m->timers_ns)
		m->timers_ns = when_ns;
}

static bool op_pending(void *arg, struct cx_vcpu *v)
{
	(void)arg;
	return ((struct vm_vcpu *)cx_vcpu_machine(v))->pending;
}

static void op_timer_expired(void *arg, struct cx_vcpu *v)
{
	struct vm_vcpu *vv = cx_vcpu_machine(v);

	(void)arg;
	vv->timers++;
	vv->pending = true;
	cx_dispatch_wake(v, CX_WAKE_TIMER);
}

static void op_log(void *arg, const char *line)
{
	struct vm *m = arg;

	if (m->n_lines < VM_LINES)
		snprintf(m->lines[m->n_lines++], sizeof(m->lines[0]), "%s", line);
}

static const struct cx_machine_ops ops = {
	.now = op_now,
	.kick = op_kick,
	.alarm = op_alarm,
	.pending = op_pending,
	.timer_expired = op_timer_expired,
	.log = op_log,
};

static void sink_event(const struct cx_event *e)
{
	tracing->traced[e->type]++;
	if (e->type == CX_EV_FAULT)
		tracing->last_fault = *e;
}

static const struct cx_trace_sink sink = { .abi = CX_TRACE_SINK_ABI, .event = sink_event };

bool vmachine_logged(const struct vm *m, const char *part)
{
	unsigned i;

	for (i = 0; i < m->n_lines; i++)
		if (strstr(m->lines[i], part))
			return true;
	return false;
}

/* --- beginning ------------------------------------------------------------------ */

static struct cx_cpuset *set_of(const char *text)
{
	struct cx_cpuset *set;

	if (!text)
		return NULL;
	set = cx_cpuset_new();
	assert_non_null(set);
	assert_int_equal(cx_cpuset_parse(text, VM_PCPUS - 1, set, NULL), 0);
	return set;
}

static void describe(struct vm *m, struct cx_dispatch_domain *to)
{
	unsigned i, k;

	for (i = 0; i < m->n_domains; i++) {
		const struct vm_domain *from = &m->domains[i];
		unsigned n = from->vcpus ? from->vcpus : 1;

		snprintf(m->names[i], sizeof(m->names[i]), "d%u", i);
		m->first_vcpu[i] = m->n_vcpus;
		to[i] = (struct cx_dispatch_domain){
			.name = m->names[i],
			.vcpus = n,
			.weight = from->weight ? from->weight : 256,
			.limit = from->limit,
			.reservation = from->reservation,
			.pool = from->pool,
			.cpus = set_of(from->cpus),
			.cpus_soft = set_of(from->cpus_soft),
		};
		assert_true(m->n_vcpus + n <= VM_VCPUS);
		for (k = 0; k < n; k++)
			m->vcpus[m->n_vcpus++] = (struct vm_vcpu){
				.script = from->script,
				.n_steps = from->n_steps,
				.on = VM_NOWHERE,
			};
	}
}

static void describe_record(struct vm *m, const struct cx_dispatch_domain *domains)
{
	unsigned i;

	m->record = cx_record_new(m->n_domains, m->n_vcpus, m->n_pcpus);
	assert_non_null(m->record);
	for (i = 0; i < m->n_domains; i++) {
		m->record->domains[i].first_vcpu = m->first_vcpu[i];
		m->record->domains[i].n_vcpus = domains[i].vcpus;
		m->record->domains[i].weight = domains[i].weight;
		m->record->domains[i].limit = domains[i].limit;
		m->record->domains[i].reservation = domains[i].reservation;
		m->record->domains[i].pool = domains[i].pool;
		m->record->domains[i].start_ns = m->domains[i].start_ns;
	}
}

static void set_params(struct vm *m, const struct vm_config *config)
{
	unsigned i;

	m->params = calloc(config->plugin->n_params + 1, sizeof(*m->params));
	assert_non_null(m->params);
	for (i = 0; i < config->plugin->n_params; i++)
		m->params[i] = config->params ? config->params[i] : config->plugin->params[i].def;
}

static void make_topology(struct vm *m, const char *description)
{
	char text[64];

	snprintf(text, sizeof(text), "pack:1 l3:1 core:%u pu:1", m->n_pcpus);
	if (cx_topology_synthetic(description ? description : text, &m->topology, &m->err))
		fail_msg("%s", m->err.text);
}

static void take_handles(struct vm *m)
{
	unsigned i;

	for (i = 0; i < m->n_vcpus; i++) {
		m->vcpus[i].v = cx_dispatch_vcpu(m->d, i);
		cx_vcpu_set_machine(m->vcpus[i].v, &m->vcpus[i]);
	}
	for (i = 0; i < m->n_pcpus; i++)
		m->pcpus[i].p = cx_dispatch_pcpu(m->d, i);
}

static void start_domain(struct vm *m, uint64_t i)
{
	int rc = cx_dispatch_start_domain(m->d, (unsigned)i, &m->err);

	if (rc)
		m->rc = rc;
}

struct vm *vmachine_new(const struct vm_config *config)
{
	struct cx_dispatch_domain domains[VM_DOMAINS];
	unsigned host_cpus[VM_PCPUS], i;
	struct vm *m = calloc(1, sizeof(*m));
	struct cx_dispatch_config dc;

	assert_non_null(m);
	tracing = m;
	m->domains = config->domains;
	m->n_domains = config->n_domains;
	m->n_pcpus = config->pcpus ? config->pcpus : 1;
	for (i = 0; i < m->n_pcpus; i++)
		host_cpus[i] = i;
	describe(m, domains);
	describe_record(m, domains);
	set_params(m, config);
	make_topology(m, config->topology);
	dc = (struct cx_dispatch_config){
		.ops = &ops,
		.machine = m,
		.plugin = config->plugin,
		.params = m->params,
		.topology = m->topology,
		.n_pcpus = m->n_pcpus,
		.pcpus = host_cpus,
		.n_domains = m->n_domains,
		.domains = domains,
		.n_pools = config->n_pools,
		.pools = config->pools,
		.history = m->record->history,
		.sink = &sink,
		.watchdog_ns = config->watchdog_ns,
		.seed = 1,
	};
	m->rc = cx_dispatch_new(&dc, &m->d, &m->err);
	for (i = 0; i < m->n_domains; i++) {
		cx_cpuset_free((struct cx_cpuset *)domains[i].cpus);
		cx_cpuset_free((struct cx_cpuset *)domains[i].cpus_soft);
	}
	if (m->rc) {
		m->d = NULL;
		if (!config->expects_refusal)
			fail_msg("%s", m->err.text);
		return m;
	}
	take_handles(m);
	for (i = 0; i < m->n_domains; i++)
		vmachine_at(m, m->domains[i].start_ns, start_domain, i);
	return m;
}

void vmachine_at(struct vm *m, uint64_t at_ns, vm_action fn, uint64_t arg)
{
	unsigned i = m->n_actions;

	assert_true(m->n_actions < VM_ACTIONS || fn == start_domain);
	/* Many domains that start at once need no entry each. */
	if (fn == start_domain && at_ns == m->now_ns) {
		fn(m, arg);
		return;
	}
	assert_true(m->n_actions < VM_ACTIONS);
	for (; i > 0 && m->actions[i - 1].at_ns > at_ns; i--)
		m->actions[i] = m->actions[i - 1];
	m->actions[i].at_ns = at_ns;
	m->actions[i].fn = fn;
	m->actions[i].arg = arg;
	m->n_actions++;
}

void vmachine_send(struct vm *m, unsigned vcpu)
{
	m->vcpus[vcpu].pending = true;
	m->vcpus[vcpu].wakes++;
	cx_dispatch_wake(m->vcpus[vcpu].v, CX_WAKE_EVENT);
}

/* --- running -------------------------------------------------------------------- */

static unsigned pcpu_number(const struct vm *m, const struct vm_pcpu *p)
{
	return (unsigned)(p - m->pcpus);
}

static void put_on(struct vm *m, struct vm_pcpu *p, const struct cx_decision *decision)
{
	struct vm_vcpu *v = cx_vcpu_machine(decision->next);

	assert_ptr_equal(decision->pcpu, p->p);
	assert_int_equal(v->on, VM_NOWHERE);
	assert_null(p->on);
	assert_true(decision->now_ns <= m->now_ns);
	assert_true(decision->until_ns >= decision->now_ns);
	assert_true(decision->until_ns <= decision->now_ns + CX_SLICE_MAX_NS);
	assert_int_equal(decision->run_ns, v->ran_ns);
	v->on = pcpu_number(m, p);
	p->on = v;
	p->entered_ns = decision->now_ns;
	p->until_ns = decision->until_ns;
	if (v->blocked) {
		v->blocked = false;
		v->pending = false; /* the answer takes what is pending */
		v->step++;
	}
}

/* Book what it ran since it was entered or last looked at. */
static void settle(struct vm *m, struct vm_pcpu *p)
{
	uint64_t ran = m->now_ns - p->entered_ns;

	p->on->ran_ns += ran;
	p->on->last_ran_ns = m->now_ns;
	/* More than was left only if a test made time jump. */
	p->on->left_ns -= ran < p->on->left_ns ? ran : p->on->left_ns;
	p->entered_ns = m->now_ns;
}

static void leave(struct vm *m, struct vm_pcpu *p, enum cx_why why, uint64_t deadline_ns)
{
	struct vm_vcpu *v = p->on;
	struct cx_decision decision;

	settle(m, p);
	v->on = VM_NOWHERE;
	p->on = NULL;
	p->decisions++;
	cx_dispatch_leave(v->v, why, deadline_ns, m->now_ns, &decision);
	if (decision.next)
		put_on(m, p, &decision);
}

void vmachine_preempt(struct vm *m, unsigned pcpu)
{
	assert_non_null(m->pcpus[pcpu].on);
	leave(m, &m->pcpus[pcpu], CX_WHY_PREEMPT, CX_NEVER);
}

static const struct vm_step *step_of(const struct vm_vcpu *v)
{
	return &v->script[v->step % v->n_steps];
}

/* Do what the script says until it computes, or has left.  True: something happened. */
static bool do_steps(struct vm *m, struct vm_pcpu *p)
{
	struct vm_vcpu *v = p->on;
	const struct vm_step *s;

	if (!v->n_steps)
		return false;
	settle(m, p);
	if (v->left_ns)
		return false;
	s = step_of(v);
	switch (s->op) {
	case VM_RUN:
		v->left_ns = s->ns;
		v->step++;
		return true;
	case VM_SLEEP:
	case VM_WAIT:
		v->blocked = true;
		leave(m, p, CX_WHY_BLOCK, s->op == VM_WAIT ? CX_NEVER : m->now_ns + s->ns);
		return true;
	case VM_YIELD:
		v->step++;
		leave(m, p, CX_WHY_YIELD, CX_NEVER);
		return true;
	case VM_TIMER:
		v->step++;
		cx_dispatch_set_timer(v->v, s->ns ? m->now_ns + s->ns : CX_NEVER);
		return true;
	case VM_SEND:
		v->step++;
		vmachine_send(m, (unsigned)s->ns);
		return true;
	case VM_END:
	default:
		leave(m, p, CX_WHY_END, CX_NEVER);
		return true;
	}
}

static bool answer_kick(struct vm *m, struct vm_pcpu *p)
{
	struct cx_decision decision;
	int rc;

	if (!p->kicked)
		return false;
	p->kicked = false;
	rc = cx_dispatch_enter(p->p, &decision);
	if (rc == 1) {
		p->decisions++;
		put_on(m, p, &decision);
	} else if (rc == -EBUSY) {
		assert_non_null(p->on);
		assert_ptr_equal(decision.next, p->on->v);
	} else {
		p->decisions++;
		assert_null(p->on);
	}
	return true;
}

/* What a real machine checks before every entry. */
static bool must_leave(struct vm *m, struct vm_pcpu *p)
{
	if (!p->on)
		return false;
	if (cx_dispatch_ending(p->on->v))
		leave(m, p, CX_WHY_END, CX_NEVER);
	else if (cx_dispatch_preempted(p->p))
		leave(m, p, CX_WHY_PREEMPT, CX_NEVER);
	else if (m->now_ns >= p->until_ns)
		leave(m, p, CX_WHY_SLICE, CX_NEVER);
	else
		return do_steps(m, p);
	return true;
}

static bool one_round(struct vm *m)
{
	bool did = false;
	unsigned i;

	while (m->now_ns >= m->timers_ns) {
		m->timers_ns = cx_dispatch_timers(m->d);
		did = true;
	}
	while (m->n_actions && m->actions[0].at_ns <= m->now_ns) {
		vm_action fn = m->actions[0].fn;
		uint64_t arg = m->actions[0].arg;

		m->n_actions--;
		memmove(&m->actions[0], &m->actions[1], m->n_actions * sizeof(m->actions[0]));
		fn(m, arg);
		did = true;
	}
	for (i = 0; i < m->n_pcpus; i++)
		did |= must_leave(m, &m->pcpus[i]);
	for (i = 0; i < m->n_pcpus; i++)
		did |= answer_kick(m, &m->pcpus[i]);
	return did;
}

static uint64_t next_time(const struct vm *m, uint64_t until_ns)
{
	uint64_t at = until_ns;
	unsigned i;

	if (m->timers_ns < at)
		at = m->timers_ns;
	if (m->n_actions && m->actions[0].at_ns < at)
		at = m->actions[0].at_ns;
	for (i = 0; i < m->n_pcpus; i++) {
		const struct vm_pcpu *p = &m->pcpus[i];

		if (!p->on)
			continue;
		if (p->until_ns < at)
			at = p->until_ns;
		if (p->on->n_steps && p->entered_ns + p->on->left_ns < at)
			at = p->entered_ns + p->on->left_ns;
	}
	return at;
}

void vmachine_run(struct vm *m, uint64_t until_ns)
{
	unsigned rounds;

	for (;;) {
		for (rounds = 0; one_round(m); rounds++)
			if (rounds > ROUNDS_MAX)
				fail_msg("time stands still at %llu ns",
					 (unsigned long long)m->now_ns);
		if (m->now_ns >= until_ns)
			return;
		m->now_ns = next_time(m, until_ns);
	}
}

/* --- the end --------------------------------------------------------------------- */

void vmachine_finish(struct vm *m)
{
	struct cx_decision decision;
	unsigned i;

	assert_int_equal(cx_dispatch_finish(m->d), m->now_ns);
	m->finished = true;
	for (i = 0; i < m->n_pcpus; i++)
		if (m->pcpus[i].on) {
			settle(m, &m->pcpus[i]);
			assert_true(cx_dispatch_ending(m->pcpus[i].on->v));
			cx_dispatch_leave(m->pcpus[i].on->v, CX_WHY_END, CX_NEVER, 0, &decision);
			assert_true(decision.ended);
			assert_null(decision.next);
		}
	cx_dispatch_collect(m->d, m->record);
	for (i = 0; i < m->n_domains; i++) {
		struct cx_record_domain *dom = &m->record->domains[i];
		unsigned k;

		dom->stop_ns = 0;
		for (k = 0; k < dom->n_vcpus; k++)
			if (m->record->vcpus[dom->first_vcpu + k].stop_ns > dom->stop_ns)
				dom->stop_ns = m->record->vcpus[dom->first_vcpu + k].stop_ns;
	}
}

static void check_vcpu(const struct vm *m, unsigned i, const struct cx_metrics *metrics)
{
	const struct cx_record_vcpu *r = &m->record->vcpus[i];
	uint64_t sum = 0;
	unsigned s;

	for (s = 0; s < CX_STATES; s++) {
		sum += r->time_ns[s];
		if (metrics->vcpus[i].time_ns[s] != r->time_ns[s])
			fail_msg("vCPU %u %s: the events say %llu ns, the dispatcher %llu", i,
				 cx_state_name(s), (unsigned long long)metrics->vcpus[i].time_ns[s],
				 (unsigned long long)r->time_ns[s]);
	}
	assert_int_equal(sum, r->stop_ns - r->start_ns);
	assert_int_equal(r->time_ns[CX_RUNNING], m->vcpus[i].ran_ns);
}

void vmachine_check(const struct vm *m)
{
	struct cx_metrics *metrics;
	struct cx_error err = { "" };
	uint64_t busy = 0, ran = 0, offline = 0;
	unsigned i;

	assert_true(m->finished);
	assert_int_equal(cx_history_dropped(m->record->history), 0);
	if (cx_metrics_compute(m->record, &metrics, &err))
		fail_msg("%s", err.text);
	for (i = 0; i < m->n_vcpus; i++) {
		check_vcpu(m, i, metrics);
		ran += m->vcpus[i].ran_ns;
	}
	for (i = 0; i < m->n_pcpus; i++) {
		const struct cx_record_pcpu *p = &m->record->pcpus[i];

		assert_int_equal(p->busy_ns + p->idle_ns + p->offline_ns, m->record->duration_ns);
		busy += p->busy_ns;
		offline += p->offline_ns;
	}
	assert_int_equal(busy, ran);
	assert_int_equal(metrics->busy_ns, busy);
	assert_int_equal(metrics->offline_ns, offline);
	assert_int_equal(metrics->switches, m->record->switches);
	cx_metrics_free(metrics);
}

void vmachine_free(struct vm *m)
{
	if (!m->finished && m->d)
		cx_dispatch_finish(m->d);
	cx_dispatch_free(m->d);
	cx_record_free(m->record);
	cx_topology_free(m->topology);
	free(m->params);
	free(m);
}
