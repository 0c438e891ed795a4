/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/run/admission.h - can everything be guaranteed that a scenario reserves?
 *
 * Checked before anything starts, on every machine and whatever the policy: the scenario's
 * plan is gone through in the order of time on a ledger (entitlement/admission.h).  Pools take
 * their reservations at the start, domains theirs when they start, with the values that changes
 * up to then have given them, and give them back when they are stopped.
 */
#ifndef CX_CORE_RUN_ADMISSION_H
#define CX_CORE_RUN_ADMISSION_H

#include "core/run/change.h"

/**
 * Check all that happens before @duration_ns; after cx_check_changes().
 * Returns 0; -EINVAL with "FILE:LINE: ... at TIME: " and the arithmetic; -ENOMEM.
 */
int cx_check_admission(const struct cx_changing *run, uint64_t duration_ns, struct cx_error *err);

#endif
