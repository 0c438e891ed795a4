/* SPDX-License-Identifier: BSD-2-Clause */
/* Beginning, end and rows of a benchmark. */
#include "tests/support/bench.h"

#include <errno.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ROUNDS_MAX 31u

uint64_t bench_now(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * CX_SEC + (uint64_t)ts.tv_nsec;
}

int bench_pin(unsigned cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	return sched_setaffinity(0, sizeof(set), &set) < 0 ? -errno : 0;
}

/* --- rows ------------------------------------------------------------------------ */

static const char *amount(char *buf, size_t len, double value, const char *unit)
{
	double size = fabs(value);

	if (isnan(value))
		snprintf(buf, len, "-");
	else
		snprintf(buf, len, "%.*f%s%s",
			 size >= 1000  ? 0
			 : size >= 100 ? 1
			 : size >= 1   ? 2
				       : 3,
			 value, *unit ? " " : "", unit);
	return buf;
}

static const char *goal_text(char *buf, size_t len, const struct bench_row *r)
{
	switch (r->goal) {
	case BENCH_BELOW:
		snprintf(buf, len, "< %g %s", r->target, r->unit);
		break;
	case BENCH_NEAR:
		snprintf(buf, len, "%.1f +- %g", r->target, r->tolerance);
		break;
	case BENCH_RATIO:
		snprintf(buf, len, "ratio >= %g", r->target);
		break;
	default:
		snprintf(buf, len, "-");
	}
	return buf;
}

static const char *verdict(struct bench *b, const struct bench_row *r, double ratio)
{
	bool met;

	switch (r->goal) {
	case BENCH_BELOW:
		met = r->value < r->target;
		break;
	case BENCH_NEAR:
		met = fabs(r->value - r->target) <= r->tolerance;
		break;
	case BENCH_RATIO:
		met = ratio >= r->target;
		break;
	default:
		return "";
	}
	if (met)
		return "ok";
	b->missed++;
	return "MISSED";
}

#define ROW "%-46s %14s %14s %9s %15s %7s  %s\n"

void bench_print(struct bench *b, const struct bench_row *r)
{
	double ratio = r->ratio != 0 ? r->ratio : r->value / r->peer;
	char value[32], peer[32], share[32], goal[32], steal[32];

	printf(ROW, r->figure, amount(value, sizeof(value), r->value, r->unit),
	       amount(peer, sizeof(peer), r->peer, r->unit),
	       isnan(ratio) ? "-" : (snprintf(share, sizeof(share), "%.4f", ratio), share),
	       goal_text(goal, sizeof(goal), r),
	       isnan(r->steal) ? "-" : (snprintf(steal, sizeof(steal), "%.1f %%", r->steal), steal),
	       verdict(b, r, ratio));
	fflush(stdout);
}

void bench_note(const char *fmt, ...)
{
	va_list ap;

	printf("  ");
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
	fflush(stdout);
}

void bench_print_hist(struct bench *b, const char *figure, const struct cx_hist *hist,
		      double below_p50, double below_p99, double steal)
{
	static const double percents[] = { 50, 99 };
	double below[] = { below_p50, below_p99 };
	char name[80];

	for (unsigned i = 0; i < 2; i++) {
		struct bench_row row = {
			.figure = name,
			.unit = "ns",
			.value = (double)cx_hist_percentile(hist, percents[i]),
			.peer = NAN,
			.goal = below[i] > 0 ? BENCH_BELOW : BENCH_SHOWN,
			.target = below[i],
			.steal = steal,
		};

		snprintf(name, sizeof(name), "%s, p%.0f", figure, percents[i]);
		bench_print(b, &row);
	}
}

/* --- two sides ------------------------------------------------------------------- */

static int by_size(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

double bench_median(double *values, unsigned n)
{
	qsort(values, n, sizeof(*values), by_size);
	return n % 2 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

int bench_pairs(struct bench *b, unsigned rounds, bench_side_fn side_a, void *a_arg,
		bench_side_fn side_b, void *b_arg, struct bench_pairs *out)
{
	double a[ROUNDS_MAX], p[ROUNDS_MAX], ratio[ROUNDS_MAX], cpu[ROUNDS_MAX], steal[ROUNDS_MAX];
	double a_switches[ROUNDS_MAX], b_switches[ROUNDS_MAX];
	unsigned n = 0;

	*out = (struct bench_pairs){ .rounds = rounds };
	while (n < rounds && n < ROUNDS_MAX) {
		struct bench_sample x, y;
		int rc = side_a(b, a_arg, &x);

		if (rc == 0)
			rc = side_b(b, b_arg, &y);
		if (rc < 0)
			return rc;
		steal[n] = fmax(x.steal, y.steal);
		if (steal[n] > BENCH_STEAL_MAX && out->again < rounds) {
			out->again++;
			continue;
		}
		out->noisy += steal[n] > BENCH_STEAL_MAX;
		a[n] = x.rate;
		p[n] = y.rate;
		ratio[n] = x.rate / y.rate;
		cpu[n] = x.per_cpu / y.per_cpu;
		a_switches[n] = x.switches;
		b_switches[n] = y.switches;
		n++;
	}
	out->a = bench_median(a, n);
	out->b = bench_median(p, n);
	out->ratio = bench_median(ratio, n);
	out->per_cpu_ratio = bench_median(cpu, n);
	out->a_switches = bench_median(a_switches, n);
	out->b_switches = bench_median(b_switches, n);
	out->steal = bench_median(steal, n);
	return 0;
}

void bench_print_pairs(struct bench *b, const char *figure, const char *unit,
		       const struct bench_pairs *pairs, double goal)
{
	bench_print(b, &(struct bench_row){
			       .figure = figure,
			       .unit = unit,
			       .value = pairs->a,
			       .peer = pairs->b,
			       .ratio = pairs->ratio,
			       .goal = goal > 0 ? BENCH_RATIO : BENCH_SHOWN,
			       .target = goal,
			       .steal = pairs->steal,
		       });
	bench_note("median of %u pairs, %u measured again and %u left with over %.0f %% steal; "
		   "for each second of CPU time used: %.4f",
		   pairs->rounds, pairs->again, pairs->noisy, BENCH_STEAL_MAX,
		   pairs->per_cpu_ratio);
}

/* --- beginning and end ------------------------------------------------------------ */

static int find_build(struct bench *b)
{
	ssize_t n = readlink("/proc/self/exe", b->build, sizeof(b->build) - 1);
	char *slash;

	if (n < 0)
		return cx_fail(&b->err, errno, "/proc/self/exe: %s", strerror(errno));
	b->build[n] = '\0';
	/* BUILD/bench/NAME */
	for (int i = 0; i < 2 && (slash = strrchr(b->build, '/')) != NULL; i++)
		*slash = '\0';
	if (snprintf(b->lib, sizeof(b->lib), "%s/lib/coxswain", b->build) >= (int)sizeof(b->lib) ||
	    snprintf(b->plugins, sizeof(b->plugins), "%s/lib/coxswain/schedulers", b->build) >=
		    (int)sizeof(b->plugins) ||
	    snprintf(b->payloads, sizeof(b->payloads), "%s/lib/coxswain/payloads", b->build) >=
		    (int)sizeof(b->payloads))
		return cx_fail(&b->err, ENAMETOOLONG, "%s: too long", b->build);
	return 0;
}

static int find_cpus(struct bench *b)
{
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set) < 0)
		return cx_fail(&b->err, errno, "affinity: %s", strerror(errno));
	for (unsigned cpu = 0; cpu < CPU_SETSIZE && b->n_cpus < BENCH_CPUS_MAX; cpu++)
		if (CPU_ISSET(cpu, &set))
			b->cpus[b->n_cpus++] = cpu;
	return 0;
}

static int run(const char *title, bool real, int (*body)(struct bench *b))
{
	struct bench b = { .n_cpus = 0 };
	int rc = find_build(&b);

	if (rc == 0)
		rc = find_cpus(&b);
	if (rc == 0 && real)
		rc = cx_kvm_open(&b.kvm, &b.err);
	if (rc == 0) {
		printf("%s (backend %s)\n", title, real ? cx_kvm_backend(b.kvm) : "sim");
		printf(ROW, "figure", "value", "peer", "ratio", "target", "steal", "");
		fflush(stdout);
		rc = body(&b);
	}
	if (rc < 0)
		fprintf(stderr, "error: %s\n", b.err.text[0] ? b.err.text : strerror(-rc));
	if (b.kvm)
		cx_kvm_close(b.kvm);
	return rc < 0;
}

int bench_main(const char *title, int (*body)(struct bench *b))
{
	return run(title, true, body);
}

int bench_main_simulated(const char *title, int (*body)(struct bench *b))
{
	return run(title, false, body);
}
