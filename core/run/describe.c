/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The parts of the record that the dispatcher does not know.
 */
#include "core/run/internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The pool's pCPU indices that a domain may use, as a list. */
static char *affinity_text(const struct run *r, const struct cx_cpuset *cpus)
{
	struct cx_cpuset *set = cx_cpuset_new();
	char *text = NULL;
	unsigned i;

	for (i = 0; set && i < r->n_pcpus; i++)
		if (!cpus || cx_cpuset_has(cpus, r->pcpus[i]))
			cx_cpuset_add(set, i);
	if (set)
		text = cx_cpuset_format(set);
	cx_cpuset_free(set);
	return text;
}

static int describe_domain(struct run *r, unsigned i, uint32_t *vcpu)
{
	const struct cx_scenario_domain *d = &r->scenario->domains[i];
	struct cx_record_domain *rd = &r->record->domains[i];
	unsigned k;

	rd->name = strdup(d->name);
	rd->workload = strdup(d->workload_text ? d->workload_text : d->workload);
	rd->progress_unit = strdup(cx_payload_info(r->payloads[i])->progress_unit);
	rd->first_vcpu = *vcpu;
	rd->n_vcpus = d->vcpus;
	rd->weight = d->weight;
	rd->reservation = d->reservation;
	rd->limit = d->limit;
	rd->pool = d->pool;
	rd->planned_ns = rd->start_ns = d->start_ns;
	rd->stop_ns = d->stop_ns < r->duration_ns ? d->stop_ns : r->duration_ns;
	rd->end = CX_END_RUN;
	rd->affinity = affinity_text(r, d->cpus);
	for (k = 0; k < d->vcpus; k++, (*vcpu)++) {
		r->record->vcpus[*vcpu].domain = i;
		r->record->vcpus[*vcpu].index = k;
	}
	return rd->name && rd->workload && rd->progress_unit && rd->affinity ? 0 : -ENOMEM;
}

static int describe_pools(struct run *r)
{
	const struct cx_scenario *s = r->scenario;
	unsigned i;
	int rc = cx_record_pools(r->record, s->n_pools);

	for (i = 0; i < s->n_pools && !rc; i++) {
		const struct cx_scenario_pool *p = &s->pools[i];
		struct cx_record_pool *rp = &r->record->pools[i];

		rp->name = strdup(p->name);
		rp->parent = p->parent;
		rp->weight = p->weight;
		rp->reservation = p->reservation;
		rp->limit = p->limit;
		rp->expandable = p->expandable;
		rc = rp->name ? 0 : -ENOMEM;
	}
	return rc;
}

int describe_run(struct run *r)
{
	const struct cx_scenario *s = r->scenario;
	struct cx_record *rec;
	uint32_t vcpu = 0;
	unsigned i;
	int rc = 0;

	/* A simulation's events come in order, whatever pCPU they are of: one lane holds them. */
	rec = r->options->sim ? cx_record_new_untimed(s->n_domains, r->n_vcpus, r->n_pcpus)
			      : cx_record_new(s->n_domains, r->n_vcpus, r->n_pcpus);
	r->record = rec;
	if (!rec)
		return cx_fail(r->err, ENOMEM, "out of memory for the record");
	rec->scenario = strdup(s->name);
	rec->question = s->question ? strdup(s->question) : NULL;
	rec->scenario_yaml = strdup(s->text);
	rec->machine = strdup(r->options->sim ? "sim" : "kvm");
	rec->backend = strdup(r->options->sim ? "sim" : cx_kvm_backend(r->kvm));
	rec->host = cx_topology_describe(r->topology);
	rec->scheduler = strdup(r->is_linux ? "linux" : r->policy.table->name);
	rec->params = strdup(r->policy.text);
	rec->ignored = ignored_by_policy(r);
	rec->seed = r->seed;
	rec->duration_ns = r->duration_ns;
	for (i = 0; i < r->n_pcpus; i++)
		rec->pcpus[i].host_cpu = r->pcpus[i];
	rc = describe_pools(r);
	for (i = 0; i < s->n_domains && !rc; i++)
		rc = describe_domain(r, i, &vcpu);
	if (rc || !rec->scenario || !rec->scenario_yaml || !rec->machine || !rec->backend ||
	    !rec->host || !rec->scheduler || !rec->params)
		return cx_fail(r->err, ENOMEM, "out of memory for the record");
	return 0;
}

void describe_results(struct cx_record_vcpu *rv, const struct cx_workload_info *info,
		      const uint64_t *values)
{
	unsigned i;

	/* Without memory for them the rest of the record still stands. */
	if (cx_record_results(rv, info->n_results) < 0)
		return;
	for (i = 0; i < rv->n_results; i++) {
		snprintf(rv->results[i].name, sizeof(rv->results[i].name), "%s", info->results[i]);
		rv->results[i].value = values[i];
	}
}

/* The guest wrote these; they are numbers to print and nothing else. */
static void describe_vcpu(const struct run *r, const struct cx_host_vcpu *hv)
{
	struct cx_record_vcpu *rv = &r->record->vcpus[hv->id];
	const struct cx_workload_info *info = cx_payload_info(r->payloads[hv->guest->index]);
	const struct cx_guest_page *page = hv->guest->engine->page(hv->guest->vm, hv->index);
	uint64_t values[CX_GUEST_RESULTS];

	memcpy(values, page->results, sizeof(values));
	rv->progress = page->progress;
	rv->host_cpu_ns = hv->cpu_ns;
	describe_results(rv, info, values);
	if (!r->is_linux && rv->time_ns[CX_RUNNING] > hv->cpu_ns)
		r->record->host_steal_ns += rv->time_ns[CX_RUNNING] - hv->cpu_ns;
}

/* From its first vCPU's start to its last one's end; as planned if it never started. */
static void describe_life(const struct run *r, struct cx_record_domain *rd)
{
	const struct cx_record_vcpu *v = &r->record->vcpus[rd->first_vcpu];
	unsigned i;

	if (v->stop_ns == 0)
		return;
	rd->start_ns = v->start_ns;
	rd->stop_ns = v->stop_ns;
	for (i = 1; i < rd->n_vcpus; i++)
		if (v[i].stop_ns > rd->stop_ns)
			rd->stop_ns = v[i].stop_ns;
}

void describe_lives(struct run *r)
{
	unsigned i;

	for (i = 0; i < r->scenario->n_domains; i++)
		describe_life(r, &r->record->domains[i]);
}

void describe_guests(struct run *r)
{
	unsigned i;

	for (i = 0; i < r->host.n_vcpus; i++)
		describe_vcpu(r, &r->host.vcpus[i]);
	for (i = 0; i < r->host.n_guests; i++) {
		const struct cx_host_vcpu *first = &r->host.guests[i].vcpus[0];
		struct cx_record_domain *rd = &r->record->domains[i];
		char status[64];

		if (r->host.guests[i].end_text[0]) {
			rd->end_text = strdup(r->host.guests[i].end_text);
		} else if (rd->end == CX_END_EXIT && first->status) {
			snprintf(status, sizeof(status), "exit status %llu",
				 (unsigned long long)first->status);
			rd->end_text = strdup(status);
		}
	}
}
