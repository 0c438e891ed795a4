/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Wake-ups are never lost: tokens go to and fro between vCPUs of different domains, and
 * every one that was sent is received or still pending.  A lost wake-up stops the vCPU that
 * waits for it, unless it waits with a deadline or another token comes: some wait without,
 * for the only token that they have, and in the end each has to receive once more.
 *
 * The guests are stand-ins for KVM_RUN, so that this runs under ThreadSanitizer and the
 * millions take seconds; everything else is the real thing.
 */
#include "tests/unit/host_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
#define EVENTS 200000u
#else
#define EVENTS 2000000u
#endif
#define SLOW_HOST 10u /* so many times fewer where CX_SLOW_HOST is set: an emulated host */
#define PAIRS 3u      /* pairs of domains */
#define VCPUS 3u      /* of each domain */
#define TOKENS 4u     /* between two vCPUs, on ports of their own; one between the first two */
#define STILL_S 20u   /* no event for so long means that one was lost */

struct pair {
	_Atomic uint64_t *total;
	_Atomic uint64_t *senders; /* vCPUs that have sent */
	_Atomic uint64_t *again;   /* vCPUs that have received in the last round */
	atomic_bool *last_round;
	atomic_bool *stop;
	bool first; /* its vCPUs hold the tokens at the start */
	struct {
		uint64_t sent, received, timeouts, hand; /* hand: tokens to be sent, by port */
		bool begun, blocked, counted;            /* in @again */
	} v[VCPUS];
};

static void hypercall(struct cx_exit *exit, uint64_t number, uint64_t a, uint64_t b, uint64_t c)
{
	exit->kind = CX_EXIT_HYPERCALL;
	exit->number = number;
	exit->args[0] = a;
	exit->args[1] = b;
	exit->args[2] = c;
}

static void take_tokens(struct standin_vcpu *v, struct pair *p)
{
	uint64_t mask = (uint64_t)v->answer;

	p->v[v->index].blocked = false;
	if (!mask)
		p->v[v->index].timeouts++;
	p->v[v->index].received += (unsigned)__builtin_popcountll(mask);
	p->v[v->index].hand |= mask;
	atomic_fetch_add(p->total, (unsigned)__builtin_popcountll(mask));
	if (mask && !p->v[v->index].counted && atomic_load(p->last_round)) {
		p->v[v->index].counted = true;
		atomic_fetch_add(p->again, 1);
	}
}

static void guest_pingpong(struct standin_vcpu *v, struct cx_exit *exit)
{
	struct pair *p = v->arg;
	unsigned i = v->index, port;

	if (!p->v[i].begun) {
		p->v[i].begun = true;
		p->v[i].hand = p->first ? (1u << (i ? TOKENS : 1)) - 1 : 0;
	} else if (p->v[i].blocked) {
		if (!v->answered) { /* entered again without having been answered */
			exit->kind = CX_EXIT_CRASH;
			snprintf(exit->text, sizeof(exit->text), "no answer to a block");
			return;
		}
		take_tokens(v, p);
	}
	if (p->v[i].hand && !atomic_load(p->stop)) {
		port = (unsigned)__builtin_ctzll(p->v[i].hand);
		p->v[i].hand &= p->v[i].hand - 1;
		if (!p->v[i].sent++)
			atomic_fetch_add(p->senders, 1);
		hypercall(exit, CX_HC_SEND, 1, i, port);
		return;
	}
	if (atomic_load(p->stop)) {
		hypercall(exit, CX_HC_EXIT, 0, 0, 0);
		return;
	}
	p->v[i].blocked = true;
	/* Every other vCPU waits with a deadline, so that both ways of waking race. */
	hypercall(exit, CX_HC_BLOCK, i % 2 ? 300000 : 0, 0, 0);
}

/* Wait for the count; false if it stands still. */
static bool reaches(_Atomic uint64_t *total, uint64_t goal)
{
	uint64_t last = 0, now;
	unsigned still = 0;

	while ((now = atomic_load(total)) < goal) {
		still = now == last ? still + 1 : 0;
		last = now;
		if (still > STILL_S * 100)
			return false;
		usleep(10000);
	}
	return true;
}

/* Tokens on their way into a vCPU: pending, or answered to a block that it has not seen yet. */
static unsigned on_the_way(struct standin_vm *vm, const struct pair *p, unsigned k)
{
	const struct standin_vcpu *v = &vm->vcpu[k];
	uint64_t mask = standin_pending(vm, k);

	if (p->v[k].blocked && v->answered)
		mask |= (uint64_t)v->answer;
	return (unsigned)__builtin_popcountll(mask);
}

static void check_tokens(const struct rig *r, const struct pair *pairs)
{
	unsigned i, k;

	for (i = 0; i < 2 * PAIRS; i += 2)
		for (k = 0; k < VCPUS; k++) {
			uint64_t sent = pairs[i].v[k].sent + pairs[i + 1].v[k].sent;
			uint64_t got = pairs[i].v[k].received + pairs[i + 1].v[k].received;

			assert_int_equal(sent, got + on_the_way(r->vms[i], &pairs[i], k) +
						       on_the_way(r->vms[i + 1], &pairs[i + 1], k));
			assert_true(sent > 0);
		}
}

static void check_states(const struct rig *r)
{
	unsigned i, s;

	for (i = 0; i < r->record->n_vcpus; i++) {
		const struct cx_record_vcpu *v = &r->record->vcpus[i];
		uint64_t sum = 0;

		for (s = 0; s < CX_STATES; s++)
			sum += v->time_ns[s];
		assert_int_equal(sum, v->stop_ns - v->start_ns);
	}
}

static void run_tokens(const char *plugin, bool hogs)
{
	struct rig r = { .n_domains = 2 * PAIRS + (hogs ? 2 : 0) };
	struct pair pairs[2 * PAIRS] = { { 0 } };
	_Atomic uint64_t total = 0, senders = 0, again = 0;
	uint64_t events = getenv("CX_SLOW_HOST") ? EVENTS / SLOW_HOST : EVENTS;
	atomic_bool stop = false, last_round = false;
	unsigned i;
	int rc;

	for (i = 0; i < r.n_domains; i++) {
		if (i >= 2 * PAIRS) {
			r.domains[i] = (struct rig_domain){ 1, 256, 0, guest_hog, NULL, i };
			continue;
		}
		pairs[i].total = &total;
		pairs[i].senders = &senders;
		pairs[i].again = &again;
		pairs[i].last_round = &last_round;
		pairs[i].stop = &stop;
		pairs[i].first = i % 2 == 0;
		r.domains[i] =
			(struct rig_domain){ VCPUS, 256, 0, guest_pingpong, &pairs[i], i ^ 1 };
	}
	rc = rig_start(&r, plugin, 2, 120000000000ull);
	if (rc)
		fail_msg("%s", r.err.text);
	/* Hogs take their turns of 10 ms and more: fewer events in the same time. */
	if (!reaches(&total, hogs ? EVENTS / 500 : events))
		fail_msg("after %llu events nothing moves: a wake-up was lost",
			 (unsigned long long)total);
	/* On a busy host some may not have had a turn by then. */
	if (!reaches(&senders, 2 * PAIRS * VCPUS))
		fail_msg("%llu of %u vCPUs have sent", (unsigned long long)senders,
			 2 * PAIRS * VCPUS);
	atomic_store(&last_round, true);
	if (!reaches(&again, 2 * PAIRS * VCPUS))
		fail_msg("after %llu events only %llu of %u vCPUs still receive: a wake-up was "
			 "lost",
			 (unsigned long long)total, (unsigned long long)again, 2 * PAIRS * VCPUS);
	atomic_store(&stop, true);
	usleep(20000);
	rig_finish(&r);
	check_tokens(&r, pairs);
	check_states(&r);
	assert_false(r.record->degraded);
	rig_free(&r);
}

static void tokens_under_rr(void **state)
{
	(void)state;
	run_tokens("lib/coxswain/schedulers/rr.so", false);
}

static void tokens_under_credit(void **state)
{
	(void)state;
	run_tokens("lib/coxswain/schedulers/credit.so", false);
}

static void tokens_beside_hogs_under_rr(void **state)
{
	(void)state;
	run_tokens("lib/coxswain/schedulers/rr.so", true);
}

static void tokens_beside_hogs_under_credit(void **state)
{
	(void)state;
	run_tokens("lib/coxswain/schedulers/credit.so", true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tokens_under_rr),
		cmocka_unit_test(tokens_under_credit),
		cmocka_unit_test(tokens_beside_hogs_under_rr),
		cmocka_unit_test(tokens_beside_hogs_under_credit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
