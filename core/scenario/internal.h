/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/scenario/internal.h - how a file becomes a scenario; tests may look in.
 *
 *   read.c     the bytes, bounded
 *   doc.c      the YAML document with its lines; what YAML allows and we do not
 *   schema.c   which keys there are and what shape they have; into text fields
 *   value.c    text into values, and the one form of every error
 *   workload.c payload files and their parameters
 *   domain.c   one entry of `domains`, and its replicas
 *   weight.c   how important a domain is: weight, shares, reservation, limit
 *   pools.c    resource pools, in the order of their tree
 *   peers.c    names into indices
 *   changes.c  what changes during the run
 *   override.c values that a caller puts in the place of the file's
 *   parse.c    the whole
 *   load.c     the whole, with core/vmm's payloads
 */
#ifndef CX_SCENARIO_INTERNAL_H
#define CX_SCENARIO_INTERNAL_H

#include "base/text.h"
#include "core/scenario/scenario.h"

#include <stddef.h>
#include <yaml.h>

#define CX_SCENARIO_BYTES_MAX (1u << 20)
#define CX_SCENARIO_DEPTH_MAX 8u
#define CX_SCENARIO_KEYS_MAX 64u   /* in one mapping */
#define CX_SCENARIO_PEERS_MAX 256u /* of one domain */
#define CX_SCENARIO_NAME_MAX 63u
#define CX_SCENARIO_CPU_MAX 65534u
#define CX_KEY_MAX 256u /* bytes of a key's path in a message */
#define CX_PERCENT_PER_VCPU 100u
#define CX_PERCENT_WHY "100 for each of its vCPUs"
#define CX_POOL_PERCENT_MAX (CX_PERCENT_PER_VCPU * 16384u) /* more than any host has */

/* --- as text, from the schema ------------------------------------------- */

/** NULL = the key is not there.  workload and policy are read from the document. */
struct cx_raw_domain {
	char *name, *count, *vcpus, *memory, *weight, *shares, *reservation, *limit;
	char *pool, *cpus, *cpus_soft, *start, *stop;
	char **peers;
	unsigned n_peers;
};

struct cx_raw_pool {
	char *name, *parent, *weight, *shares, *reservation, *limit, *expandable;
};

struct cx_raw_scheduler {
	char *name;
};

/** policy and param are read from the document. */
struct cx_raw_change {
	char *at, *domain, *pool, *weight, *shares, *reservation, *limit, *scheduler, *pcpu,
		*online;
};

struct cx_raw {
	char *name, *duration, *seed, *pcpus, *topology;
	struct cx_raw_scheduler *scheduler;
	struct cx_raw_pool *pools;
	unsigned n_pools;
	struct cx_raw_domain *domains;
	unsigned n_domains;
	struct cx_raw_change *changes;
	unsigned n_changes;
};

/* --- how payloads are opened; core/vmm's own functions, or a test's ------ */

struct cx_payload;
struct cx_payload_reader {
	int (*open)(const char *path, struct cx_payload **payload, struct cx_error *err);
	void (*close)(struct cx_payload *payload);
	const struct cx_workload_info *(*info)(const struct cx_payload *payload);
};

/* --- one file at work ---------------------------------------------------- */

struct cx_doc {
	yaml_document_t yaml;
	bool loaded;
};

struct cx_replicas {
	unsigned first, count;
};

/** A domain by its name. */
struct cx_name {
	const char *name;
	unsigned domain;
};

struct cx_reading {
	const char *file;
	/** What is allowed under a key, for a message; NULL: as in a scenario. */
	const char *(*allowed)(const char *key);
	const char *const *payload_dirs;
	const struct cx_payload_reader *payloads;
	struct cx_doc doc;
	struct cx_raw *raw;
	struct cx_scenario *out;
	unsigned *entry_of;           /* for each domain of @out, its entry in @raw */
	struct cx_replicas *replicas; /* for each entry in @raw, its domains of @out */
	unsigned room;                /* domains that @out and @entry_of have memory for */
	struct cx_name *names;        /* all domains of @out, in the order of their names */
	struct cx_error *err;
};

/** The whole file, terminated.  0, -EISDIR, -EFBIG, -EINVAL (NUL inside), errno of reading. */
int cx_read_file(const char *path, char **text, size_t *len, struct cx_error *err);

/* doc.c: lines count from 1.  Keys are paths such as "domains[1].weight". */

/** Parse, and refuse anchors, second documents, deep nesting, doubled keys. */
int cx_doc_load(struct cx_reading *r, const char *text, size_t len);
/** Parse what cx_doc_load() took, once more. */
int cx_doc_parse(struct cx_reading *r, const char *text, size_t len, yaml_document_t *doc);
void cx_doc_free(struct cx_doc *doc);
yaml_node_t *cx_doc_root(struct cx_reading *r);
/** NULL unless that key is there. */
yaml_node_t *cx_doc_find(struct cx_reading *r, const char *key);
/** The line of the key, or of the nearest thing around it that is there. */
unsigned cx_doc_line(struct cx_reading *r, const char *key);
/** Walk a mapping: pair @i, false at its end.  @name is never NULL after cx_doc_load(). */
bool cx_doc_pair(struct cx_reading *r, const yaml_node_t *map, unsigned i, const char **name,
		 yaml_node_t **value, unsigned *line);
/** What @node is, for a message: its text in quotes, "a list", "a mapping", "nothing". */
const char *cx_doc_found(const yaml_node_t *node, char *buf, size_t len);
/** A scalar's text, NULL for anything else. */
const char *cx_doc_text(const yaml_node_t *node);

/* schema.c */

int cx_schema_load(struct cx_reading *r, const char *text, size_t len);
void cx_schema_free(struct cx_raw *raw);
/** What is allowed under @key ("domains[3].weight") of a scenario, for a message. */
const char *cx_schema_allowed(const char *key);
/** The same for a file of any kind. */
const char *cx_allowed(const struct cx_reading *r, const char *key);
/** @key as tables of words have it: "domains[].weight" of "domains[3].weight". */
const char *cx_schema_key(const char *key, char buf[CX_KEY_MAX]);
struct cyaml_schema_value;
/** Is the document, loaded already, of that shape?  0 or -EINVAL with the message. */
int cx_schema_check(struct cx_reading *r, const struct cyaml_schema_value *schema);

/* override.c */

/** Put @overrides into the loaded document, and write out->text anew as it is then. */
int cx_override(struct cx_reading *r, const struct cx_setting *overrides, unsigned n);

/* value.c: each returns 0 or -EINVAL with the message made. */

/** "FILE:LINE: KEY: found FOUND, allowed ...".  @line 0 = look the key up. */
int cx_reject(struct cx_reading *r, const char *key, unsigned line, const char *found,
	      const char *allowed, ...) __attribute__((format(printf, 5, 6)));
int cx_out_of_memory(struct cx_reading *r);
/** "OUTER.INNER", INNER cut and made printable on one line. */
void cx_join_key(char *buf, size_t len, const char *outer, const char *inner);
/** cx_reject() of the value @text with what the schema allows. */
int cx_reject_value(struct cx_reading *r, const char *key, const char *text);
/** Decimal digits alone.  False: not that, or too large. */
bool cx_text_to_u64(const char *text, uint64_t *value);
/** yes, on, true, 1 or no, off, false, 0.  False: none of them. */
bool cx_text_to_bool(const char *text, int64_t *value);
/* A NULL @text leaves *value as it is, which is then the default. */
int cx_value_uint(struct cx_reading *r, const char *key, const char *text, unsigned min,
		  unsigned max, unsigned *value);
int cx_value_u64(struct cx_reading *r, const char *key, const char *text, uint64_t *value);
int cx_value_duration(struct cx_reading *r, const char *key, const char *text, uint64_t min,
		      uint64_t max, uint64_t *value);
/** A time in the run: its duration is known already. */
int cx_value_moment(struct cx_reading *r, const char *key, const char *text, uint64_t *value);
int cx_value_name(struct cx_reading *r, const char *key, const char *text, char **value);
/** Sets *value only when @text is given; @within NULL = any CPU. */
int cx_value_cpus(struct cx_reading *r, const char *key, const char *text,
		  const struct cx_cpuset *within, struct cx_cpuset **value);
/** name: value pairs under @key, if any, as text. */
int cx_value_settings(struct cx_reading *r, const char *key, struct cx_setting **settings,
		      unsigned *n);

/* suggest.c */

/**
 * Of @n names, the one that @word is most likely a slip of: at most a third of its
 * letters wrong, and one more.  NULL when none is near.  Distance: G. Navarro's survey, "A guided tour
 * to approximate string matching" (2001), Levenshtein's with neighbours swapped as one.
 */
const char *cx_suggest(const char *word, const char *const *names, size_t n);
/** "a, b, c (did you mean "b"?)"; malloc'd, NULL when out of memory. */
char *cx_suggest_list(const char *word, const char *const *names, size_t n);

/* weight.c */

/** A weight, or its name.  NULL leaves *weight as it is. */
int cx_value_weight(struct cx_reading *r, const char *key, const char *text, unsigned *weight);
/** Shares, for the whole of a domain of @vcpus, as a weight. */
int cx_value_shares(struct cx_reading *r, const char *key, const char *text, unsigned vcpus,
		    unsigned *weight);
/** The same for a whole resource pool. */
int cx_value_pool_weight(struct cx_reading *r, const char *key, const char *text, unsigned *weight);
int cx_value_pool_shares(struct cx_reading *r, const char *key, const char *text, unsigned *weight);
/** Percent of a pCPU, 0 to @max; @why tells where @max comes from.  NULL leaves it. */
int cx_value_percent(struct cx_reading *r, const char *key, const char *text, unsigned max,
		     const char *why, unsigned *percent);

/* pools.c */

/** Every pool, those above it before it, into r->out->pools. */
int cx_pools_read(struct cx_reading *r);
void cx_pool_clear(struct cx_scenario_pool *pool);
/** After cx_pools_read(): the index of the pool called @name.  False: none. */
bool cx_pools_find(const struct cx_reading *r, const char *name, unsigned *pool);
/** No pool is called @name; the message says which nearly is. */
int cx_pools_reject(struct cx_reading *r, const char *key, const char *name);
/** One of @weight and @shares, or neither, which leaves *value as it is. */
int cx_pool_weight_read(struct cx_reading *r, const char *weight_key, const char *weight,
			const char *shares_key, const char *shares, unsigned *value);
/** Percent of a pCPU for a pool, up to @limit unless that is 0.  NULL leaves it. */
int cx_value_pool_percent(struct cx_reading *r, const char *key, const char *text, unsigned limit,
			  unsigned *percent);

/* workload.c, domain.c, peers.c, changes.c, load.c */

/** The workload of entry @entry, into @domain. */
int cx_workload_read(struct cx_reading *r, unsigned entry, struct cx_scenario_domain *domain);
/** Every entry, expanded, into r->out->domains. */
int cx_domains_read(struct cx_reading *r);
void cx_domain_clear(struct cx_scenario_domain *domain);
/** That names are unique; then the peers of every domain. */
int cx_peers_read(struct cx_reading *r);
/** After cx_peers_read(): the domain called @name, or all replicas of that entry.  False: none. */
bool cx_names_find(const struct cx_reading *r, const char *name, struct cx_replicas *found);
/** Nobody is called @name; the message says who nearly is. */
int cx_names_reject(struct cx_reading *r, const char *key, const char *name);
/** All changes, checked one after the other, into r->out->changes. */
int cx_changes_read(struct cx_reading *r);
void cx_change_clear(struct cx_scenario_change *change);
void cx_settings_free(struct cx_setting *settings, unsigned n);
int cx_scenario_load_with(const char *path, const char *const *payload_dirs,
			  const struct cx_payload_reader *payloads,
			  const struct cx_setting *overrides, unsigned n_overrides,
			  struct cx_scenario **scenario, struct cx_error *err);

#endif
