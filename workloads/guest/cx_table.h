/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The table in which a workload describes itself:
 *
 *	CX_WORKLOAD = {CX_WORKLOAD_HEAD, .name = "...", .summary = "...", ...};
 *
 * A payload keeps it in a section of its own, where the program reads it.  A workload that
 * also has a model keeps it in a header that both include: the model, which is part of the
 * program, gets a constant of the same name for itself alone.
 */
#ifndef CX_WORKLOADS_TABLE_H
#define CX_WORKLOADS_TABLE_H

#include <coxswain/guest_abi.h>

#if __STDC_HOSTED__ && !defined(CX_WORKLOADS_GUEST_H)
#define CX_WORKLOAD static const struct cx_workload_info cx_workload
#else
#define CX_WORKLOAD                                                                                \
	extern const struct cx_workload_info cx_workload;                                          \
	__attribute__((section(CX_WORKLOAD_SECTION), used, aligned(64)))                           \
	const struct cx_workload_info cx_workload
#endif
#define CX_WORKLOAD_HEAD .magic = CX_WORKLOAD_MAGIC, .version = CX_GUEST_ABI_VERSION

/** One parameter in the table: bounds are inclusive. */
#define CX_INT(name, unit, min, max, def, doc)                                                     \
	{                                                                                          \
		name, unit, CX_WORKLOAD_INT, 0, min, max, def, doc                                 \
	}
/** In nanoseconds. */
#define CX_DURATION(name, min, max, def, doc)                                                      \
	{                                                                                          \
		name, "ns", CX_WORKLOAD_DURATION, 0, min, max, def, doc                            \
	}
/** In bytes. */
#define CX_SIZE(name, min, max, def, doc)                                                          \
	{                                                                                          \
		name, "bytes", CX_WORKLOAD_SIZE, 0, min, max, def, doc                             \
	}
#define CX_BOOL(name, def, doc)                                                                    \
	{                                                                                          \
		name, "", CX_WORKLOAD_BOOL, 0, 0, 1, def, doc                                      \
	}

#define CX_NSEC_PER_USEC INT64_C(1000)
#define CX_NSEC_PER_MSEC INT64_C(1000000)
#define CX_NSEC_PER_SEC INT64_C(1000000000)
/** The longest duration that a workload's table allows. */
#define CX_HOUR_NS (3600 * CX_NSEC_PER_SEC)

#endif
