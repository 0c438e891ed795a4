/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * entitlement/entitlement.h - who is entitled to how much CPU: the one solver that policies
 * ask (through the service cx_entitlements()) and all policies are measured with.
 *
 * Clients of one capacity share it in proportion to their weights, within bounds:
 *
 *     e_i = clamp(w_i x, lo_i, hi_i)   with one x, the e_i adding up to the capacity
 *
 * with hi_i the least of limit and demand, and lo_i the least of reservation and hi_i.  If the
 * hi_i together fit, each has its hi_i; if the lo_i together do not fit, each has its lo_i
 * scaled down alike.  This is VMware's proportional share ("vSphere Resource Management"),
 * water-filling with a floor and a ceiling for each.
 *
 * All amounts are whole numbers in one unit of the caller's choice (ns in a step, ns per
 * second), all arithmetic is exact: results differ from the real numbers by less than 1, and
 * add up to the capacity where it is used up.  O(n log n), by sorting the levels x at which a
 * client meets one of its bounds.
 */
#ifndef CX_ENTITLEMENT_H
#define CX_ENTITLEMENT_H

#include <stdbool.h>
#include <stdint.h>

#define CX_NO_POOL UINT32_MAX
#define CX_POOL_WEIGHT_MAX 16777215u
#define CX_AMOUNT_MAX (1ull << 60)        /* of a capacity, lo, hi, demand */
#define CX_CLIENT_WEIGHT_MAX (1ull << 40) /* of one client; all together less than 2^62 */

#endif
