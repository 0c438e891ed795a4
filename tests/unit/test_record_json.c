/* SPDX-License-Identifier: BSD-2-Clause */
/* Records to JSON and back: everything comes back, and nothing wrong is taken. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "fabricate.h"
#include "trace/capture.h"

#define MANY 4096u /* domains */

static void set(char **to, const char *text)
{
	free(*to);
	*to = text ? fab_text(text) : NULL;
}

/** A record with something in every member. */
static struct cx_record *full_record(void)
{
	static const struct fab_domain domains[] = {
		{ .name = "a \"quoted\" name", .vcpus = 2, .weight = 512, .limit = 50 },
		{ .name = "b/\xc3\xa9\n", .vcpus = 1, .reservation = 20, .affinity = "0-1" },
	};
	struct fab f = fab_new(5 * CX_SEC, 3, 2, domains);
	struct cx_record *r = f.record;
	unsigned i;

	set(&r->ignored, "limit");
	set(&r->degraded_why, "ejected");
	set(&r->domains[1].end_text, "triple fault at 0x401000");
	r->domains[1].end = CX_END_CRASH;
	r->seed = UINT64_MAX;
	r->degraded = r->interrupted = true;
	r->switches = 1ull << 53 | 1; /* no double holds it */
	r->host_steal_ns = 77;
	for (i = 0; i < CX_FAULTS; i++)
		r->faults[i] = i * 3;
	cx_hist_add(&r->decide_ns, 5);
	cx_hist_add(&r->decide_ns, 123456789);
	cx_hist_add(&r->gap_ns, 5678);
	for (i = 0; i < r->n_vcpus; i++) {
		struct cx_record_vcpu *v = &r->vcpus[i];
		unsigned k;

		v->start_ns = i;
		v->stop_ns = 4 * CX_SEC + i;
		for (k = 0; k < CX_STATES; k++)
			v->time_ns[k] = 10 * i + k;
		for (k = 0; k < CX_DISTANCES; k++)
			v->migrations[k] = 20 * i + k;
		v->progress = UINT64_MAX - i;
		v->host_cpu_ns = 1000 + i;
		v->dispatches = 2000 + i;
	}
	assert_int_equal(cx_record_results(&r->vcpus[1], 2), 0);
	strcpy(r->vcpus[1].results[0].name, "rounds");
	r->vcpus[1].results[0].value = 9;
	strcpy(r->vcpus[1].results[1].name, "rounds"); /* the same again: still two */
	r->vcpus[1].results[1].value = UINT64_MAX;
	for (i = 0; i < r->n_pcpus; i++) {
		r->pcpus[i].host_cpu = 7 - i;
		r->pcpus[i].busy_ns = 100 + i;
		r->pcpus[i].idle_ns = 200 + i;
	}
	r->realtime_asked = r->realtime = true;
	assert_int_equal(cx_record_pools(r, 2), 0);
	r->pools[0] = (struct cx_record_pool){ fab_text("a \"b\""), CX_NO_POOL, 1, 2, 0, true };
	r->pools[1] = (struct cx_record_pool){ fab_text("c"), 0, 1u << 23, 400, 1638400, false };
	r->domains[0].pool = 1;
	r->domains[0].planned_ns = 3;
	r->domains[1].pool = CX_NO_POOL;
	f.record = NULL;
	fab_free(&f);
	return r;
}

static void same_string(const char *a, const char *b)
{
	assert_int_equal(a == NULL, b == NULL);
	if (a)
		assert_string_equal(a, b);
}

static void same_static(const struct cx_record *a, const struct cx_record *b)
{
	unsigned i;

	same_string(a->scenario, b->scenario);
	same_string(a->question, b->question);
	same_string(a->scenario_yaml, b->scenario_yaml);
	same_string(a->machine, b->machine);
	same_string(a->backend, b->backend);
	same_string(a->host, b->host);
	same_string(a->scheduler, b->scheduler);
	same_string(a->params, b->params);
	same_string(a->ignored, b->ignored);
	assert_true(a->seed == b->seed);
	assert_int_equal(a->realtime_asked, b->realtime_asked);
	assert_int_equal(a->realtime, b->realtime);
	assert_int_equal(a->n_domains, b->n_domains);
	assert_int_equal(a->n_vcpus, b->n_vcpus);
	assert_int_equal(a->n_pcpus, b->n_pcpus);
	for (i = 0; i < a->n_domains; i++) {
		const struct cx_record_domain *p = &a->domains[i], *q = &b->domains[i];

		same_string(p->name, q->name);
		same_string(p->workload, q->workload);
		same_string(p->progress_unit, q->progress_unit);
		same_string(p->affinity, q->affinity);
		assert_int_equal(p->first_vcpu, q->first_vcpu);
		assert_int_equal(p->n_vcpus, q->n_vcpus);
		assert_true(p->planned_ns == q->planned_ns);
		assert_int_equal(p->weight, q->weight);
		assert_int_equal(p->reservation, q->reservation);
		assert_int_equal(p->limit, q->limit);
		assert_int_equal(p->pool < a->n_pools ? p->pool : CX_NO_POOL, q->pool);
	}
	assert_int_equal(a->n_pools, b->n_pools);
	for (i = 0; i < a->n_pools; i++) {
		const struct cx_record_pool *p = &a->pools[i], *q = &b->pools[i];

		same_string(p->name, q->name);
		assert_int_equal(p->parent, q->parent);
		assert_int_equal(p->weight, q->weight);
		assert_int_equal(p->reservation, q->reservation);
		assert_int_equal(p->limit, q->limit);
		assert_int_equal(p->expandable, q->expandable);
	}
	for (i = 0; i < a->n_vcpus; i++) {
		assert_int_equal(a->vcpus[i].domain, b->vcpus[i].domain);
		assert_int_equal(a->vcpus[i].index, b->vcpus[i].index);
	}
	for (i = 0; i < a->n_pcpus; i++)
		assert_int_equal(a->pcpus[i].host_cpu, b->pcpus[i].host_cpu);
}

static void same_totals(const struct cx_record *a, const struct cx_record *b)
{
	unsigned i;

	assert_true(a->duration_ns == b->duration_ns);
	assert_int_equal(a->degraded, b->degraded);
	same_string(a->degraded_why, b->degraded_why);
	assert_int_equal(a->interrupted, b->interrupted);
	assert_int_equal(a->timeline_sampled, b->timeline_sampled);
	assert_memory_equal(a->faults, b->faults, sizeof(a->faults));
	assert_true(a->switches == b->switches);
	assert_true(a->host_steal_ns == b->host_steal_ns);
	assert_memory_equal(&a->decide_ns, &b->decide_ns, sizeof(a->decide_ns));
	assert_memory_equal(&a->gap_ns, &b->gap_ns, sizeof(a->gap_ns));
	for (i = 0; i < a->n_domains; i++) {
		assert_true(a->domains[i].start_ns == b->domains[i].start_ns);
		assert_true(a->domains[i].stop_ns == b->domains[i].stop_ns);
		assert_int_equal(a->domains[i].end, b->domains[i].end);
		same_string(a->domains[i].end_text, b->domains[i].end_text);
	}
	for (i = 0; i < a->n_pcpus; i++) {
		assert_true(a->pcpus[i].busy_ns == b->pcpus[i].busy_ns);
		assert_true(a->pcpus[i].idle_ns == b->pcpus[i].idle_ns);
	}
	for (i = 0; i < a->n_vcpus; i++) {
		const struct cx_record_vcpu *p = &a->vcpus[i], *q = &b->vcpus[i];
		unsigned k;

		assert_true(p->start_ns == q->start_ns && p->stop_ns == q->stop_ns);
		assert_memory_equal(p->time_ns, q->time_ns, sizeof(p->time_ns));
		assert_memory_equal(p->migrations, q->migrations, sizeof(p->migrations));
		assert_true(p->progress == q->progress);
		assert_true(p->host_cpu_ns == q->host_cpu_ns);
		assert_true(p->dispatches == q->dispatches);
		assert_int_equal(p->n_results, q->n_results);
		for (k = 0; k < p->n_results; k++) {
			assert_string_equal(p->results[k].name, q->results[k].name);
			assert_true(p->results[k].value == q->results[k].value);
		}
	}
}

static void round_trip(const struct cx_record *r)
{
	char *fixed = cx_record_static_json(r), *totals = cx_record_totals_json(r);
	struct cx_error err = { { 0 } };
	struct cx_record *back = NULL;

	assert_non_null(fixed);
	assert_non_null(totals);
	assert_int_equal(cx_record_from_static_json(fixed, &back, &err), 0);
	same_static(r, back);
	assert_int_equal(cx_record_add_totals_json(back, totals, &err), 0);
	same_totals(r, back);
	assert_string_equal(err.text, "");
	cx_record_free(back);
	free(fixed);
	free(totals);
}

static void everything_comes_back(void **state)
{
	struct cx_record *r = full_record();

	(void)state;
	round_trip(r);
	cx_record_free(r);
}

static void nothing_at_all_comes_back(void **state)
{
	struct cx_record *r = cx_record_new(0, 0, 0);

	(void)state;
	/* The strings that a record is never without. */
	set(&r->scenario, "");
	set(&r->machine, "");
	set(&r->scheduler, "");
	set(&r->params, "");
	round_trip(r);
	cx_record_free(r);
}

static void many_domains_come_back(void **state)
{
	struct cx_record *r = cx_record_new(MANY, 2 * MANY, 64);
	unsigned i;

	(void)state;
	set(&r->scenario, "many");
	set(&r->machine, "sim");
	set(&r->scheduler, "credit");
	set(&r->params, "");
	for (i = 0; i < MANY; i++) {
		char name[32];

		snprintf(name, sizeof(name), "domain.%u", i);
		set(&r->domains[i].name, name);
		r->domains[i].first_vcpu = 2 * i;
		r->domains[i].n_vcpus = 2;
		r->vcpus[2 * i].domain = r->vcpus[2 * i + 1].domain = i;
		r->vcpus[2 * i + 1].index = 1;
		r->vcpus[2 * i].progress = i;
	}
	round_trip(r);
	cx_record_free(r);
}

static void refused(const char *json)
{
	struct cx_record *back = (struct cx_record *)1;
	struct cx_error err = { { 0 } };

	assert_int_equal(cx_record_from_static_json(json, &back, &err), -EBADMSG);
	assert_null(back);
	assert_true(err.text[0] != '\0');
}

#define HEAD                                                                                       \
	"{\"coxswain-record\":1,\"scenario\":\"s\",\"machine\":\"m\",\"scheduler\":\"r\","         \
	"\"seed\":1,"
#define DOMAIN(first, n)                                                                           \
	"{\"name\":\"d\",\"first_vcpu\":" first ",\"n_vcpus\":" n                                  \
	",\"weight\":1,\"reservation\":0,\"limit\":0,\"start_ns\":0,\"stop_ns\":0}"

#define NONE "\"n_vcpus\":0,\"host_cpus\":[0],\"domains\":[],"
#define POOL(parent)                                                                               \
	"{\"name\":\"p\",\"parent\":" parent                                                       \
	",\"weight\":1,\"reservation\":0,\"limit\":0,\"expandable\":true}"

static void wrong_static_parts_are_refused(void **state)
{
	struct cx_record *back = NULL;

	(void)state;
	refused("");
	refused("{");
	refused("[]");
	refused("null");
	refused("{}");
	refused("{\"coxswain-record\":2}");
	refused(HEAD "\"n_vcpus\":1,\"host_cpus\":[0]}");
	refused(HEAD "\"n_vcpus\":1,\"host_cpus\":[0],\"domains\":{}}");
	refused(HEAD "\"n_vcpus\":1,\"host_cpus\":[0],\"domains\":[1]}");
	refused(HEAD "\"n_vcpus\":-1,\"host_cpus\":[0],\"domains\":[]}");
	refused(HEAD "\"n_vcpus\":4000000000,\"host_cpus\":[0],\"domains\":[]}");
	refused(HEAD "\"n_vcpus\":2,\"host_cpus\":[0],\"domains\":[" DOMAIN("0", "1") "]}");
	refused(HEAD "\"n_vcpus\":1,\"host_cpus\":[0],\"domains\":[" DOMAIN("1", "1") "]}");
	refused(HEAD "\"n_vcpus\":1,\"host_cpus\":[0],\"domains\":[" DOMAIN("0", "2") "]}");
	refused(HEAD NONE "\"pools\":{}}");
	refused(HEAD NONE "\"pools\":[1]}");
	refused(HEAD NONE "\"pools\":[{\"name\":\"p\"}]}");
	refused(HEAD NONE "\"pools\":[" POOL("0") "]}");
	refused(HEAD NONE "\"pools\":[" POOL("1") "," POOL("0") "]}");
	refused(HEAD "\"n_vcpus\":1,\"host_cpus\":[\"x\"],\"domains\":[" DOMAIN("0", "1") "]}");
	assert_int_equal(cx_record_from_static_json(HEAD "\"n_vcpus\":1,\"host_cpus\":[0],"
							 "\"domains\":[" DOMAIN("0", "1") "]}",
						    &back, NULL),
			 0);
	cx_record_free(back);
}

/** One changed byte makes a text that is taken or refused, and never more than that: the
 *  sanitizers watch. */
static void changed_bytes_do_no_harm(void **state)
{
	struct cx_record *r = full_record(), *back = NULL, *other;
	char *texts[2] = { cx_record_static_json(r), cx_record_totals_json(r) };
	static const char bytes[] = "\0\"{}[],:-09e.nx\xff";
	unsigned which, refusals = 0;
	size_t i;

	(void)state;
	assert_int_equal(cx_record_from_static_json(texts[0], &back, NULL), 0);
	for (which = 0; which < 2; which++) {
		for (i = 0; texts[which][i]; i++) {
			char was = texts[which][i];
			int rc;

			texts[which][i] = bytes[i % (sizeof(bytes) - 1)];
			if (which == 0) {
				rc = cx_record_from_static_json(texts[0], &other, NULL);
				if (rc == 0)
					cx_record_free(other);
			} else {
				rc = cx_record_add_totals_json(back, texts[1], NULL);
			}
			refusals += rc < 0;
			texts[which][i] = was;
		}
	}
	assert_true(refusals > 0);
	cx_record_free(back);
	free(texts[0]);
	free(texts[1]);
	cx_record_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everything_comes_back),
		cmocka_unit_test(nothing_at_all_comes_back),
		cmocka_unit_test(many_domains_come_back),
		cmocka_unit_test(wrong_static_parts_are_refused),
		cmocka_unit_test(changed_bytes_do_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
