/* SPDX-License-Identifier: BSD-2-Clause */
#include "trace/metrics_internal.h"

void cx_siblings_charge(struct cx_replay *r, unsigned d, uint64_t dt_ns)
{
	const struct cx_replay_domain *dom = &r->domains[d];
	struct cx_metrics_domain *out = &r->m->domains[d];
	unsigned running = dom->in[CX_RUNNING];
	unsigned able = running + dom->in[CX_READY] + dom->in[CX_COSTOPPED];

	if (able < 2 || !out->corun_ns)
		return;
	out->corun_wall_ns += dt_ns;
	out->corun_ns[running] += dt_ns;
	if (running == able)
		out->corun_all_ns += dt_ns;
}

/** Progress of its own will: hypervisor time (ready, limited, co-stopped) does not count. */
static uint64_t progress_of(const struct cx_replay *r, unsigned v, uint64_t t_ns)
{
	const struct cx_replay_vcpu *vcpu = &r->vcpus[v];
	const uint64_t *time = r->m->vcpus[v].time_ns;
	uint64_t sum = time[CX_RUNNING] + time[CX_BLOCKED];

	if ((vcpu->state == CX_RUNNING || vcpu->state == CX_BLOCKED) && t_ns > vcpu->since_ns)
		sum += t_ns - vcpu->since_ns;
	return sum;
}

void cx_siblings_skew(struct cx_replay *r, unsigned d, uint64_t t_ns, bool sample)
{
	const struct cx_record_domain *config = &r->record->domains[d];
	struct cx_replay_domain *dom = &r->domains[d];
	uint64_t low = UINT64_MAX, high = 0;
	unsigned v, n = 0;

	if (!dom->skew || dom->alive < 2)
		return;
	for (v = config->first_vcpu; v < config->first_vcpu + config->n_vcpus; v++) {
		uint64_t progress;

		if (!r->vcpus[v].joined || r->vcpus[v].dead)
			continue;
		progress = progress_of(r, v, t_ns);
		if (progress < low)
			low = progress;
		if (progress > high)
			high = progress;
		n++;
	}
	if (n < 2)
		return;
	if (high - low > r->m->domains[d].skew_max_ns)
		r->m->domains[d].skew_max_ns = high - low;
	if (sample)
		cx_hist_add(dom->skew, high - low);
}

void cx_siblings_summary(struct cx_replay *r)
{
	unsigned d;

	for (d = 0; d < r->record->n_domains; d++) {
		const struct cx_hist *skew = r->domains[d].skew;

		if (!skew)
			continue;
		r->m->domains[d].skew_p50_ns = cx_hist_percentile(skew, 50);
		r->m->domains[d].skew_p99_ns = cx_hist_percentile(skew, 99);
	}
}
