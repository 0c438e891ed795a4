/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * draw.h - what the generators of scenarios draw alike.  All from *dice, which moves on.
 */
#ifndef CX_TESTS_PROPERTY_DRAW_H
#define CX_TESTS_PROPERTY_DRAW_H

#include "tests/property/property.h"

/** Between both, evenly in the logarithm to the base of two; both may come out. */
uint64_t prop_spread(uint64_t *dice, uint64_t low, uint64_t high);
/** As people write times: most of them round. */
uint64_t prop_rounded(uint64_t *dice, uint64_t ns);
/** Some of the first @n pCPUs, at least one. */
uint64_t prop_draw_set(uint64_t *dice, unsigned n);
/** None, the default ones, or random ones. */
void prop_draw_costs(uint64_t *dice, struct prop_scenario *s);

/* --- guarantees.c --- */
/** Reservations, pools, and changes of both. */
void prop_draw_guarantees(uint64_t *dice, const struct cx_plugin *table, struct prop_scenario *s);
/** Domains with reservations and limits beside hogs and those that wake all the time. */
void prop_draw_neighbours(uint64_t *dice, struct prop_scenario *s);

#endif
