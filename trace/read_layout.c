/* SPDX-License-Identifier: BSD-2-Clause */
/* The counterpart of trace/lttng/provider.h: which field is which member. */
#include "trace/read_internal.h"

#include <string.h>

#define FIELD_AS(name, member, is_signed, label)                                                   \
	{                                                                                          \
		name, offsetof(struct cx_event, member),                                           \
			sizeof(((const struct cx_event *)0)->member), is_signed, label             \
	}
#define FIELD(name, member) FIELD_AS(name, member, false, NULL)
#define SIGNED(name, member) FIELD_AS(name, member, true, NULL)
#define LABELLED(name, member, label) FIELD_AS(name, member, false, label)
#define WHERE FIELD("t_ns", t_ns), FIELD("pcpu", pcpu)
#define WHO WHERE, SIGNED("vcpu", vcpu)
#define POLICY WHO, FIELD("code", why), FIELD("x", x), FIELD("y", y)

/* clang-format off */
static const struct cx_read_layout layouts[] = {
	{"coxswain:vcpu_wake", CX_EV_WAKE, {WHO, LABELLED("why", why, cx_wake_why_name)}},
	{"coxswain:vcpu_block", CX_EV_BLOCK, {WHO, FIELD("deadline_ns", x)}},
	{"coxswain:switch", CX_EV_SWITCH,
	 {WHERE, SIGNED("prev", prev), LABELLED("why", why, cx_why_name), SIGNED("next", vcpu),
	  FIELD("slice_ns", x), FIELD("decide_ns", y)}},
	{"coxswain:migrate", CX_EV_MIGRATE,
	 {WHO, SIGNED("from", prev), LABELLED("distance", why, cx_distance_name),
	  FIELD("warmth_ns", x)}},
	{"coxswain:park", CX_EV_PARK, {WHO, LABELLED("reason", why, cx_park_reason_name)}},
	{"coxswain:unpark", CX_EV_UNPARK, {WHO, LABELLED("reason", why, cx_park_reason_name)}},
	{"coxswain:pause", CX_EV_PAUSE, {WHO}},
	{"coxswain:unpause", CX_EV_UNPAUSE, {WHO}},
	{"coxswain:vcpu_end", CX_EV_END,
	 {WHO, LABELLED("end", why, cx_end_name), FIELD("status", x)}},
	{"coxswain:policy_account", CX_EV_ACCOUNT, {POLICY}},
	{"coxswain:policy_event", CX_EV_POLICY, {POLICY}},
	{"coxswain:param_set", CX_EV_PARAM,
	 {WHERE, SIGNED("domain", vcpu), FIELD("index", why), SIGNED("value", x)}},
	{"coxswain:policy_fault", CX_EV_FAULT, {WHO, LABELLED("fault", why, cx_fault_name)}},
	{"coxswain:hypercall", CX_EV_HYPERCALL,
	 {WHO, FIELD("number", why), FIELD("arg0", x), FIELD("arg1", y)}},
	{"coxswain:exit", CX_EV_EXIT, {WHO, FIELD("reason", why)}},
	{"coxswain:pcpu_offline", CX_EV_PCPU_OFFLINE, {WHERE, FIELD("online", x)}},
	{"coxswain:pcpu_online", CX_EV_PCPU_ONLINE, {WHERE, FIELD("online", x)}},
	{"coxswain:domain_adjust", CX_EV_ADJUST,
	 {WHERE, FIELD("domain", vcpu), FIELD("what", why), FIELD("value", x)}},
	{"coxswain:pool_adjust", CX_EV_ADJUST_POOL,
	 {WHERE, FIELD("pool", vcpu), FIELD("what", why), FIELD("value", x)}},
};
/* clang-format on */

const struct cx_read_layout *cx_read_layout_of(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(layouts) / sizeof(layouts[0]); i++)
		if (strcmp(layouts[i].name, name) == 0)
			return &layouts[i];
	return NULL;
}

const struct cx_read_layout *cx_read_layout_of_type(unsigned type)
{
	size_t i;

	for (i = 0; i < sizeof(layouts) / sizeof(layouts[0]); i++)
		if (layouts[i].type == type)
			return &layouts[i];
	return NULL;
}
