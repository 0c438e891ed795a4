/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * wildcalls - every hypercall with wild arguments, hundreds of times: each must answer as
 * the ABI says.  Ends with 0 if all did, else with the number of the rule that was
 * broken; the results name call, argument and answer.
 *
 * Left out are EXIT and RING0, which take no argument that could be wild.
 */
#include "cx_guest.h"

#include <errno.h>

#define OWN_DOMAIN 0
#define LOG_MAX 200
#define MEMORY_MAX (UINT64_C(64) << 30) /* no domain has more */
#define ERRNO_MAX 4095

enum { P_CALLS, N_PARAMS };
enum { R_CALLS, R_CALL, R_ARGUMENT, R_ANSWER, N_RESULTS };

CX_WORKLOAD = {
	CX_WORKLOAD_HEAD,
	.name = "wildcalls",
	.summary = "makes every hypercall with wild arguments and checks the answers",
	.progress_unit = "calls",
	.n_params = N_PARAMS,
	.params = { [P_CALLS] = CX_INT("calls", "times", 1, INT64_C(1) << 40, 500,
				       "times each kind of call is made") },
	.n_results = N_RESULTS,
	.results = { [R_CALLS] = "calls",
		     [R_CALL] = "failed_call",
		     [R_ARGUMENT] = "failed_argument",
		     [R_ANSWER] = "failed_answer" },
};

#define CLOCKS_APART_NS 100000u

/** What can be broken; the exit status. */
enum rule {
	RULE_NONE,
	RULE_UNKNOWN,     /* 1: a number that is no hypercall: an error */
	RULE_BLOCK,       /* 2: BLOCK with an event pending: that event, at once */
	RULE_YIELD,       /* 3: YIELD: 0 */
	RULE_TIMER,       /* 4: SET_TIMER: 0, whatever the time */
	RULE_TIMER_EARLY, /* 5: a timer set for the far future does not fire now */
	RULE_PEER,        /* 6: SEND to no peer: -ENOENT */
	RULE_VCPU,        /* 7: SEND to no vCPU: -ENOENT */
	RULE_PORT,        /* 8: SEND to no port: -EINVAL */
	RULE_LOG_ADDRESS, /* 9: LOG from outside memory: -EFAULT */
	RULE_LOG_WRAP,    /* 10: LOG up to beyond the end of all addresses: -EFAULT */
	RULE_LOG_LENGTH,  /* 11: LOG of too much: -EINVAL, or -EFAULT if outside as well */
	RULE_LOG_ANY,     /* 12: LOG from anywhere: 0 or -EFAULT */
	RULE_UPCALL,      /* 13: UPCALL: 0 for 0 and 1, for others 0 or an error */
	RULE_NOP,         /* 14: NOP: 0 */
	RULE_NOW          /* 15: NOW: the time, which never goes back */
};

struct caller {
	struct cx_guest_page *page;
	struct cx_random random;
	uint64_t calls;
	/* The last call, for the report. */
	uint64_t number, argument;
	int64_t answer;
};

static int64_t call(struct caller *c, uint64_t number, uint64_t a, uint64_t b, uint64_t d)
{
	c->number = number;
	c->argument = number == CX_HC_SEND ? (a ? a : b | d) : a;
	c->answer = cx_hypercall(number, a, b, d);
	cx_set_progress(c->page, ++c->calls);
	return c->answer;
}

/** Any number, those near a power of two and the ends of the range the likeliest. */
static uint64_t wild(struct caller *c)
{
	uint64_t x = cx_random_next(&c->random);
	uint64_t bit = UINT64_C(1) << (x >> 8) % 64;

	switch (x % 8) {
	case 0:
		return bit;
	case 1:
		return bit - 1;
	case 2:
		return -bit;
	case 3:
		return UINT64_MAX - (x >> 8) % 8;
	case 4:
		return (uint64_t)INT64_MAX + (x >> 8) % 3;
	case 5:
		return (x >> 8) % 4096;
	default:
		return cx_random_next(&c->random) >> (x >> 8) % 64;
	}
}

/** The same, at least @min (a power of two or one more). */
static uint64_t wild_from(struct caller *c, uint64_t min)
{
	uint64_t x = wild(c);

	return x >= min ? x : min + x;
}

static bool is_error(int64_t answer)
{
	return answer < 0 && answer >= -ERRNO_MAX;
}

static enum rule try_unknown(struct caller *c)
{
	uint64_t number = wild_from(c, CX_HYPERCALLS);

	return is_error(call(c, number, wild(c), wild(c), wild(c))) ? RULE_NONE : RULE_UNKNOWN;
}

/* Waiting for anything else would be waiting for ever: an event is made pending first. */
static enum rule try_block(struct caller *c)
{
	uint64_t port = cx_random_below(&c->random, CX_PORT_TIMER);

	if (call(c, CX_HC_SEND, OWN_DOMAIN, c->page->vcpu, port))
		return RULE_PORT;
	if ((uint64_t)call(c, CX_HC_BLOCK, wild(c), wild(c), wild(c)) != UINT64_C(1) << port)
		return RULE_BLOCK;
	return RULE_NONE;
}

static enum rule try_yield(struct caller *c)
{
	return call(c, CX_HC_YIELD, wild(c), wild(c), wild(c)) ? RULE_YIELD : RULE_NONE;
}

static enum rule try_timer(struct caller *c)
{
	/* From half an hour on, up to what overflows when added to any clock. */
	uint64_t far = wild_from(c, CX_HOUR_NS / 2);

	if (call(c, CX_HC_SET_TIMER, far, wild(c), wild(c)))
		return RULE_TIMER;
	if (cx_pending(c->page))
		return RULE_TIMER_EARLY;
	return call(c, CX_HC_SET_TIMER, 0, wild(c), wild(c)) ? RULE_TIMER : RULE_NONE;
}

static enum rule try_send(struct caller *c)
{
	uint64_t no_peer = wild_from(c, c->page->peers + 1);
	uint64_t no_vcpu = wild_from(c, c->page->vcpus);
	uint64_t no_port = wild_from(c, CX_PORT_MAX + 1);

	if (call(c, CX_HC_SEND, no_peer, wild(c) % CX_GUEST_VCPUS_MAX, wild(c) % 64) != -ENOENT)
		return RULE_PEER;
	if (call(c, CX_HC_SEND, OWN_DOMAIN, no_vcpu, wild(c) % 64) != -ENOENT)
		return RULE_VCPU;
	if (call(c, CX_HC_SEND, OWN_DOMAIN, c->page->vcpu, no_port) != -EINVAL)
		return RULE_PORT;
	if (!is_error(call(c, CX_HC_SEND, no_peer, no_vcpu, no_port)))
		return RULE_PEER;
	return RULE_NONE;
}

static enum rule try_log(struct caller *c)
{
	uint64_t length = 1 + cx_random_below(&c->random, LOG_MAX);
	uint64_t outside = wild_from(c, MEMORY_MAX);
	int64_t answer;

	if (call(c, CX_HC_LOG, outside, length, wild(c)) != -EFAULT)
		return RULE_LOG_ADDRESS;
	if (call(c, CX_HC_LOG, -cx_random_below(&c->random, length) - 1, length, wild(c)) !=
	    -EFAULT)
		return RULE_LOG_WRAP;
	answer = call(c, CX_HC_LOG, wild(c), wild_from(c, LOG_MAX + 1), wild(c));
	if (answer != -EINVAL && answer != -EFAULT)
		return RULE_LOG_LENGTH;
	if (call(c, CX_HC_LOG, (uint64_t)(uintptr_t)c, wild_from(c, LOG_MAX + 1), 0) >= 0)
		return RULE_LOG_LENGTH;
	answer = call(c, CX_HC_LOG, wild(c), length, wild(c));
	return answer && answer != -EFAULT ? RULE_LOG_ANY : RULE_NONE;
}

static enum rule try_upcall(struct caller *c)
{
	uint64_t what = wild(c);
	int64_t answer = call(c, CX_HC_UPCALL, what, wild(c), wild(c));
	bool fine = answer == 0 || (what > 1 && is_error(answer));

	if (call(c, CX_HC_UPCALL, 0, wild(c), wild(c)))
		return RULE_UPCALL;
	return fine ? RULE_NONE : RULE_UPCALL;
}

static enum rule try_nop(struct caller *c)
{
	return call(c, CX_HC_NOP, wild(c), wild(c), wild(c)) ? RULE_NOP : RULE_NONE;
}

static enum rule try_now(struct caller *c)
{
	uint64_t before = cx_now(c->page);
	int64_t now = call(c, CX_HC_NOW, wild(c), wild(c), wild(c));
	uint64_t after = cx_now(c->page);

	/* Two clocks, which drift apart by about a microsecond a second. */
	return now > 0 && (uint64_t)now + CLOCKS_APART_NS > before &&
			       (uint64_t)now < after + CLOCKS_APART_NS
		       ? RULE_NONE
		       : RULE_NOW;
}

int cx_main(struct cx_guest_page *page)
{
	static enum rule (*const tries[])(struct caller *) = {
		try_unknown, try_block, try_yield,  try_timer, try_send,
		try_log,     try_nop,   try_upcall, try_now,
	};
	struct caller c = { .page = page };
	enum rule broken = RULE_NONE;

	cx_random_init(&c.random, page->seed);
	for (int64_t i = 0; i < page->params[P_CALLS] && !broken; i++)
		for (unsigned t = 0; t < sizeof(tries) / sizeof(tries[0]) && !broken; t++)
			broken = tries[t](&c);
	cx_set_result(page, R_CALLS, c.calls);
	if (broken) {
		cx_set_result(page, R_CALL, c.number);
		cx_set_result(page, R_ARGUMENT, c.argument);
		cx_set_result(page, R_ANSWER, (uint64_t)c.answer);
	}
	return (int)broken;
}
