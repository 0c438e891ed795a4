/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * credit_rig.h - the credit scheduler's sources on the test bench.
 */
#ifndef CREDIT_RIG_H
#define CREDIT_RIG_H

#include "mock_core.c"

#include "../../schedulers/credit/accounting.c"
#include "../../schedulers/credit/credit.c"
#include "../../schedulers/credit/placement.c"
#include "../../schedulers/credit/queue.c"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define TSLICE (30 * CX_MS)
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static inline struct mock *bench(unsigned pcpus)
{
	return mock_new(&coxswain_plugin, &(struct mock_config){ .pcpus = pcpus, .seed = 1 });
}

static inline struct cx_vcpu *hog(struct mock *m, unsigned weight, unsigned cap)
{
	return mock_vcpu(mock_domain(m, "hog", weight, cap), 0, NULL, 0);
}

#endif
