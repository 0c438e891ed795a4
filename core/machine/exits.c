/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a guest asks for: hypercalls, halts, crashes.  Every value is the guest's and is
 * checked here before use.
 */
#include "core/machine/host.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define LOG_LINE_MAX 200u
#define LOG_LINES_MAX 1000u /* a vCPU; a guest must not flood the log */
/* Waits longer than this are as good as for ever, and sums with them do not overflow. */
#define LONGEST_WAIT_NS (1ull << 62)

static uint64_t after(const struct cx_host_vcpu *hv, uint64_t ns)
{
	return cx_host_now(hv->host) + (ns < LONGEST_WAIT_NS ? ns : LONGEST_WAIT_NS);
}

static int64_t send_event(struct cx_host_vcpu *hv, uint64_t peer, uint64_t vcpu, uint64_t port)
{
	struct cx_guest *g = hv->guest, *to;

	if (peer > g->n_peers)
		return -ENOENT;
	to = peer == 0 ? g : &hv->host->guests[g->peers[peer - 1]];
	if (vcpu >= to->n_vcpus)
		return -ENOENT;
	if (port > CX_PORT_MAX)
		return -EINVAL;
	cx_host_post(&to->vcpus[vcpu], (unsigned)port, CX_WAKE_EVENT);
	return 0;
}

static int64_t log_line(struct cx_host_vcpu *hv, uint64_t addr, uint64_t len)
{
	struct cx_guest *g = hv->guest;
	char text[LOG_LINE_MAX + 1];
	uint64_t i;

	if (len > LOG_LINE_MAX)
		return -EINVAL;
	if (g->engine->read(g->vm, addr, text, (size_t)len))
		return -EFAULT;
	if (hv->logged++ >= LOG_LINES_MAX)
		return 0;
	for (i = 0; i < len; i++)
		if (!isprint((unsigned char)text[i]))
			text[i] = '.';
	text[len] = '\0';
	cx_host_log(hv->host, "%s/%u: %s%s", g->name, hv->index, text,
		    hv->logged == LOG_LINES_MAX ? " (its last line shown)" : "");
	return 0;
}

static void crash(struct cx_host_vcpu *hv, const char *text)
{
	cx_guest_crashed(hv->guest, text);
	hv->host->director->stop_domain(hv->host, hv->guest->index, CX_END_CRASH);
}

static enum cx_next block(struct cx_host_vcpu *hv, uint64_t ns, enum cx_why *why,
			  uint64_t *deadline_ns)
{
	hv->answer_due = true;
	*why = CX_WHY_BLOCK;
	*deadline_ns = ns ? after(hv, ns) : CX_NEVER;
	return CX_NEXT_LEAVE;
}

static enum cx_next ring0(struct cx_host_vcpu *hv, enum cx_why *why)
{
	struct cx_guest *g = hv->guest;
	struct cx_error err = { "" };

	g->engine->answer(g->vm, hv->index, 0);
	if (g->engine->enter_ring0(g->vm, hv->index, &err) == 0)
		return CX_NEXT_ENTER;
	crash(hv, err.text);
	*why = CX_WHY_END;
	return CX_NEXT_LEAVE;
}

static enum cx_next hypercall(struct cx_host_vcpu *hv, const struct cx_exit *exit, enum cx_why *why,
			      uint64_t *deadline_ns)
{
	struct cx_guest *g = hv->guest;
	const uint64_t *a = exit->args;
	int64_t result = 0;

	switch (exit->number) {
	case CX_HC_EXIT:
		hv->status = a[0];
		if (hv->v)
			cx_vcpu_set_status(hv->v, a[0]);
		*why = CX_WHY_END;
		return CX_NEXT_LEAVE;
	case CX_HC_BLOCK:
		return block(hv, a[0], why, deadline_ns);
	case CX_HC_YIELD:
		g->engine->answer(g->vm, hv->index, 0);
		*why = CX_WHY_YIELD;
		return CX_NEXT_LEAVE;
	case CX_HC_SET_TIMER:
		hv->host->director->set_timer(hv, a[0] ? after(hv, a[0]) : CX_NEVER);
		break;
	case CX_HC_SEND:
		result = send_event(hv, a[0], a[1], a[2]);
		break;
	case CX_HC_LOG:
		result = log_line(hv, a[0], a[1]);
		break;
	case CX_HC_UPCALL:
		if (a[0] > 1)
			result = -EINVAL;
		else
			g->engine->set_upcall(g->vm, hv->index, a[0] == 1);
		break;
	case CX_HC_RING0:
		return ring0(hv, why);
	case CX_HC_NOP:
		break;
	case CX_HC_NOW:
		result = (int64_t)cx_host_now(hv->host);
		break;
	default:
		result = -ENOSYS;
		break;
	}
	g->engine->answer(g->vm, hv->index, result);
	return CX_NEXT_ENTER;
}

enum cx_next cx_host_exit(struct cx_host_vcpu *hv, const struct cx_exit *exit, enum cx_why *why,
			  uint64_t *deadline_ns)
{
	switch (exit->kind) {
	case CX_EXIT_KICKED:
		return CX_NEXT_ENTER;
	case CX_EXIT_HYPERCALL:
		if (hv->host->traced)
			hv->host->director->note(hv, CX_EV_HYPERCALL, (uint32_t)exit->number,
						 exit->args[0], exit->args[1]);
		return hypercall(hv, exit, why, deadline_ns);
	case CX_EXIT_HALT:
		*why = CX_WHY_BLOCK;
		*deadline_ns = CX_NEVER;
		return CX_NEXT_LEAVE;
	case CX_EXIT_CRASH:
	default:
		crash(hv, exit->text);
		*why = CX_WHY_END;
		return CX_NEXT_LEAVE;
	}
}
