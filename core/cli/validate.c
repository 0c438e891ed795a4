/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Comparing a run on KVM with the same run in simulation.
 *
 * Replicas of a domain are taken together: what chance gives to one and not to another is
 * no difference between machines.  Progress on KVM is taken for the time in which the vCPUs'
 * threads really had the CPU: what other programs on the host took away is not for the
 * simulator to foresee.
 */
#include "core/cli/validate.h"

#include "base/units.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define ROWS_PER_DOMAIN 4u
#define PERCENT 100.0

/* What of the replicas of one domain is the same: the name up to the dot before its number. */
static size_t stem_length(const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot && dot[1] && dot[1 + strspn(dot + 1, "0123456789")] == '\0'
		       ? (size_t)(dot - name)
		       : strlen(name);
}

static bool same_stem(const struct cx_record *r, unsigned a, unsigned b)
{
	size_t len = stem_length(r->domains[a].name);

	return stem_length(r->domains[b].name) == len &&
	       strncmp(r->domains[a].name, r->domains[b].name, len) == 0;
}

/* A domain and its replicas, on one machine. */
struct group {
	double run_ns, life_ns, progress;
	double cpu_ns; /* of its threads; 0 where there are none */
	struct cx_hist wake_ns;
};

static void add_up(const struct cx_record *r, const struct cx_metrics *m, unsigned first,
		   struct group *g)
{
	unsigned d, i;

	memset(g, 0, sizeof(*g));
	for (d = first; d < r->n_domains; d++) {
		if (!same_stem(r, first, d))
			continue;
		g->run_ns += (double)m->domains[d].run_ns;
		g->life_ns += (double)(r->domains[d].stop_ns - r->domains[d].start_ns);
		g->progress += (double)m->domains[d].progress;
		for (i = 0; i < r->domains[d].n_vcpus; i++)
			g->cpu_ns += (double)r->vcpus[r->domains[d].first_vcpu + i].host_cpu_ns;
		cx_hist_merge(&g->wake_ns, &m->domains[d].wake_ns);
	}
}

/* A second of its life, had nobody taken the CPU from its threads. */
static double progress_rate(const struct group *g)
{
	double rate = 1e9 * g->progress / g->life_ns;

	return g->cpu_ns > 0 && g->cpu_ns < g->run_ns ? rate * g->run_ns / g->cpu_ns : rate;
}

static double percent_off(double kvm, double sim)
{
	return kvm > 0 ? PERCENT * (sim - kvm) / kvm : sim > 0 ? INFINITY : 0;
}

static double factor_off(double kvm, double sim)
{
	if (kvm <= 0 || sim <= 0)
		return kvm == sim ? 1 : INFINITY;
	return kvm > sim ? kvm / sim : sim / kvm;
}

static void add(struct cx_validation *v, enum cx_validate_kind kind, const char *domain, double kvm,
		double sim, bool bounded)
{
	struct cx_validate_row *row = &v->rows[v->n++];

	*row = (struct cx_validate_row){
		.kind = kind, .domain = domain, .kvm = kvm, .sim = sim, .bounded = bounded
	};
	switch (kind) {
	case CX_VALIDATE_SHARE:
		row->difference = sim - kvm;
		row->near = fabs(row->difference) <= CX_VALIDATE_SHARE_POINTS;
		break;
	case CX_VALIDATE_PROGRESS:
		row->difference = percent_off(kvm, sim);
		row->near = fabs(row->difference) <= CX_VALIDATE_PROGRESS_PERCENT;
		break;
	case CX_VALIDATE_SWITCHES:
		row->difference = percent_off(kvm, sim);
		row->near = fabs(row->difference) <= CX_VALIDATE_SWITCHES_PERCENT;
		break;
	case CX_VALIDATE_WAKE_P50:
	case CX_VALIDATE_WAKE_P99:
		row->difference = factor_off(kvm, sim);
		row->near = row->difference <= CX_VALIDATE_WAKE_FACTOR;
		break;
	}
}

static void compare_domain(struct cx_validation *v, unsigned d, const struct group *kvm,
			   const struct group *sim)
{
	const char *name = v->kvm->domains[d].name;
	bool wakes = kvm->wake_ns.count >= CX_VALIDATE_WAKES_MIN &&
		     sim->wake_ns.count >= CX_VALIDATE_WAKES_MIN;

	if (kvm->life_ns <= 0 || sim->life_ns <= 0)
		return;
	add(v, CX_VALIDATE_SHARE, name, PERCENT * kvm->run_ns / kvm->life_ns,
	    PERCENT * sim->run_ns / sim->life_ns, true);
	add(v, CX_VALIDATE_PROGRESS, name, progress_rate(kvm), progress_rate(sim), true);
	if (!wakes)
		return;
	add(v, CX_VALIDATE_WAKE_P50, name, (double)cx_hist_percentile(&kvm->wake_ns, 50),
	    (double)cx_hist_percentile(&sim->wake_ns, 50), true);
	add(v, CX_VALIDATE_WAKE_P99, name, (double)cx_hist_percentile(&kvm->wake_ns, 99),
	    (double)cx_hist_percentile(&sim->wake_ns, 99), false);
}

int cx_validation_make(const struct cx_record *kvm, const struct cx_metrics *kvm_metrics,
		       const struct cx_record *sim, const struct cx_metrics *sim_metrics,
		       struct cx_validation *v)
{
	struct group *groups = malloc(2 * sizeof(*groups));
	unsigned d;

	*v = (struct cx_validation){
		.kvm = kvm,
		.sim = sim,
		.noisy = kvm_metrics->steal_percent > CX_VALIDATE_STEAL_PERCENT,
		.rows = calloc(ROWS_PER_DOMAIN * kvm->n_domains + 1, sizeof(*v->rows)),
	};
	if (!groups || !v->rows || kvm->n_domains != sim->n_domains) {
		free(groups);
		cx_validation_free(v);
		return -ENOMEM;
	}
	for (d = 0; d < kvm->n_domains; d++) {
		if (d > 0 && same_stem(kvm, d - 1, d))
			continue;
		add_up(kvm, kvm_metrics, d, &groups[0]);
		add_up(sim, sim_metrics, d, &groups[1]);
		compare_domain(v, d, &groups[0], &groups[1]);
	}
	add(v, CX_VALIDATE_SWITCHES, NULL, kvm_metrics->switches_per_s, sim_metrics->switches_per_s,
	    kvm_metrics->switches_per_s >= CX_VALIDATE_SWITCHES_MIN);
	free(groups);
	return 0;
}

void cx_validation_free(struct cx_validation *v)
{
	free(v->rows);
	v->rows = NULL;
	v->n = 0;
}

/* --- printing --------------------------------------------------------------------------- */

static const char *figure_name(enum cx_validate_kind kind)
{
	switch (kind) {
	case CX_VALIDATE_SHARE:
		return "received %";
	case CX_VALIDATE_PROGRESS:
		return "progress/s";
	case CX_VALIDATE_WAKE_P50:
		return "wake p50";
	case CX_VALIDATE_WAKE_P99:
		return "wake p99";
	case CX_VALIDATE_SWITCHES:
	default:
		return "switches/s";
	}
}

static void format_value(enum cx_validate_kind kind, double value, char *buf, size_t len)
{
	if (kind == CX_VALIDATE_WAKE_P50 || kind == CX_VALIDATE_WAKE_P99)
		cx_format_duration((uint64_t)value, buf, len);
	else if (kind == CX_VALIDATE_SHARE)
		snprintf(buf, len, "%.1f", value);
	else
		snprintf(buf, len, "%.4g", value);
}

static void format_difference(const struct cx_validate_row *row, char *buf, size_t len)
{
	if (row->kind == CX_VALIDATE_SHARE)
		snprintf(buf, len, "%+.1f points", row->difference);
	else if (row->kind == CX_VALIDATE_WAKE_P50 || row->kind == CX_VALIDATE_WAKE_P99)
		snprintf(buf, len, "x %.2f", row->difference);
	else
		snprintf(buf, len, "%+.1f %%", row->difference);
}

static void print_row(const struct cx_validate_row *row, FILE *out)
{
	char kvm[32], sim[32], difference[32], who[32];

	snprintf(who, sizeof(who), "%.*s", row->domain ? (int)stem_length(row->domain) : 0,
		 row->domain ? row->domain : "");
	format_value(row->kind, row->kvm, kvm, sizeof(kvm));
	format_value(row->kind, row->sim, sim, sizeof(sim));
	format_difference(row, difference, sizeof(difference));
	fprintf(out, "  %-14.14s %-11s %12s %12s  %14s  %s\n", who, figure_name(row->kind), kvm,
		sim, difference,
		!row->bounded ? ""
		: row->near   ? "ok"
			      : "OFF");
}

void cx_validation_print(const struct cx_validation *v, FILE *out)
{
	unsigned i;

	fprintf(out, "%s under %s%s\n", v->kvm->scenario, v->kvm->scheduler,
		v->noisy ? "   (the host was busy with other things: no yardstick)" : "");
	fprintf(out, "  %-14s %-11s %12s %12s  %14s\n", "domain", "figure", "kvm", "sim",
		"difference");
	for (i = 0; i < v->n; i++)
		print_row(&v->rows[i], out);
}

void cx_validation_count(const struct cx_validation *v, unsigned *bounded, unsigned *near)
{
	unsigned i;

	for (i = 0; i < v->n; i++) {
		*bounded += v->rows[i].bounded;
		*near += v->rows[i].bounded && v->rows[i].near;
	}
}
