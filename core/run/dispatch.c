/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who decides: the dispatcher with the policy, or the baseline.
 */
#include "core/run/internal.h"

#include <errno.h>
#include <stdlib.h>

static struct cx_dispatch_domain *describe_domains(const struct run *r)
{
	struct cx_dispatch_domain *domains = calloc(r->scenario->n_domains, sizeof(*domains));
	unsigned i;

	for (i = 0; domains && i < r->scenario->n_domains; i++) {
		const struct cx_scenario_domain *d = &r->scenario->domains[i];

		domains[i] = (struct cx_dispatch_domain){
			.name = d->name,
			.vcpus = d->vcpus,
			.weight = d->weight,
			.reservation = d->reservation,
			.limit = d->limit,
			.cpus = d->cpus,
			.cpus_soft = d->cpus_soft,
			.pool = d->pool,
			.params = r->policy.domain_params[i],
		};
	}
	return domains;
}

static struct cx_dispatch_pool *describe_pools(const struct run *r)
{
	const struct cx_scenario *s = r->scenario;
	struct cx_dispatch_pool *pools = calloc(s->n_pools + 1, sizeof(*pools));
	unsigned i;

	for (i = 0; pools && i < s->n_pools; i++)
		pools[i] = (struct cx_dispatch_pool){ .name = s->pools[i].name,
						      .parent = s->pools[i].parent,
						      .weight = s->pools[i].weight,
						      .reservation = s->pools[i].reservation,
						      .limit = s->pools[i].limit };
	return pools;
}

int make_dispatch(struct run *r, const struct cx_machine_ops *ops, void *machine)
{
	const struct cx_run_sim *sim = r->options->sim;
	struct cx_dispatch_domain *domains = describe_domains(r);
	struct cx_dispatch_pool *pools = describe_pools(r);
	struct cx_dispatch_config config = {
		.ops = ops,
		.machine = machine,
		.plugin = r->policy.table,
		.params = r->policy.params,
		.topology = r->topology,
		.n_pcpus = r->n_pcpus,
		.pcpus = r->pcpus,
		.n_pools = r->scenario->n_pools,
		.pools = pools,
		.n_domains = r->scenario->n_domains,
		.domains = domains,
		.history = r->record->history,
		.sink = r->options->sink,
		.watchdog_ns = r->options->watchdog_ns,
		.seed = r->seed,
		.single_thread = sim != NULL,
		.shuffle = sim && sim->shuffle,
		.shuffle_seed = sim ? sim->shuffle_seed : 0,
	};
	int rc;

	rc = domains && pools ? cx_dispatch_new(&config, &r->dispatch, r->err)
			      : cx_fail(r->err, ENOMEM, "out of memory");
	free(domains);
	free(pools);
	return rc;
}

/* At any time of the run. */
static unsigned heaviest(const struct cx_scenario *s)
{
	unsigned i, max = 1;

	for (i = 0; i < s->n_domains; i++)
		if (s->domains[i].weight > max)
			max = s->domains[i].weight;
	for (i = 0; i < s->n_changes; i++)
		if (s->changes[i].kind == CX_CHANGE_DOMAIN && s->changes[i].weight > max)
			max = s->changes[i].weight;
	return max;
}

int make_baseline(struct run *r)
{
	struct cx_linux_config config = {
		.host = &r->host,
		.topology = r->topology,
		.n_pcpus = r->n_pcpus,
		.pcpus = r->pcpus,
	};
	struct cx_linux_domain *domains;
	unsigned i;
	int rc;

	domains = calloc(r->scenario->n_domains, sizeof(*domains));
	if (!domains)
		return cx_fail(r->err, ENOMEM, "out of memory");
	for (i = 0; i < r->scenario->n_domains; i++) {
		domains[i].weight = r->scenario->domains[i].weight;
		domains[i].cpus = r->scenario->domains[i].cpus;
	}
	config.heaviest = heaviest(r->scenario);
	config.domains = domains;
	rc = cx_linux_new(&config, &r->baseline, r->err);
	free(domains);
	return rc;
}
