/* SPDX-License-Identifier: BSD-2-Clause */
#include "trace/record.h"

#include <errno.h>
#include <stdlib.h>

static void *zeroed(unsigned n, size_t size)
{
	return calloc(n ? n : 1, size);
}

static struct cx_record *new_with(struct cx_history *history, unsigned n_domains, unsigned n_vcpus,
				  unsigned n_pcpus)
{
	struct cx_record *record = calloc(1, sizeof(*record));

	if (!record) {
		cx_history_free(history);
		return NULL;
	}
	record->n_domains = n_domains;
	record->n_vcpus = n_vcpus;
	record->n_pcpus = n_pcpus;
	record->domains = zeroed(n_domains, sizeof(record->domains[0]));
	record->vcpus = zeroed(n_vcpus, sizeof(record->vcpus[0]));
	record->pcpus = zeroed(n_pcpus, sizeof(record->pcpus[0]));
	record->history = history;
	if (!record->domains || !record->vcpus || !record->pcpus || !record->history) {
		cx_record_free(record);
		return NULL;
	}
	return record;
}

int cx_record_results(struct cx_record_vcpu *vcpu, unsigned n)
{
	free(vcpu->results);
	vcpu->results = NULL;
	vcpu->n_results = 0;
	if (n > CX_RECORD_RESULTS)
		return -EINVAL;
	if (n == 0)
		return 0;
	vcpu->results = calloc(n, sizeof(*vcpu->results));
	if (!vcpu->results)
		return -ENOMEM;
	vcpu->n_results = n;
	return 0;
}

static void free_pools(struct cx_record *record)
{
	unsigned i;

	for (i = 0; record->pools && i < record->n_pools; i++)
		free(record->pools[i].name);
	free(record->pools);
	record->pools = NULL;
	record->n_pools = 0;
}

int cx_record_pools(struct cx_record *record, unsigned n)
{
	unsigned i;

	free_pools(record);
	if (n == 0)
		return 0;
	record->pools = calloc(n, sizeof(*record->pools));
	if (!record->pools)
		return -ENOMEM;
	record->n_pools = n;
	for (i = 0; i < n; i++)
		record->pools[i].parent = CX_NO_POOL;
	return 0;
}

struct cx_record *cx_record_new(unsigned n_domains, unsigned n_vcpus, unsigned n_pcpus)
{
	return new_with(cx_history_new(n_pcpus ? n_pcpus : 1, CX_RECORD_HISTORY_MAX), n_domains,
			n_vcpus, n_pcpus);
}

struct cx_record *cx_record_new_untimed(unsigned n_domains, unsigned n_vcpus, unsigned n_pcpus)
{
	return new_with(cx_history_new_untimed(CX_RECORD_HISTORY_MAX), n_domains, n_vcpus, n_pcpus);
}

void cx_record_free(struct cx_record *record)
{
	unsigned i;

	if (!record)
		return;
	for (i = 0; record->domains && i < record->n_domains; i++) {
		struct cx_record_domain *d = &record->domains[i];

		free(d->name);
		free(d->workload);
		free(d->progress_unit);
		free(d->affinity);
		free(d->end_text);
	}
	for (i = 0; record->vcpus && i < record->n_vcpus; i++)
		free(record->vcpus[i].results);
	free_pools(record);
	free(record->domains);
	free(record->vcpus);
	free(record->pcpus);
	free(record->scenario);
	free(record->question);
	free(record->scenario_yaml);
	free(record->machine);
	free(record->backend);
	free(record->host);
	free(record->scheduler);
	free(record->params);
	free(record->ignored);
	free(record->degraded_why);
	cx_history_free(record->history);
	free(record);
}
