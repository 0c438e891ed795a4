/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The baseline's set-up and measurement.
 */
#include "core/machine/linux_internal.h"

#include "core/machine/hostload.h"
#include "trace/metrics.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define SAMPLE_NS 10000000ull /* the threads' CPU times */
#define DRAIN_NS 100000000ull /* the rings of switches: 20,480 switches a second each */

void *cx_linux_grow(void *array, size_t n, size_t *room, size_t size)
{
	size_t more = *room ? *room * 2 : 256;
	void *larger;

	if (n < *room)
		return array;
	larger = realloc(array, more * size);
	if (larger)
		*room = more;
	return larger;
}

void cx_linux_log(struct cx_linux_vcpu *lv, const struct cx_event *event)
{
	struct cx_event *log = cx_linux_grow(lv->log, lv->n_log, &lv->room_log, sizeof(*log));

	if (!log) {
		lv->out_of_memory = true;
		return;
	}
	lv->log = log;
	log[lv->n_log++] = *event;
}

void cx_linux_add_switch(struct cx_linux_vcpu *lv, const struct cx_switch_record *record)
{
	struct cx_switch_record *s =
		cx_linux_grow(lv->switches, lv->n_switches, &lv->room_switches, sizeof(*s));

	if (!s) {
		lv->out_of_memory = true;
		return;
	}
	lv->switches = s;
	s[lv->n_switches++] = *record;
}

static void take_switch(void *arg, const struct cx_switch_record *record)
{
	cx_linux_add_switch(arg, record);
}

/* All of them or none: figures of two kinds would not compare. */
static void record_switches(struct cx_linux *l)
{
	struct cx_error why;
	unsigned i;
	int rc = 0;

	for (i = 0; i < l->host->n_vcpus && !rc; i++)
		rc = cx_switches_open(l->vcpus[i].hv->tid, &l->vcpus[i].ring, &why);
	if (!rc)
		return;
	for (i = 0; i < l->host->n_vcpus; i++) {
		cx_switches_close(l->vcpus[i].ring);
		l->vcpus[i].ring = NULL;
	}
	l->sampled = true;
	cx_host_log(l->host, "%s; going on with CPU times sampled every 10 ms", why.text);
}

int cx_linux_new(const struct cx_linux_config *config, struct cx_linux **out, struct cx_error *err)
{
	struct cx_host *host = config->host;
	struct cx_linux *l = calloc(1, sizeof(*l));
	unsigned i;
	int rc = 0;

	if (!l)
		return cx_fail(err, ENOMEM, "out of memory");
	l->host = host;
	l->topology = config->topology;
	l->n_pcpus = config->n_pcpus;
	l->pcpus = calloc(config->n_pcpus, sizeof(*l->pcpus));
	l->vcpus = calloc(host->n_vcpus, sizeof(*l->vcpus));
	l->n_vcpus = host->n_vcpus;
	l->started = calloc(host->n_guests, sizeof(*l->started));
	l->filled_ns = calloc(config->n_pcpus, sizeof(*l->filled_ns));
	l->offline = calloc(config->n_pcpus, sizeof(*l->offline));
	l->heaviest = config->heaviest;
	l->unstarted = host->n_guests;
	if (!l->pcpus || !l->vcpus || !l->started || !l->filled_ns || !l->offline) {
		cx_linux_free(l);
		return cx_fail(err, ENOMEM, "out of memory");
	}
	memcpy(l->pcpus, config->pcpus, config->n_pcpus * sizeof(*l->pcpus));
	for (i = 0; i < host->n_vcpus && !rc; i++) {
		struct cx_linux_vcpu *lv = &l->vcpus[i];

		lv->linux_ = l;
		lv->hv = &host->vcpus[i];
		lv->alarm_ns = CX_NEVER;
		pthread_mutex_init(&lv->lock, NULL);
		lv->hv->director_data = lv;
		lv->cpus = config->domains[lv->hv->guest->index].cpus;
		lv->weight = config->domains[lv->hv->guest->index].weight;
		rc = cx_linux_place(lv, err);
	}
	if (!rc)
		record_switches(l);
	if (rc) {
		cx_linux_free(l);
		return rc;
	}
	*out = l;
	return 0;
}

void cx_linux_free(struct cx_linux *l)
{
	unsigned i;

	if (!l)
		return;
	for (i = 0; l->vcpus && i < l->n_vcpus; i++) {
		cx_switches_close(l->vcpus[i].ring);
		free(l->vcpus[i].log);
		free(l->vcpus[i].switches);
	}
	free(l->changes);
	free(l->offline);
	free(l->filled_ns);
	free(l->started);
	free(l->vcpus);
	free(l->pcpus);
	free(l);
}

void cx_linux_start_domain(struct cx_linux *l, unsigned domain)
{
	struct cx_guest *g = &l->host->guests[domain];
	unsigned i;

	if (l->unstarted == l->host->n_guests)
		l->others_ns = cx_host_others_ns(l->pcpus, l->n_pcpus);
	l->started[domain] = true;
	l->unstarted--;
	for (i = 0; i < g->n_vcpus; i++) {
		struct cx_linux_vcpu *lv = g->vcpus[i].director_data;
		struct cx_event e = {
			.type = CX_EV_WAKE,
			.vcpu = lv->hv->id,
			.prev = CX_NO_VCPU,
			.why = CX_WAKE_START,
		};

		atomic_fetch_add(&l->alive, 1);
		pthread_mutex_lock(&lv->lock);
		e.t_ns = lv->start_ns = cx_host_now(l->host);
		cx_linux_log(lv, &e);
		pthread_mutex_unlock(&lv->lock);
		cx_host_go(lv->hv);
	}
}

void cx_linux_poll(struct cx_linux *l)
{
	unsigned i;

	if (l->sampled) {
		cx_linux_sample(l);
		return;
	}
	for (i = 0; i < l->host->n_vcpus; i++)
		l->vcpus[i].lost += cx_switches_drain(l->vcpus[i].ring, take_switch, &l->vcpus[i]);
}

uint64_t cx_linux_poll_every(const struct cx_linux *l)
{
	return l->sampled ? SAMPLE_NS : DRAIN_NS;
}

bool cx_linux_all_ended(struct cx_linux *l)
{
	return l->unstarted == 0 && atomic_load(&l->alive) == 0;
}

uint64_t cx_linux_finish(struct cx_linux *l)
{
	uint64_t others;
	unsigned i;

	cx_linux_poll(l);
	l->end_ns = cx_host_now(l->host);
	others = cx_host_others_ns(l->pcpus, l->n_pcpus);
	l->others_ns = others > l->others_ns ? others - l->others_ns : 0;
	for (i = 0; i < l->host->n_guests; i++)
		if (l->started[i])
			cx_direct_linux.stop_domain(l->host, i, CX_END_RUN);
	return l->end_ns;
}

/* --- after the run ------------------------------------------------------------- */

/* An event and its place in its vCPU's own order, which decides between equal times. */
struct ordered {
	struct cx_event e;
	size_t seq;
};

static int by_time(const void *a, const void *b)
{
	const struct ordered *x = a, *y = b;

	if (x->e.t_ns != y->e.t_ns)
		return x->e.t_ns < y->e.t_ns ? -1 : 1;
	return x->seq < y->seq ? -1 : x->seq > y->seq;
}

static unsigned pcpu_index(const struct cx_linux *l, unsigned cpu)
{
	unsigned i;

	for (i = 0; i < l->n_pcpus; i++)
		if (l->pcpus[i] == cpu)
			return i;
	return 0;
}

/* The thread's switches while its vCPU lives, as events; with what they say of it. */
struct fold {
	const struct cx_linux *l;
	struct cx_record *record;
	struct ordered *out;
	size_t n;
};

static void fold_switch(struct fold *f, struct cx_linux_vcpu *lv, const struct cx_switch_record *s,
			unsigned *last)
{
	struct cx_record_vcpu *rv = &f->record->vcpus[lv->hv->id];
	unsigned at = pcpu_index(f->l, s->cpu);
	struct cx_event e = {
		.t_ns = s->time_ns - f->l->host->start_ns,
		.type = CX_EV_SWITCH,
		.pcpu = (uint16_t)at,
		.vcpu = s->in ? lv->hv->id : CX_NO_VCPU,
		.prev = s->in ? CX_NO_VCPU : lv->hv->id,
		.why = s->in ? CX_WHY_IDLE : CX_WHY_PREEMPT,
	};

	if (s->in && *last != UINT_MAX && *last != at) {
		struct cx_event m = e;

		m.type = CX_EV_MIGRATE;
		m.prev = *last;
		m.why = cx_topology_distance(f->l->topology, f->l->pcpus[*last], s->cpu);
		rv->migrations[m.why]++;
		f->out[f->n] = (struct ordered){ m, f->n };
		f->n++;
	}
	if (s->in) {
		*last = at;
		rv->dispatches++;
		f->record->switches++;
	}
	f->out[f->n] = (struct ordered){ e, f->n };
	f->n++;
}

static void fold_vcpu(struct fold *f, struct cx_linux_vcpu *lv)
{
	uint64_t zero = f->l->host->start_ns;
	unsigned last = UINT_MAX;
	size_t i, k = 0;
	bool on = false;

	for (i = 0; i < lv->n_switches; i++) {
		const struct cx_switch_record *s = &lv->switches[i];

		/* Before its start and after its end the thread works for us, not for it. */
		if (s->time_ns < zero + lv->start_ns || s->time_ns >= zero + lv->stop_ns)
			continue;
		for (; k < lv->n_log && lv->log[k].t_ns < s->time_ns - zero; k++) {
			lv->log[k].pcpu = (uint16_t)(last == UINT_MAX ? 0 : last);
			f->out[f->n] = (struct ordered){ lv->log[k], f->n };
			f->n++;
		}
		if (s->in == on)
			continue; /* one of a pair was lost */
		on = s->in;
		fold_switch(f, lv, s, &last);
	}
	for (; k < lv->n_log; k++) {
		lv->log[k].pcpu = (uint16_t)(last == UINT_MAX ? 0 : last);
		if (lv->log[k].type == CX_EV_END && on) {
			struct cx_switch_record off = { zero + lv->stop_ns, f->l->pcpus[last],
							false };

			fold_switch(f, lv, &off, &last);
			on = false;
		}
		f->out[f->n] = (struct ordered){ lv->log[k], f->n };
		f->n++;
	}
}

/* Whoever still lives ends with the run. */
static void close_log(struct cx_linux_vcpu *lv, uint64_t end_ns)
{
	struct cx_event e = {
		.t_ns = end_ns,
		.type = CX_EV_END,
		.vcpu = lv->hv->id,
		.prev = CX_NO_VCPU,
		.why = CX_END_RUN,
	};

	while (lv->n_log && lv->log[lv->n_log - 1].t_ns > end_ns)
		lv->n_log--;
	if (lv->n_log && lv->log[lv->n_log - 1].type == CX_EV_END)
		return;
	lv->stop_ns = end_ns;
	lv->end = CX_END_RUN;
	cx_linux_log(lv, &e);
}

static uint64_t less(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

static void pcpu_times(struct cx_record *record, const struct ordered *events, size_t n)
{
	uint64_t *since = calloc(record->n_pcpus, sizeof(*since));
	unsigned *busy = calloc(record->n_pcpus, sizeof(*busy));
	size_t i;

	for (i = 0; since && busy && i < n; i++) {
		const struct cx_event *e = &events[i].e;
		unsigned p = e->pcpu;

		/* Less what comes before it went: all but the time between. */
		if (e->type == CX_EV_PCPU_OFFLINE)
			record->pcpus[p].offline_ns += less(record->duration_ns, e->t_ns);
		else if (e->type == CX_EV_PCPU_ONLINE)
			record->pcpus[p].offline_ns -= less(record->duration_ns, e->t_ns);
		if (e->type != CX_EV_SWITCH)
			continue;
		if (e->vcpu != CX_NO_VCPU && busy[p]++ == 0)
			since[p] = e->t_ns;
		if (e->prev != CX_NO_VCPU && busy[p] && --busy[p] == 0)
			record->pcpus[p].busy_ns += e->t_ns - since[p];
	}
	for (i = 0; i < record->n_pcpus; i++) {
		struct cx_record_pcpu *p = &record->pcpus[i];

		p->idle_ns = less(record->duration_ns, p->busy_ns + p->offline_ns);
	}
	free(since);
	free(busy);
}

/*
 * The kernel does not say for whom a ready thread had to wait: what others used of our
 * pCPUs is called steal, as far as somebody of ours was waiting at all.
 */
static void fill_steal(const struct cx_linux *l, struct cx_record *record)
{
	uint64_t ready = 0;
	unsigned i;

	for (i = 0; i < record->n_vcpus; i++)
		ready += record->vcpus[i].time_ns[CX_READY];
	record->host_steal_ns = l->others_ns < ready ? l->others_ns : ready;
}

static int fill_totals(struct cx_linux *l, struct cx_record *record, struct cx_error *err)
{
	struct cx_metrics *m;
	unsigned i;
	int rc = cx_metrics_compute(record, &m, err);

	if (rc)
		return rc;
	for (i = 0; i < record->n_vcpus; i++)
		memcpy(record->vcpus[i].time_ns, m->vcpus[i].time_ns,
		       sizeof(record->vcpus[i].time_ns));
	cx_metrics_free(m);
	fill_steal(l, record);
	for (i = 0; i < record->n_domains; i++) {
		struct cx_record_domain *dom = &record->domains[i];
		unsigned k;

		dom->end = CX_END_EXIT;
		for (k = 0; k < dom->n_vcpus; k++) {
			enum cx_end e = l->vcpus[dom->first_vcpu + k].end;

			if (e == CX_END_CRASH || dom->end == CX_END_EXIT)
				dom->end = e;
		}
	}
	return 0;
}

int cx_linux_collect(struct cx_linux *l, struct cx_record *record, struct cx_error *err)
{
	struct fold f = { .l = l, .record = record };
	size_t room = 0, k;
	unsigned i;

	if (!l->sampled) /* its threads are gone */
		cx_linux_poll(l);
	if (l->changes_lost)
		return cx_fail(err, ENOMEM, "scheduler linux: out of memory for its changes");
	record->timeline_sampled = l->sampled;
	record->duration_ns = l->end_ns;
	for (i = 0; i < l->host->n_vcpus; i++) {
		struct cx_linux_vcpu *lv = &l->vcpus[i];
		struct cx_record_vcpu *rv = &record->vcpus[i];

		if (lv->out_of_memory)
			return cx_fail(err, ENOMEM,
				       "scheduler linux: out of memory for its events");
		if (lv->lost)
			cx_host_log(l->host,
				    "linux: %llu context switches of %s/%u were not recorded; its "
				    "times are less exact",
				    (unsigned long long)lv->lost, lv->hv->guest->name,
				    lv->hv->index);
		rv->domain = lv->hv->guest->index;
		rv->index = lv->hv->index;
		if (!l->started[rv->domain])
			continue;
		close_log(lv, l->end_ns);
		rv->start_ns = lv->start_ns;
		rv->stop_ns = lv->stop_ns;
		room += lv->n_log + 2 * lv->n_switches + 1;
	}
	f.out = calloc(room + l->n_changes + 1, sizeof(*f.out));
	if (!f.out)
		return cx_fail(err, ENOMEM, "scheduler linux: out of memory for %zu events", room);
	for (i = 0; i < l->host->n_vcpus; i++)
		if (l->started[l->vcpus[i].hv->guest->index])
			fold_vcpu(&f, &l->vcpus[i]);
	for (k = 0; k < l->n_changes; k++, f.n++)
		f.out[f.n] = (struct ordered){ l->changes[k], f.n };
	qsort(f.out, f.n, sizeof(*f.out), by_time);
	for (k = 0; k < f.n; k++)
		cx_history_add(record->history, f.out[k].e.pcpu, &f.out[k].e);
	for (i = 0; i < l->n_pcpus; i++)
		record->pcpus[i].host_cpu = l->pcpus[i];
	pcpu_times(record, f.out, f.n);
	free(f.out);
	return fill_totals(l, record, err);
}
