/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/cli/validate.h - a run on KVM beside the same run in simulation: what differs.
 */
#ifndef CX_CORE_CLI_VALIDATE_H
#define CX_CORE_CLI_VALIDATE_H

#include "trace/metrics.h"
#include "trace/record.h"

#include <stdio.h>

/* How near the simulator is to come: differences above these are marked. */
#define CX_VALIDATE_SHARE_POINTS 1.0 /* percent of one pCPU */
#define CX_VALIDATE_SWITCHES_PERCENT 10.0
#define CX_VALIDATE_PROGRESS_PERCENT 3.0
#define CX_VALIDATE_WAKE_FACTOR 2.0 /* of the median wake-up latency */
/* Too little of it to compare. */
#define CX_VALIDATE_SWITCHES_MIN 10.0 /* a second */
#define CX_VALIDATE_WAKES_MIN 30u     /* in the run */
#define CX_VALIDATE_STEAL_PERCENT 3.0 /* a host that takes more of the time is no yardstick */

/** What of a run is compared. */
enum cx_validate_kind {
	CX_VALIDATE_SHARE,    /* of a domain: percent of one pCPU while it lived */
	CX_VALIDATE_PROGRESS, /* of a domain: a second of its life */
	CX_VALIDATE_WAKE_P50, /* of a domain, ns */
	CX_VALIDATE_WAKE_P99, /* of a domain, ns: shown, without a bound */
	CX_VALIDATE_SWITCHES  /* of the run, a second */
};

struct cx_validate_row {
	enum cx_validate_kind kind;
	const char *domain; /* NULL = the whole run; the record's */
	double kvm, sim;
	double difference;  /* points, percent, or a factor of 1 or more, by kind */
	bool bounded, near; /* is there a bound, and does it hold? */
};

/** One scenario under one scheduler, on both machines. */
struct cx_validation {
	const struct cx_record *kvm, *sim;
	bool noisy; /* the host took away more than CX_VALIDATE_STEAL_PERCENT */
	unsigned n;
	struct cx_validate_row *rows;
};

/** Compare; the records and metrics must outlive it.  0 or -ENOMEM. */
int cx_validation_make(const struct cx_record *kvm, const struct cx_metrics *kvm_metrics,
		       const struct cx_record *sim, const struct cx_metrics *sim_metrics,
		       struct cx_validation *validation);
void cx_validation_free(struct cx_validation *validation);
/** The table, replicas of a domain in one row: their mean. */
void cx_validation_print(const struct cx_validation *validation, FILE *out);
/** Rows with a bound, and how many of them hold it. */
void cx_validation_count(const struct cx_validation *validation, unsigned *bounded, unsigned *near);

#endif
