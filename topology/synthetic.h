/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * topology/synthetic.h - hwloc's synthetic descriptions, read without hwloc.
 *
 * hwloc builds a tree of objects from such a line: at the number of CPUs that there may be,
 * that takes minutes to hours and gigabytes, and a wrong line is refused without a word.
 * Here the levels are read with the place of every mistake, and the tables are made from
 * them in time linear in the CPUs.  Tests hold the result against hwloc's.
 *
 * The language (lstopo(1), "Synthetic topologies"):
 *
 *     description = [ "(" attributes ")" ] { " " level | " " memory }
 *     level       = [ type ":" ] count [ "(" attributes ")" ]
 *     memory      = "[" "numa" [ "(" attributes ")" ] "]"     at each object of the level before
 *     attributes  = { "size=" SIZE | "memory=" SIZE | "indexes=" ORDER }
 *     ORDER       = number { "," number } | step "*" count { ":" ... } | type { ":" type }
 *
 * Types are as hwloc spells them: pack, numa (or node), die, group, l1 .. l5, l1i .. l3i,
 * core, pu, in any case and cut short.
 */
#ifndef CX_TOPOLOGY_SYNTHETIC_H
#define CX_TOPOLOGY_SYNTHETIC_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CX_SYNTHETIC_LEVELS_MAX 32u  /* the machine among them */
#define CX_SYNTHETIC_MEMORIES_MAX 8u /* at one level */

/** Further in means higher. */
enum cx_synthetic_kind {
	CX_SYNTHETIC_UNNAMED, /* a count alone */
	CX_SYNTHETIC_MACHINE,
	CX_SYNTHETIC_GROUP,
	CX_SYNTHETIC_PACKAGE,
	CX_SYNTHETIC_NODE,
	CX_SYNTHETIC_DIE,
	CX_SYNTHETIC_CACHE,                                      /* + depth, 1 .. 5 */
	CX_SYNTHETIC_CACHE_INSTRUCTION = CX_SYNTHETIC_CACHE + 6, /* + depth, 1 .. 3 */
	CX_SYNTHETIC_CORE = CX_SYNTHETIC_CACHE_INSTRUCTION + 4,
	CX_SYNTHETIC_PU,
	CX_SYNTHETIC_KINDS
};

/** Part of the description; @at NULL = not given. */
struct cx_synthetic_text {
	const char *at;
	size_t len;
};

struct cx_synthetic_level {
	unsigned kind;                  /* enum cx_synthetic_kind, plus depth for caches */
	const char *at;                 /* where it is in the description */
	unsigned width;                 /* objects of it in the whole host */
	uint64_t size;                  /* of the cache, or of the node's memory; 0 = not given */
	struct cx_synthetic_text order; /* its indexes */
	unsigned n_memories;            /* nodes at each of its objects */
	uint64_t memory[CX_SYNTHETIC_MEMORIES_MAX];
};

/** A description as its levels, from the machine down to the PUs. */
struct cx_synthetic {
	const char *text;
	unsigned n_levels;
	struct cx_synthetic_level level[CX_SYNTHETIC_LEVELS_MAX + 1];
	unsigned n_memories; /* of all levels, in the whole host */
	struct cx_synthetic_text memory_order;
};

/** Read @text, which must outlive the result.  0, -EINVAL or -ERANGE with a message. */
int cx_synthetic_read(const char *text, struct cx_synthetic *s, struct cx_error *err);

/**
 * The numbers of @n objects in the order that @order says; 0, 1, 2 ... when it is not given.
 * @max      no number may be larger
 * @numbers  @n of them
 * Returns 0; -EINVAL or -ERANGE with a message; -ENOMEM.
 */
int cx_synthetic_order(const struct cx_synthetic *s, const struct cx_synthetic_text *order,
		       unsigned n, unsigned max, unsigned *numbers, struct cx_error *err);

/** The kind that hwloc's name at @at of @len bytes means; CX_SYNTHETIC_KINDS = none such. */
unsigned cx_synthetic_kind(const char *at, size_t len);

/** "topology "TEXT": character N: found FOUND, allowed ..."; @at is in the text; -@code. */
int cx_synthetic_reject(const char *text, const char *at, int code, struct cx_error *err,
			const char *allowed, ...) __attribute__((format(printf, 5, 6)));

#endif
