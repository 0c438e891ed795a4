/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/scenario/internal.h"

#include "base/units.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MEMORY_DEFAULT (16ull << 20)
#define MEMORY_MIN (4ull << 20)
#define MEMORY_MAX (64ull << 30)
#define MEMORY_STEP 4096ull

/** The key of member @name of entry @entry. */
static const char *key_of(unsigned entry, const char *name, char *buf)
{
	snprintf(buf, CX_KEY_MAX, "domains[%u].%s", entry, name);
	return buf;
}

static int read_memory(struct cx_reading *r, unsigned entry, const char *text, uint64_t *memory)
{
	char key[CX_KEY_MAX];
	uint64_t bytes;

	if (!text)
		return 0;
	if (cx_parse_size(text, &bytes) || bytes < MEMORY_MIN || bytes > MEMORY_MAX ||
	    bytes % MEMORY_STEP)
		return cx_reject_value(r, key_of(entry, "memory", key), text);
	*memory = bytes;
	return 0;
}

static int read_weight(struct cx_reading *r, unsigned entry, const struct cx_raw_domain *raw,
		       struct cx_scenario_domain *domain)
{
	char key[CX_KEY_MAX], found[80];

	domain->weight = CX_WEIGHT_DEFAULT;
	domain->weight_given = raw->weight || raw->shares;
	if (!raw->shares)
		return cx_value_weight(r, key_of(entry, "weight", key), raw->weight,
				       &domain->weight);
	key_of(entry, "shares", key);
	if (raw->weight)
		return cx_reject(r, key, 0, cx_quote(raw->shares, found, sizeof(found)),
				 "either weight or shares");
	return cx_value_shares(r, key, raw->shares, domain->vcpus, &domain->weight);
}

static int read_bounds(struct cx_reading *r, unsigned entry, const struct cx_raw_domain *raw,
		       struct cx_scenario_domain *domain)
{
	unsigned whole = domain->vcpus * CX_PERCENT_PER_VCPU;
	char key[CX_KEY_MAX];
	int rc;

	rc = cx_value_percent(r, key_of(entry, "limit", key), raw->limit, whole, CX_PERCENT_WHY,
			      &domain->limit);
	if (rc)
		return rc;
	return cx_value_percent(r, key_of(entry, "reservation", key), raw->reservation,
				domain->limit ? domain->limit : whole,
				domain->limit ? "its limit" : CX_PERCENT_WHY, &domain->reservation);
}

static int read_pool(struct cx_reading *r, unsigned entry, const struct cx_raw_domain *raw,
		     struct cx_scenario_domain *domain)
{
	char key[CX_KEY_MAX];

	domain->pool = CX_NO_POOL;
	if (!raw->pool || cx_pools_find(r, raw->pool, &domain->pool))
		return 0;
	return cx_pools_reject(r, key_of(entry, "pool", key), raw->pool);
}

static int read_lifetime(struct cx_reading *r, unsigned entry, const struct cx_raw_domain *raw,
			 struct cx_scenario_domain *domain)
{
	char key[CX_KEY_MAX], found[80], start[40];
	int rc;

	domain->stop_ns = UINT64_MAX;
	rc = cx_value_moment(r, key_of(entry, "start", key), raw->start, &domain->start_ns);
	if (!rc)
		rc = cx_value_duration(r, key_of(entry, "stop", key), raw->stop, 0, UINT64_MAX - 1,
				       &domain->stop_ns);
	if (!rc && domain->stop_ns <= domain->start_ns)
		rc = cx_reject(r, key, 0, cx_quote(raw->stop, found, sizeof(found)),
			       "a duration after its start, %s",
			       raw->start ? raw->start
					  : cx_format_duration(0, start, sizeof(start)));
	return rc;
}

static int read_cpus(struct cx_reading *r, unsigned entry, const struct cx_raw_domain *raw,
		     struct cx_scenario_domain *domain)
{
	char key[CX_KEY_MAX];
	int rc;

	rc = cx_value_cpus(r, key_of(entry, "cpus", key), raw->cpus, r->out->pcpus, &domain->cpus);
	if (rc)
		return rc;
	if (domain->cpus)
		domain->cpus_line = cx_doc_line(r, key);
	return cx_value_cpus(r, key_of(entry, "cpus_soft", key), raw->cpus_soft, r->out->pcpus,
			     &domain->cpus_soft);
}

/** Entry @entry as one domain, its peers left out. */
static int read_entry(struct cx_reading *r, unsigned entry, struct cx_scenario_domain *domain,
		      unsigned *count)
{
	const struct cx_raw_domain *raw = &r->raw->domains[entry];
	char key[CX_KEY_MAX];
	int rc;

	*count = 1;
	domain->vcpus = 1;
	domain->memory = MEMORY_DEFAULT;
	snprintf(key, sizeof(key), "domains[%u]", entry);
	domain->line = cx_doc_line(r, key);
	rc = cx_value_name(r, key_of(entry, "name", key), raw->name, &domain->name);
	if (!rc)
		rc = cx_value_uint(r, key_of(entry, "count", key), raw->count, 1,
				   CX_SCENARIO_DOMAINS_MAX, count);
	if (!rc)
		rc = cx_value_uint(r, key_of(entry, "vcpus", key), raw->vcpus, 1,
				   CX_GUEST_VCPUS_MAX, &domain->vcpus);
	if (!rc)
		rc = read_memory(r, entry, raw->memory, &domain->memory);
	if (!rc)
		rc = read_weight(r, entry, raw, domain);
	if (!rc)
		rc = read_bounds(r, entry, raw, domain);
	if (!rc)
		rc = read_pool(r, entry, raw, domain);
	if (!rc)
		rc = read_cpus(r, entry, raw, domain);
	if (!rc)
		rc = read_lifetime(r, entry, raw, domain);
	if (!rc)
		rc = cx_value_settings(r, key_of(entry, "policy", key), &domain->settings,
				       &domain->n_settings);
	if (!rc)
		rc = cx_workload_read(r, entry, domain);
	return rc;
}

/* --- replicas ----------------------------------------------------------------- */

void cx_settings_free(struct cx_setting *settings, unsigned n)
{
	unsigned i;

	for (i = 0; i < n; i++) {
		free(settings[i].name);
		free(settings[i].value);
	}
	free(settings);
}

void cx_domain_clear(struct cx_scenario_domain *domain)
{
	free(domain->name);
	free(domain->workload);
	free(domain->workload_path);
	free(domain->workload_text);
	free(domain->peers);
	cx_cpuset_free(domain->cpus);
	cx_cpuset_free(domain->cpus_soft);
	cx_settings_free(domain->settings, domain->n_settings);
}

static bool copy_settings(const struct cx_scenario_domain *from, struct cx_scenario_domain *to)
{
	unsigned i;

	to->settings = calloc(from->n_settings + 1, sizeof(*to->settings));
	if (!to->settings)
		return false;
	for (i = 0; i < from->n_settings; i++) {
		to->n_settings = i + 1;
		to->settings[i].line = from->settings[i].line;
		to->settings[i].name = strdup(from->settings[i].name);
		to->settings[i].value = strdup(from->settings[i].value);
		if (!to->settings[i].name || !to->settings[i].value)
			return false;
	}
	return true;
}

/** False when out of memory; @to can be cleared either way. */
static bool copy_domain(const struct cx_scenario_domain *from, struct cx_scenario_domain *to)
{
	*to = *from;
	to->name = NULL;
	to->peers = NULL;
	to->settings = NULL;
	to->n_settings = 0;
	to->workload = strdup(from->workload);
	to->workload_path = strdup(from->workload_path);
	to->workload_text = strdup(from->workload_text);
	to->cpus = from->cpus ? cx_cpuset_dup(from->cpus) : NULL;
	to->cpus_soft = from->cpus_soft ? cx_cpuset_dup(from->cpus_soft) : NULL;
	return to->workload && to->workload_path && to->workload_text &&
	       (to->cpus || !from->cpus) && (to->cpus_soft || !from->cpus_soft) &&
	       copy_settings(from, to);
}

static bool make_room(struct cx_reading *r, unsigned more)
{
	struct cx_scenario_domain *domains;
	unsigned *entry_of;

	if (r->out->n_domains + more <= r->room)
		return true;
	r->room = 2 * (r->out->n_domains + more);
	domains = reallocarray(r->out->domains, r->room, sizeof(*domains));
	if (domains)
		r->out->domains = domains;
	entry_of = reallocarray(r->entry_of, r->room, sizeof(*entry_of));
	if (entry_of)
		r->entry_of = entry_of;
	return domains && entry_of;
}

static int add_replicas(struct cx_reading *r, unsigned entry,
			const struct cx_scenario_domain *domain, unsigned count)
{
	char key[CX_KEY_MAX], found[80];
	unsigned i;

	if (count > CX_SCENARIO_DOMAINS_MAX - r->out->n_domains) {
		snprintf(found, sizeof(found), "%u more", count);
		return cx_reject(r, key_of(entry, "count", key), 0, found,
				 "%u domains in all, replicas counted", CX_SCENARIO_DOMAINS_MAX);
	}
	if (!make_room(r, count))
		return cx_out_of_memory(r);
	r->replicas[entry] = (struct cx_replicas){ r->out->n_domains, count };
	for (i = 0; i < count; i++) {
		struct cx_scenario_domain *copy = &r->out->domains[r->out->n_domains];

		r->entry_of[r->out->n_domains++] = entry;
		if (!copy_domain(domain, copy))
			return cx_out_of_memory(r);
		if (count == 1)
			copy->name = strdup(domain->name);
		else if (asprintf(&copy->name, "%s.%u", domain->name, i) < 0)
			copy->name = NULL;
		if (!copy->name)
			return cx_out_of_memory(r);
	}
	return 0;
}

int cx_domains_read(struct cx_reading *r)
{
	unsigned i, count;
	int rc = 0;

	r->replicas = calloc(r->raw->n_domains, sizeof(*r->replicas));
	if (!r->replicas)
		return cx_out_of_memory(r);
	for (i = 0; !rc && i < r->raw->n_domains; i++) {
		struct cx_scenario_domain domain = { 0 };

		rc = read_entry(r, i, &domain, &count);
		if (!rc)
			rc = add_replicas(r, i, &domain, count);
		cx_domain_clear(&domain);
	}
	return rc;
}
