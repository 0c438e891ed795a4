/* SPDX-License-Identifier: BSD-2-Clause */
/* A synthetic description into its levels. */
#include "topology/synthetic.h"

#include "base/text.h"
#include "topology/internal.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define EXAMPLE "such as \"pack:1 l3:1 core:4 pu:2\""
#define TYPES "pack, numa, die, group, l1 to l5, l1i to l3i, core or pu"
#define NAME_MAX_BYTES 24u /* hwloc's longest is "memory-side cache" */

#define MEMORY_DEFAULT (1ull << 30) /* hwloc's, of a node that is a level */
#define L1_DEFAULT (32ull << 10)    /* likewise */

struct reader {
	struct cx_synthetic *s;
	const char *at;
	unsigned char seen[CX_SYNTHETIC_KINDS];
	unsigned last_cache; /* depth of the last data cache level; 0 = none yet */
	struct cx_error *err;
};

int cx_synthetic_reject(const char *text, const char *at, int code, struct cx_error *err,
			const char *allowed, ...)
{
	char whole[80], found[80], word[40], words[400];
	size_t len = strcspn(at, " \n()[]:,=");
	va_list ap;

	if (len == 0 && *at)
		len = 1;
	snprintf(word, sizeof(word), "%.*s", len < 32 ? (int)len : 32, at);
	va_start(ap, allowed);
	vsnprintf(words, sizeof(words), allowed, ap);
	va_end(ap);
	return cx_fail(err, code, "topology %s: character %zu: found %s, allowed %s",
		       cx_quote(text, whole, sizeof(whole)), (size_t)(at - text) + 1,
		       *at ? cx_quote(word, found, sizeof(found)) : "its end", words);
}

#define REJECT(r, where, code, ...)                                                                \
	cx_synthetic_reject((r)->s->text, where, code, (r)->err, __VA_ARGS__)

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n';
}

static struct cx_synthetic_level *last_level(struct reader *r)
{
	return &r->s->level[r->s->n_levels - 1];
}

/* --- attributes --------------------------------------------------------------------- */

/** A number of bytes at r->at, as hwloc writes them: digits and perhaps a unit. */
static int read_size(struct reader *r, uint64_t *size)
{
	static const struct {
		const char *name;
		uint64_t bytes;
	} units[] = {
		{ "KiB", 1ull << 10 },   { "MiB", 1ull << 20 },      { "GiB", 1ull << 30 },
		{ "TiB", 1ull << 40 },   { "KB", 1000ull },          { "MB", 1000000ull },
		{ "GB", 1000000000ull }, { "TB", 1000000000000ull },
	};
	const char *at = r->at;
	uint64_t value = 0, unit = 1;
	size_t i;

	for (; is_digit(*at); at++)
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(*at - '0'), &value))
			return REJECT(r, r->at, ERANGE, "a size up to 1024TiB");
	if (at == r->at)
		return REJECT(r, at, EINVAL, "a size in bytes, or in kB, KiB, MB, MiB, ...");
	for (i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (strncasecmp(at, units[i].name, strlen(units[i].name)) != 0)
			continue;
		unit = units[i].bytes;
		at += strlen(units[i].name);
		break;
	}
	if (__builtin_mul_overflow(value, unit, &value) || value > 1024ull << 40)
		return REJECT(r, r->at, ERANGE, "a size up to 1024TiB");
	*size = value;
	r->at = at;
	return 0;
}

static bool take_word(struct reader *r, const char *word)
{
	if (strncmp(r->at, word, strlen(word)) != 0)
		return false;
	r->at += strlen(word);
	return true;
}

/** "(size=4MiB indexes=...)" at r->at, if there is one. */
static int read_attributes(struct reader *r, unsigned kind, uint64_t *size,
			   struct cx_synthetic_text *order)
{
	bool cache = kind > CX_SYNTHETIC_CACHE && kind < CX_SYNTHETIC_CORE;
	int rc;

	if (*r->at != '(')
		return 0;
	r->at++;
	while (*r->at != ')') {
		if (is_space(*r->at)) {
			r->at++;
			continue;
		}
		if (take_word(r, cache ? "size=" : "memory=")) {
			rc = read_size(r, size);
			if (rc)
				return rc;
		} else if (take_word(r, "indexes=")) {
			order->at = r->at;
			order->len = strcspn(r->at, " )");
			r->at += order->len;
		} else {
			return REJECT(r, r->at, EINVAL, "%s=SIZE, indexes=..., \" \" or \")\"",
				      cache ? "size" : "memory");
		}
		if (*r->at != ')' && !is_space(*r->at))
			return REJECT(r, r->at, EINVAL, "\" \" or \")\"");
	}
	r->at++;
	return 0;
}

/* --- levels --------------------------------------------------------------------------- */

static unsigned kind_of_type(hwloc_obj_type_t type)
{
	switch (type) {
	case HWLOC_OBJ_GROUP:
		return CX_SYNTHETIC_GROUP;
	case HWLOC_OBJ_PACKAGE:
		return CX_SYNTHETIC_PACKAGE;
	case HWLOC_OBJ_NUMANODE:
		return CX_SYNTHETIC_NODE;
	case HWLOC_OBJ_DIE:
		return CX_SYNTHETIC_DIE;
	case HWLOC_OBJ_CORE:
		return CX_SYNTHETIC_CORE;
	case HWLOC_OBJ_PU:
		return CX_SYNTHETIC_PU;
	default:
		if (hwloc_obj_type_is_dcache(type))
			return CX_SYNTHETIC_CACHE + (unsigned)(type - HWLOC_OBJ_L1CACHE) + 1;
		if (hwloc_obj_type_is_icache(type))
			return CX_SYNTHETIC_CACHE_INSTRUCTION +
			       (unsigned)(type - HWLOC_OBJ_L1ICACHE) + 1;
		return CX_SYNTHETIC_KINDS;
	}
}

unsigned cx_synthetic_kind(const char *at, size_t len)
{
	char name[NAME_MAX_BYTES];
	hwloc_obj_type_t type;

	if (len == 0 || len >= sizeof(name))
		return CX_SYNTHETIC_KINDS;
	memcpy(name, at, len);
	name[len] = '\0';
	if (hwloc_type_sscanf(name, &type, NULL, 0) < 0)
		return CX_SYNTHETIC_KINDS;
	return kind_of_type(type);
}

static size_t name_length(const char *at)
{
	return strcspn(at, " \t\n:()[]");
}

/** The kind of the level at r->at, which moves to its count. */
static int read_kind(struct reader *r, unsigned *kind)
{
	size_t len = name_length(r->at);

	*kind = CX_SYNTHETIC_UNNAMED;
	if (is_digit(*r->at))
		return 0;
	*kind = cx_synthetic_kind(r->at, len);
	if (*kind == CX_SYNTHETIC_KINDS)
		return REJECT(r, r->at, EINVAL, TYPES ", a colon and a count, " EXAMPLE);
	if (r->at[len] != ':')
		return REJECT(r, r->at + len, EINVAL, "a colon and a count, " EXAMPLE);
	r->at += len + 1;
	return 0;
}

/** What hwloc also refuses, and caches in an order that no host has. */
static int check_kind(struct reader *r, unsigned kind, const char *at)
{
	unsigned depth = kind - CX_SYNTHETIC_CACHE;

	if (r->seen[CX_SYNTHETIC_PU])
		return REJECT(r, at, EINVAL, "nothing after pu, which is the last level");
	if (r->seen[kind] && kind != CX_SYNTHETIC_UNNAMED && kind != CX_SYNTHETIC_GROUP)
		return REJECT(r, at, EINVAL, "each kind of level once");
	if (kind > CX_SYNTHETIC_CACHE && kind < CX_SYNTHETIC_CACHE_INSTRUCTION) {
		if (r->last_cache && depth > r->last_cache)
			return REJECT(r, at, EINVAL, "the caches from the last level to the first");
		r->last_cache = depth;
	}
	if (kind == CX_SYNTHETIC_NODE && r->s->n_memories)
		return REJECT(r, at, EINVAL, "numa either as a level or in brackets");
	r->seen[kind] = 1;
	return 0;
}

/** How many at each object of the level above; with it the width of the level. */
static int read_count(struct reader *r, unsigned above, unsigned most, unsigned *width)
{
	const char *at = r->at;
	uint64_t n = 0;

	for (; is_digit(*at); at++)
		if (n <= most)
			n = n * 10 + (uint64_t)(*at - '0');
	if (at == r->at || n == 0)
		return REJECT(r, r->at, EINVAL, "a count from 1 to %u", most);
	if (n > most || n * above > most)
		return REJECT(r, r->at, ERANGE, "a count that makes at most %u in all%s", most,
			      most == CX_TOPOLOGY_CPUS_MAX ? " (an event names its pCPU in 16 bits)"
							   : " NUMA nodes");
	*width = (unsigned)n * above;
	r->at = at;
	return 0;
}

static int read_level(struct reader *r)
{
	struct cx_synthetic_level *above = last_level(r), *level = above + 1;
	const char *at = r->at;
	unsigned kind;
	int rc;

	if (r->s->n_levels == CX_SYNTHETIC_LEVELS_MAX)
		return REJECT(r, at, EINVAL, "up to %u levels", CX_SYNTHETIC_LEVELS_MAX - 1);
	rc = read_kind(r, &kind);
	if (!rc)
		rc = check_kind(r, kind, at);
	if (rc)
		return rc;
	*level = (struct cx_synthetic_level){ .kind = kind, .at = at };
	r->s->n_levels++;
	rc = read_count(r, above->width,
			kind == CX_SYNTHETIC_NODE ? CX_TOPOLOGY_NODES_MAX : CX_TOPOLOGY_CPUS_MAX,
			&level->width);
	if (!rc)
		rc = read_attributes(r, kind, &level->size, &level->order);
	if (!rc && *r->at && !is_space(*r->at) && *r->at != '[')
		rc = REJECT(r, r->at, EINVAL, "\" \", \"[\" or the end");
	return rc;
}

/** "[numa(memory=1GB)]": a node at each object of the level before. */
static int read_memory(struct reader *r)
{
	struct cx_synthetic_level *level = last_level(r);
	const char *at = ++r->at;
	size_t len = name_length(at);
	uint64_t size = 0;
	int rc;

	if (cx_synthetic_kind(at, len) != CX_SYNTHETIC_NODE)
		return REJECT(r, at, EINVAL, "numa in the brackets, such as \"[numa]\"");
	if (r->seen[CX_SYNTHETIC_NODE])
		return REJECT(r, at, EINVAL, "numa either as a level or in brackets");
	if (level->n_memories == CX_SYNTHETIC_MEMORIES_MAX)
		return REJECT(r, at, EINVAL, "up to %u of them at a level",
			      CX_SYNTHETIC_MEMORIES_MAX);
	if (r->s->n_memories + level->width > CX_TOPOLOGY_NODES_MAX)
		return REJECT(r, at, ERANGE, "at most %u NUMA nodes in all", CX_TOPOLOGY_NODES_MAX);
	r->at += len;
	rc = read_attributes(r, CX_SYNTHETIC_NODE, &size, &r->s->memory_order);
	if (rc)
		return rc;
	if (*r->at != ']')
		return REJECT(r, r->at, EINVAL, "\"]\"");
	r->at++;
	level->memory[level->n_memories++] = size;
	r->s->n_memories += level->width;
	return 0;
}

/* --- what was left out -------------------------------------------------------------------- */

/** Counts alone: which levels they are, as hwloc takes them. */
static void name_levels(struct cx_synthetic *s)
{
	static const unsigned char caches[5][4] = {
		/* by how many there are */
		{ 0 },
		{ CX_SYNTHETIC_CACHE + 2 },
		{ CX_SYNTHETIC_CACHE + 2, CX_SYNTHETIC_CACHE + 1 },
		{ CX_SYNTHETIC_CACHE + 3, CX_SYNTHETIC_CACHE + 2, CX_SYNTHETIC_CACHE + 1 },
		{ CX_SYNTHETIC_CACHE + 3, CX_SYNTHETIC_CACHE + 2, CX_SYNTHETIC_CACHE + 1,
		  CX_SYNTHETIC_CACHE_INSTRUCTION + 1 }
	};
	unsigned n = s->n_levels - 2, at = 1, i, node, package, core, n_caches;

	node = n > 0 && !s->n_memories;
	n -= node;
	package = n > 0;
	n -= package;
	core = n > 0;
	n -= core;
	n_caches = n < 4 ? n : 4;
	for (n -= n_caches; n > 0; n--)
		s->level[at++].kind = CX_SYNTHETIC_GROUP;
	if (package)
		s->level[at++].kind = CX_SYNTHETIC_PACKAGE;
	if (node)
		s->level[at++].kind = CX_SYNTHETIC_NODE;
	for (i = 0; i < n_caches; i++)
		s->level[at++].kind = caches[n_caches][i];
	if (core)
		s->level[at].kind = CX_SYNTHETIC_CORE;
}

/** The last level is that of the PUs, and either all others have names or none. */
static int finish_levels(struct reader *r)
{
	struct cx_synthetic *s = r->s;
	struct cx_synthetic_level *last = last_level(r);
	unsigned i, unnamed = 0;

	if (s->n_levels < 2 || (last->kind != CX_SYNTHETIC_PU && last->kind))
		return REJECT(r, r->at, EINVAL, "pu:N as the last level, " EXAMPLE);
	last->kind = CX_SYNTHETIC_PU;
	for (i = 1; i + 1 < s->n_levels; i++)
		unnamed += s->level[i].kind == CX_SYNTHETIC_UNNAMED;
	if (unnamed && unnamed != s->n_levels - 2) {
		for (i = 1; s->level[i].kind != CX_SYNTHETIC_UNNAMED;)
			i++;
		return REJECT(r, s->level[i].at, EINVAL,
			      "types for all levels or for none: " TYPES);
	}
	if (unnamed)
		name_levels(s);
	for (i = 1; i + 1 < s->n_levels; i++)
		if (s->level[i].kind == CX_SYNTHETIC_NODE &&
		    s->level[i].width > CX_TOPOLOGY_NODES_MAX)
			return REJECT(r, s->level[i].at, ERANGE, "at most %u NUMA nodes in all",
				      CX_TOPOLOGY_NODES_MAX);
	return 0;
}

static void fill_sizes(struct cx_synthetic *s)
{
	unsigned i;

	for (i = 1; i < s->n_levels; i++) {
		struct cx_synthetic_level *level = &s->level[i];
		unsigned depth = level->kind - CX_SYNTHETIC_CACHE;

		if (level->size)
			continue;
		if (level->kind == CX_SYNTHETIC_NODE)
			level->size = MEMORY_DEFAULT;
		else if (level->kind > CX_SYNTHETIC_CACHE &&
			 level->kind < CX_SYNTHETIC_CACHE_INSTRUCTION)
			level->size = depth == 1 ? L1_DEFAULT : 256ull << 10 << 2 * depth;
	}
}

int cx_synthetic_read(const char *text, struct cx_synthetic *s, struct cx_error *err)
{
	struct reader r = { .s = s, .at = text, .err = err };
	struct cx_synthetic_text ignored = { 0 };
	uint64_t memory = 0;
	int rc;

	*s = (struct cx_synthetic){ .text = text, .n_levels = 1 };
	s->level[0] = (struct cx_synthetic_level){ .kind = CX_SYNTHETIC_MACHINE, .width = 1 };
	if (strnlen(text, CX_TOPOLOGY_TEXT_MAX + 1) > CX_TOPOLOGY_TEXT_MAX)
		return cx_fail(err, EINVAL,
			       "topology: a description is longer than %u bytes, the most allowed; "
			       "put it into a file with `lstopo --of xml`",
			       CX_TOPOLOGY_TEXT_MAX);
	rc = read_attributes(&r, CX_SYNTHETIC_MACHINE, &memory, &ignored);
	while (!rc && *r.at) {
		if (is_space(*r.at))
			r.at++;
		else
			rc = *r.at == '[' ? read_memory(&r) : read_level(&r);
	}
	if (!rc)
		rc = finish_levels(&r);
	if (!rc)
		fill_sizes(s);
	return rc;
}
