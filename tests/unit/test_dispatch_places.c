/* SPDX-License-Identifier: BSD-2-Clause */
/* Where a waking vCPU goes when the policy leaves that to core, and what is near what. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/policies.h"

static const struct vm_domain hog[] = { { .vcpus = 1 } };

#define NODES "pack:2 l3:1 core:2 pu:2" /* 0 1 | 2 3 || 4 5 | 6 7: SMT, LLC, nodes */

static unsigned place_of(struct vm *m, unsigned vcpu)
{
	return m->vcpus[vcpu].on;
}

static struct vm *placing(const struct vm_domain *domains, unsigned n, unsigned pcpus)
{
	return vmachine_new(&(struct vm_config){ .plugin = &ring_plugin,
						 .topology = NODES,
						 .pcpus = pcpus,
						 .domains = domains,
						 .n_domains = n });
}

static void end_placing(struct vm *m)
{
	vmachine_finish(m);
	vmachine_check(m);
	vmachine_free(m);
}

static void default_place_is_idle_and_near(void **state)
{
	static const struct vm_domain spread[] = { { .vcpus = 8 } };
	static const struct vm_step naps[] = { { VM_RUN, VM_MS }, { VM_SLEEP, VM_MS } };
	static const struct vm_domain soft[] = {
		{ .script = naps, .n_steps = 2, .cpus_soft = "5,6" },
		{ .cpus = "5", .start_ns = 10 * VM_MS },
		{ .cpus = "6", .start_ns = 20 * VM_MS },
	};
	static const struct vm_domain pinned[] = {
		{ .script = naps, .n_steps = 2, .cpus = "2" },
		{ .cpus = "2", .vcpus = 1 },
	};
	struct vm *m = placing(spread, 1, 8);
	unsigned i, used = 0;

	(void)state;
	vmachine_run(m, VM_MS);
	for (i = 0; i < 8; i++)
		used |= 1u << place_of(m, i);
	assert_int_equal(used, 0xff); /* one each */
	end_placing(m);

	m = placing(soft, 3, 8);
	vmachine_run(m, 500 * VM_US);
	assert_int_equal(place_of(m, 0), 5); /* where it likes to be */
	vmachine_run(m, 8 * VM_MS + 500 * VM_US);
	assert_int_equal(place_of(m, 0), 5); /* where it was */
	vmachine_run(m, 14 * VM_MS + 500 * VM_US);
	assert_int_equal(place_of(m, 0), 6); /* 5 is busy */
	vmachine_run(m, 24 * VM_MS + 500 * VM_US);
	assert_int_equal(place_of(m, 0), 7); /* both are: the nearest idle one */
	end_placing(m);

	/* Left alone, it stays where it is. */
	m = placing(soft, 1, 8);
	vmachine_run(m, 100 * VM_MS);
	vmachine_finish(m);
	for (i = 0; i < CX_DISTANCES; i++)
		assert_int_equal(m->record->vcpus[0].migrations[i], 0);
	vmachine_check(m);
	vmachine_free(m);

	m = placing(pinned, 2, 4);
	vmachine_run(m, 100 * VM_MS);
	assert_true(m->vcpus[0].ran_ns > 0);
	vmachine_finish(m);
	assert_int_equal(m->record->pcpus[2].busy_ns, 100 * VM_MS);
	vmachine_check(m);
	vmachine_free(m);
}

static void near_and_far(void **state)
{
	static const enum cx_distance far[] = { CX_DIST_SELF, CX_DIST_SMT,  CX_DIST_LLC,
						CX_DIST_LLC,  CX_DIST_NODE, CX_DIST_NODE,
						CX_DIST_NODE, CX_DIST_NODE };
	struct vm *m = placing(hog, 1, 8);
	unsigned i;

	(void)state;
	for (i = 0; i < 8; i++) {
		assert_int_equal(cx_distance(m->pcpus[0].p, m->pcpus[i].p), far[i]);
		assert_ptr_equal(cx_pcpu_near(m->pcpus[i].p, 0), m->pcpus[i].p);
	}
	/* The nearest first, equals by index; none past the last. */
	for (i = 0; i < 8; i++)
		assert_int_equal(cx_pcpu_index(cx_pcpu_near(m->pcpus[0].p, i)), i);
	assert_int_equal(cx_pcpu_index(cx_pcpu_near(m->pcpus[3].p, 1)), 2);
	assert_int_equal(cx_pcpu_index(cx_pcpu_near(m->pcpus[3].p, 2)), 0);
	assert_int_equal(cx_pcpu_index(cx_pcpu_near(m->pcpus[7].p, 1)), 6);
	assert_null(cx_pcpu_near(m->pcpus[7].p, 8));
	end_placing(m);
}

static void affinity_that_leaves_nothing(void **state)
{
	static const struct vm_domain domains[] = { { .vcpus = 1, .cpus = "7" } };
	struct vm *m = vmachine_new(&(struct vm_config){ .plugin = &ring_plugin,
							 .pcpus = 2,
							 .domains = domains,
							 .n_domains = 1,
							 .expects_refusal = true });

	(void)state;
	assert_int_equal(m->rc, -EINVAL);
	assert_non_null(strstr(m->err.text, "domain d0"));
	vmachine_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(default_place_is_idle_and_near),
		cmocka_unit_test(near_and_far),
		cmocka_unit_test(affinity_that_leaves_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
