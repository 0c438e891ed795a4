/* SPDX-License-Identifier: BSD-2-Clause */
#include "topology/internal.h"

#include <errno.h>
#include <stdlib.h>

struct cx_cpuset *cx_cpuset_new(void)
{
	struct cx_cpuset *set = calloc(1, sizeof(*set));

	if (!set)
		return NULL;
	set->bits = hwloc_bitmap_alloc();
	if (!set->bits) {
		free(set);
		return NULL;
	}
	return set;
}

struct cx_cpuset *cx_cpuset_dup(const struct cx_cpuset *set)
{
	struct cx_cpuset *copy = cx_cpuset_new();

	if (copy && hwloc_bitmap_copy(copy->bits, set->bits) < 0) {
		cx_cpuset_free(copy);
		return NULL;
	}
	return copy;
}

void cx_cpuset_free(struct cx_cpuset *set)
{
	if (!set)
		return;
	hwloc_bitmap_free(set->bits);
	free(set);
}

/** A number at *text, which moves past it.  0, -EINVAL (no digit) or -ERANGE (above @max). */
static int read_number(const char **text, unsigned max, unsigned *number)
{
	const char *p = *text;
	unsigned long value = 0;

	if (*p < '0' || *p > '9')
		return -EINVAL;
	for (; *p >= '0' && *p <= '9'; p++) {
		value = value * 10 + (unsigned long)(*p - '0');
		if (value > max)
			return -ERANGE;
	}
	*number = (unsigned)value;
	*text = p;
	return 0;
}

static int number_failed(int code, const char *text, const char *where, unsigned max,
			 struct cx_error *err)
{
	if (code == -ERANGE)
		return cx_fail(err, ERANGE,
			       "CPU list \"%s\": \"%s\" is above the highest CPU number, %u", text,
			       where, max);
	return cx_fail(err, EINVAL, "CPU list \"%s\": a CPU number is missing at \"%s\"", text,
		       where);
}

/** One "8", "0-3", "^2" or "^2-3" at *at, which moves past it. */
static int read_item(const char *text, const char **at, unsigned max, hwloc_bitmap_t bits,
		     struct cx_error *err)
{
	const char *p = *at, *where;
	bool away = *p == '^';
	unsigned first, last;
	int rc;

	if (away)
		p++;
	where = p;
	rc = read_number(&p, max, &first);
	if (rc)
		return number_failed(rc, text, where, max, err);
	last = first;
	if (*p == '-') {
		where = ++p;
		rc = read_number(&p, max, &last);
		if (rc)
			return number_failed(rc, text, where, max, err);
		if (last < first)
			return cx_fail(err, EINVAL,
				       "CPU list \"%s\": the range %u-%u runs backwards", text,
				       first, last);
	}
	if (*p && *p != ',')
		return cx_fail(err, EINVAL, "CPU list \"%s\": cannot read \"%s\"", text, p);
	*at = p;
	if (away)
		rc = hwloc_bitmap_clr_range(bits, first, (int)last);
	else
		rc = hwloc_bitmap_set_range(bits, first, (int)last);
	return rc < 0 ? cx_fail(err, ENOMEM, "out of memory for a CPU list") : 0;
}

int cx_cpuset_parse(const char *text, unsigned max, struct cx_cpuset *set, struct cx_error *err)
{
	hwloc_bitmap_t bits = hwloc_bitmap_alloc();
	const char *p = text;
	int rc;

	if (!bits)
		return cx_fail(err, ENOMEM, "out of memory for a CPU list");
	for (;;) {
		rc = read_item(text, &p, max, bits, err);
		if (rc || !*p)
			break;
		p++; /* the comma */
	}
	if (!rc && hwloc_bitmap_iszero(bits))
		rc = cx_fail(err, EINVAL, "CPU list \"%s\": no CPU is left", text);
	if (!rc && hwloc_bitmap_copy(set->bits, bits) < 0)
		rc = cx_fail(err, ENOMEM, "out of memory for a CPU list");
	hwloc_bitmap_free(bits);
	return rc;
}

char *cx_cpuset_format(const struct cx_cpuset *set)
{
	char *text;

	return hwloc_bitmap_list_asprintf(&text, set->bits) < 0 ? NULL : text;
}

bool cx_cpuset_has(const struct cx_cpuset *set, unsigned cpu)
{
	return hwloc_bitmap_isset(set->bits, cpu);
}

void cx_cpuset_add(struct cx_cpuset *set, unsigned cpu)
{
	hwloc_bitmap_set(set->bits, cpu);
}

void cx_cpuset_remove(struct cx_cpuset *set, unsigned cpu)
{
	hwloc_bitmap_clr(set->bits, cpu);
}

unsigned cx_cpuset_count(const struct cx_cpuset *set)
{
	int count = hwloc_bitmap_weight(set->bits);

	return count < 0 ? 0 : (unsigned)count;
}

int cx_cpuset_next(const struct cx_cpuset *set, int prev)
{
	return hwloc_bitmap_next(set->bits, prev);
}
