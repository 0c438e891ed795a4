/* SPDX-License-Identifier: BSD-2-Clause */
/* The test bench: pCPUs that go offline and come back.  Part of mock_core.c. */

/* @v, which is not running, may not stay on @p. */
static void send_away(struct cx_vcpu *v, struct cx_pcpu *p)
{
	struct cx_pcpu *to = default_place(v);

	(void)p;
	if (!v->attached) {
		v->pcpu = to;
		return;
	}
	move(v, to);
	if (v->runnable && !v->parked && !to->current)
		cx_kick(to);
}

static void send_all_away(struct cx_pcpu *p)
{
	for (unsigned i = 0; i < p->m->n_vcpus; i++) {
		struct cx_vcpu *v = p->m->vcpus[i];

		if (v->pcpu == p && !v->on_pcpu && v->doing != MOCK_END)
			send_away(v, p);
	}
}

static void part(struct cx_pcpu *p)
{
	struct mock *m = p->m;

	hold_all(m, "pcpu_offline");
	if (m->plugin->pcpu_offline)
		m->plugin->pcpu_offline(&m->policy, p, m->now_ns);
	release(m, NULL, NULL);
	p->known = false;
	p->tick_every_ns = 0;
	for (unsigned id = 0; id < CX_PCPU_TIMERS; id++)
		p->timer_ns[id] = MOCK_FOREVER;
	free(p->priv);
	p->priv = NULL;
}

static void join(struct cx_pcpu *p)
{
	struct mock *m = p->m;

	p->online = p->known = true;
	p->tick_ns = MOCK_FOREVER;
	for (unsigned id = 0; id < CX_PCPU_TIMERS; id++)
		p->timer_ns[id] = MOCK_FOREVER;
	p->priv = area(m->plugin->pcpu_size);
	hold_all(m, "pcpu_online");
	if (m->plugin->pcpu_online && m->plugin->pcpu_online(&m->policy, p, m->now_ns))
		breach(m, "failed");
	release(m, NULL, NULL);
}

/* After a decision there: has the last one left? */
static void part_if_left(struct cx_pcpu *p)
{
	if (p->online || !p->known || p->current)
		return;
	send_all_away(p);
	part(p);
}

static bool may_go(const struct cx_pcpu *p)
{
	const struct mock *m = p->m;
	uint32_t others = 0;

	for (unsigned i = 0; i < m->config.pcpus; i++)
		if (m->pcpus[i].online && &m->pcpus[i] != p)
			others |= 1u << i;
	for (unsigned i = 0; i < m->n_vcpus; i++)
		if (m->vcpus[i]->doing != MOCK_END && !(m->vcpus[i]->hard & others))
			return false;
	return p->online && others;
}

bool mock_offline(struct mock *m, unsigned index)
{
	struct cx_pcpu *p = &m->pcpus[index];

	if (!may_go(p))
		return false;
	p->online = false;
	send_all_away(p);
	if (p->current)
		cx_kick(p);
	else
		part(p);
	return true;
}

bool mock_online(struct mock *m, unsigned index)
{
	struct cx_pcpu *p = &m->pcpus[index];

	if (p->online)
		return false;
	if (p->known)
		p->online = true;
	else
		join(p);
	cx_kick(p);
	return true;
}
