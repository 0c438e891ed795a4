/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * entitlement/flow.h - can every source place its supply in the sinks that it may use?
 *
 * Hall's condition with amounts: it can exactly if no set of sources has a greater supply than
 * all the sinks together that any of them may use.  A maximum flow answers it, kept up to date by
 * shortest augmenting paths (Ford and Fulkerson 1956, Edmonds and Karp 1972) as supplies and
 * capacities change; its minimal cut is the set of sources that cannot.
 */
#ifndef CX_ENTITLEMENT_FLOW_H
#define CX_ENTITLEMENT_FLOW_H

#include <stdbool.h>
#include <stdint.h>

struct cx_flow;

/** No arcs, no supply, no capacity.  All supplies together are to be less than 2^63.  NULL when
 *  out of memory. */
struct cx_flow *cx_flow_new(unsigned n_sources, unsigned n_sinks);
void cx_flow_free(struct cx_flow *flow);

/** @source may use @sink. */
void cx_flow_allow(struct cx_flow *flow, unsigned source, unsigned sink);
void cx_flow_set_supply(struct cx_flow *flow, unsigned source, uint64_t supply);
void cx_flow_set_capacity(struct cx_flow *flow, unsigned sink, uint64_t capacity);
/** No supply and no capacity any more; the arcs stay. */
void cx_flow_clear(struct cx_flow *flow);

/**
 * Place as much as can be placed.  Returns what cannot, 0 if all is in place.
 *
 * Otherwise, until the next call: the sources for which cx_flow_cut_source() holds may use no
 * sinks but those for which cx_flow_cut_sink() does, and what is returned is by how much
 * the supply of these is greater than the capacity of those: by more than for any other set of
 * sources, and of several such sets it is the smallest.
 */
uint64_t cx_flow_settle(struct cx_flow *flow);
bool cx_flow_cut_source(const struct cx_flow *flow, unsigned source);
bool cx_flow_cut_sink(const struct cx_flow *flow, unsigned sink);

#endif
