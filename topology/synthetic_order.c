/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The numbers of a level's objects: "0,2,1,3", or interleaved.  A loop "step*count" says that
 * count steps of step objects each get successive numbers; what the loops before it made of
 * the numbers is one step of its own.  "2*4:1*2" numbers first threads, then second ones.  A
 * type is the loop over the objects of that level below those of the next higher type named.
 */
#include "topology/synthetic.h"

#include "topology/internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define LOOPS_MAX 16u

struct loop {
	unsigned step, count;
	unsigned level; /* of a type */
};

struct order {
	const struct cx_synthetic *s;
	const char *at, *end;
	unsigned n, max;
	unsigned n_loops;
	struct loop loops[LOOPS_MAX + 1];
	struct cx_error *err;
};

#define REJECT(o, where, code, ...)                                                                \
	cx_synthetic_reject((o)->s->text, where, code, (o)->err, __VA_ARGS__)

/** Digits at o->at, up to @max. */
static int read_number(struct order *o, unsigned min, unsigned max, unsigned *number)
{
	const char *at = o->at;
	uint64_t value = 0;

	for (; at < o->end && *at >= '0' && *at <= '9'; at++)
		if (value <= max)
			value = value * 10 + (uint64_t)(*at - '0');
	if (at == o->at || value < min || value > max)
		return REJECT(o, o->at, at == o->at ? EINVAL : ERANGE, "a number from %u to %u",
			      min, max);
	*number = (unsigned)value;
	o->at = at;
	return 0;
}

static int read_list(struct order *o, unsigned *numbers)
{
	unsigned i;
	int rc;

	for (i = 0; i < o->n; i++) {
		if (i > 0) {
			if (o->at == o->end || *o->at != ',')
				return REJECT(o, o->at, EINVAL, "a comma: %u numbers", o->n);
			o->at++;
		}
		rc = read_number(o, 0, o->max, &numbers[i]);
		if (rc)
			return rc;
	}
	if (o->at != o->end)
		return REJECT(o, o->at, EINVAL, "%u numbers, one for each object", o->n);
	return 0;
}

static int read_step(struct order *o, struct loop *loop)
{
	int rc = read_number(o, 1, o->n, &loop->step);

	if (rc)
		return rc;
	if (o->at == o->end || *o->at != '*')
		return REJECT(o, o->at, EINVAL, "\"*\" and a count");
	o->at++;
	return read_number(o, 1, o->n, &loop->count);
}

static int read_type(struct order *o, struct loop *loop)
{
	size_t len = strcspn(o->at, ": )");
	unsigned kind = cx_synthetic_kind(o->at, len), i;

	for (i = 1; i < o->s->n_levels; i++) {
		if (o->s->level[i].kind != kind || o->s->level[i].width > o->n)
			continue;
		loop->level = i;
		o->at += len;
		return 0;
	}
	return REJECT(o, o->at, EINVAL, "the type of this level or of one above");
}

/** Types into steps: the objects of one among those below the next higher one named. */
static int resolve_types(struct order *o, const char *at)
{
	unsigned i, j;

	for (i = 0; i < o->n_loops; i++) {
		struct loop *loop = &o->loops[i];
		unsigned above = 0;

		for (j = 0; j < o->n_loops; j++) {
			if (j != i && o->loops[j].level == loop->level)
				return REJECT(o, at, EINVAL, "each type once");
			if (o->loops[j].level < loop->level && o->loops[j].level > above)
				above = o->loops[j].level;
		}
		loop->step = o->n / o->s->level[loop->level].width;
		loop->count = o->s->level[loop->level].width / o->s->level[above].width;
	}
	return 0;
}

static int read_loops(struct order *o)
{
	bool types = *o->at < '0' || *o->at > '9';
	const char *at = o->at;
	int rc;

	for (;;) {
		if (o->n_loops == LOOPS_MAX)
			return REJECT(o, o->at, EINVAL, "up to %u loops", LOOPS_MAX);
		rc = types ? read_type(o, &o->loops[o->n_loops])
			   : read_step(o, &o->loops[o->n_loops]);
		if (rc)
			return rc;
		o->n_loops++;
		if (o->at == o->end)
			break;
		if (*o->at != ':')
			return REJECT(o, o->at, EINVAL, "\":\" and another loop, or the end");
		o->at++;
	}
	return types ? resolve_types(o, at) : 0;
}

/** The loops count all objects, or all but for the innermost, which need not be written. */
static int complete_loops(struct order *o, const char *at)
{
	unsigned i, least = o->n;
	uint64_t all = 1;

	for (i = 0; i < o->n_loops; i++) {
		all *= o->loops[i].count;
		if (all > o->n)
			break;
		if (o->loops[i].step < least)
			least = o->loops[i].step;
	}
	if (all != o->n) {
		if (all == 0 || all > o->n || least != o->n / all)
			return REJECT(o, at, EINVAL, "loops over all %u objects", o->n);
		o->loops[o->n_loops++] = (struct loop){ .step = 1, .count = o->n / (unsigned)all };
	}
	return 0;
}

static void run_loops(const struct order *o, unsigned *numbers)
{
	unsigned i, j, of_one = 1;

	memset(numbers, 0, o->n * sizeof(*numbers));
	for (i = 0; i < o->n_loops; i++) {
		const struct loop *loop = &o->loops[i];

		if (loop->step == 0 || loop->count == 0)
			continue; /* none such has been let through */
		for (j = 0; j < o->n; j++)
			numbers[j] += j / loop->step % loop->count * of_one;
		of_one *= loop->count;
	}
}

/** No number twice, and none too large: what loops of odd steps make. */
static int check_numbers(const struct order *o, const unsigned *numbers, const char *at)
{
	unsigned char *seen = calloc(o->max + 1, 1);
	unsigned i;
	int rc = 0;

	if (!seen)
		return cx_fail(o->err, ENOMEM, "topology: out of memory");
	for (i = 0; i < o->n && !rc; i++) {
		if (numbers[i] > o->max)
			rc = REJECT(o, at, ERANGE, "numbers up to %u; this makes %u", o->max,
				    numbers[i]);
		else if (seen[numbers[i]])
			rc = REJECT(o, at, EINVAL, "each number once; this makes %u twice",
				    numbers[i]);
		else
			seen[numbers[i]] = 1;
	}
	free(seen);
	return rc;
}

int cx_synthetic_order(const struct cx_synthetic *s, const struct cx_synthetic_text *order,
		       unsigned n, unsigned max, unsigned *numbers, struct cx_error *err)
{
	struct order o = { .s = s, .at = order->at, .n = n, .max = max, .err = err };
	unsigned i;
	int rc;

	if (!order->at) {
		for (i = 0; i < n; i++)
			numbers[i] = i;
		return 0;
	}
	o.end = order->at + order->len;
	if (strspn(order->at, "0123456789,") == order->len) {
		rc = read_list(&o, numbers);
	} else {
		rc = read_loops(&o);
		if (!rc)
			rc = complete_loops(&o, order->at);
		if (!rc)
			run_loops(&o, numbers);
	}
	return rc ? rc : check_numbers(&o, numbers, order->at);
}
