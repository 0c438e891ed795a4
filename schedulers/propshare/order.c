/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Order by shares: earliest eligible virtual deadline first.
 *
 * A vCPU's virtual time is what it has received divided by its rate; that of its set, V, is the
 * mean of those that wait or run, weighted by their rates.  So a vCPU's lag is rate x (V - its
 * own), and the lags of a set add up to nothing, whatever happened.  A vCPU asks for one turn
 * after the other.  A request is eligible when V has come to where the last one was paid
 * (nobody is served ahead of its time while another is behind), and due one turn's time at its
 * rate later.  When rates add up to the pCPUs, V runs as fast as time does; when somebody
 * sleeps, it runs faster, which is how what he leaves is shared out.
 *
 * Virtual times of different sets say nothing about each other: V goes by what its own vCPUs have
 * had, so that a set that has nothing at all is never behind.  Nor need they.  Sets are
 * solved one after the other, the most crowded first; each is entitled to all of its own pCPUs and
 * to nothing of others that some of its vCPUs may use, which are those of sets before it.  So on
 * each pCPU the set of lowest rank that has somebody waiting comes first, who is next within it is
 * a matter of deadlines, and others have what it leaves.
 *
 * What is remembered is bounded: who sleeps has no more than a lead when it wakes, and who could
 * not use all that it was entitled to, or had what nobody else wanted, is forgiven the rest.
 */
#include "propshare.h"

#include <limits.h>

#define SECOND ((int64_t)PS_SECOND)
#define QUARTERS 4u
#define TURNS_MAX 10u            /* in one go, of one that is entitled to all of a pCPU */
#define LOOK 15u                 /* due vCPUs that are looked at for one that is warm */
#define WAIT_EACH_NS 30000000ull /* patience for each that waits for a pCPU */

/* --- virtual time --------------------------------------------------------------------- */

/* A service of @ns at @rate in virtual time. */
static int64_t virtual_of(uint64_t ns, uint64_t rate)
{
	return (int64_t)((unsigned __int128)ns * PS_SECOND / rate);
}

int64_t ps_vtime(const struct ps_set *set, uint64_t now)
{
	int64_t unpaid = (int64_t)(set->running * now - set->charged);

	if (!set->weight)
		return set->vtime;
	return (int64_t)((set->sum + (__int128)unpaid * SECOND) / (__int128)set->weight);
}

static bool is_active(const struct ps_vcpu *pv)
{
	return pv->state == PS_WAITING || pv->state == PS_RUNNING;
}

static uint64_t unpaid(const struct ps_vcpu *pv, uint64_t now)
{
	return pv->state == PS_RUNNING && now > pv->charged_ns ? now - pv->charged_ns : 0;
}

int64_t ps_lag(const struct ps_vcpu *pv, uint64_t now)
{
	__int128 behind = ps_vtime(pv->set, now) - pv->vtime;

	return (int64_t)(behind * (int64_t)pv->rate / SECOND) - (int64_t)unpaid(pv, now);
}

/* How many of its vCPUs may run at the same time. */
static unsigned at_once(const struct ps_domain *pd)
{
	unsigned n = pd->wanting < pd->lane->pcpus ? pd->wanting : pd->lane->pcpus;

	return n ? n : 1;
}

uint64_t ps_turn(const struct ps_policy *pp, const struct ps_vcpu *pv)
{
	uint64_t turn = (uint64_t)((unsigned __int128)pv->rate * pp->latency_ns / PS_SECOND);
	uint64_t longest = pp->turn_ns;

	/* Turns that siblings have at the same time count for their domain's reservation
	 * together, and what they make beyond one turn it does not remember: reserve.c. */
	if (pv->dom->claim.reserved)
		longest /= at_once(pv->dom);
	if (turn > longest)
		turn = longest;
	return turn < pp->turn_min_ns ? pp->turn_min_ns : turn;
}

/*
 * One that is entitled to most of a pCPU gets hardly ahead while it runs, and at all of it need
 * not be stopped for others: so it may run until it is a quarter of a turn ahead.  Its request is
 * for a turn all the same, else its deadline would be late where it has to wait.
 */
uint64_t ps_stay(const struct ps_policy *pp, const struct ps_vcpu *pv)
{
	uint64_t turn = ps_turn(pp, pv), rest = PS_SECOND - pv->rate;

	if (rest >= PS_SECOND / QUARTERS)
		return 0;
	if (rest * QUARTERS * TURNS_MAX <= PS_SECOND)
		return TURNS_MAX * turn;
	return turn * (PS_SECOND / QUARTERS) / rest;
}

uint64_t ps_turn_left(const struct ps_policy *pp, const struct ps_vcpu *pv)
{
	__int128 left = (__int128)(pv->deadline - pv->vtime) * (int64_t)pv->rate / SECOND;
	uint64_t turn = ps_turn(pp, pv);

	if (left > (__int128)turn)
		return turn;
	return left < (__int128)CX_SLICE_MIN_NS ? CX_SLICE_MIN_NS : (uint64_t)left;
}

static void ask(const struct ps_policy *pp, struct ps_vcpu *pv)
{
	pv->deadline = pv->vtime + virtual_of(ps_turn(pp, pv), pv->rate);
}

/* What is left of a request and too short for a turn belongs to the next one. */
static void ask_again(const struct ps_policy *pp, struct ps_vcpu *pv)
{
	int64_t left = pv->deadline - pv->vtime;

	if (left <= 0)
		ask(pp, pv);
	else if (left < virtual_of(CX_SLICE_MIN_NS, pv->rate))
		pv->deadline += virtual_of(ps_turn(pp, pv), pv->rate);
}

/* Its virtual time becomes @vtime; its request with it. */
static void shift(struct ps_vcpu *pv, int64_t vtime)
{
	if (is_active(pv))
		pv->set->sum += (__int128)(vtime - pv->vtime) * (int64_t)pv->rate;
	pv->deadline += vtime - pv->vtime;
	pv->vtime = vtime;
}

static void bound(const struct ps_policy *pp, struct ps_vcpu *pv, int64_t v, uint64_t lead_ns)
{
	int64_t least = v - virtual_of(lead_ns, pv->rate);
	int64_t most = v + virtual_of(pp->memory_ns, pv->rate);

	if (pv->vtime < least)
		shift(pv, least);
	else if (pv->vtime > most)
		shift(pv, most);
}

void ps_bound(const struct ps_policy *pp, struct ps_vcpu *pv, uint64_t now)
{
	int64_t before = pv->vtime;

	bound(pp, pv, ps_vtime(pv->set, now), pp->lead_ns);
	if (pv->vtime != before || pv->deadline <= pv->vtime)
		ask(pp, pv);
}

void ps_join(const struct ps_policy *pp, struct ps_vcpu *pv, uint64_t now)
{
	ps_bound(pp, pv, now);
	pv->set->weight += pv->rate;
	pv->set->sum += (__int128)pv->vtime * (int64_t)pv->rate;
}

void ps_part(struct ps_vcpu *pv, uint64_t now)
{
	struct ps_set *set = pv->set;

	set->vtime = ps_vtime(set, now);
	set->weight -= pv->rate;
	set->sum -= (__int128)pv->vtime * (int64_t)pv->rate;
}

void ps_charge(const struct ps_policy *pp, struct ps_vcpu *pv, uint64_t now)
{
	uint64_t ns = unpaid(pv, now);
	unsigned __int128 paid = (unsigned __int128)ns * PS_SECOND + pv->part;
	int64_t v = (int64_t)(paid / pv->rate);

	pv->part = (uint64_t)(paid % pv->rate);
	pv->charged_ns += ns;
	pv->set->charged += ns;
	pv->vtime += v;
	pv->set->sum += (__int128)v * (int64_t)pv->rate;
	bound(pp, pv, ps_vtime(pv->set, now), pp->memory_ns);
	ask_again(pp, pv);
}

int64_t ps_deadline(const struct ps_policy *pp, const struct ps_vcpu *pv, uint64_t now)
{
	int64_t v = pv->vtime + virtual_of(unpaid(pv, now), pv->rate);

	return pv->deadline > v ? pv->deadline : v + virtual_of(ps_turn(pp, pv), pv->rate);
}

static void account_running(struct ps_vcpu *pv, bool runs)
{
	pv->set->running += runs ? 1 : (uint64_t)-1;
	pv->set->charged += runs ? pv->charged_ns : -pv->charged_ns;
}

void ps_start(struct ps_policy *pp, struct ps_vcpu *pv, struct ps_pcpu *pc, uint64_t now)
{
	pv->state = PS_RUNNING;
	pv->on = pc;
	pv->charged_ns = now;
	pc->current = pv;
	account_running(pv, true);
	ps_limit_run(pp, pv->dom, 1, now);
	ps_reserve_run(pp, pv->dom, 1, now);
}

void ps_stop(struct ps_policy *pp, struct ps_vcpu *pv, uint64_t now)
{
	ps_charge(pp, pv, now);
	if (pv->wants)
		ps_wants_more(pp, pv, now);
	account_running(pv, false);
	pv->on->current = NULL;
	pv->on = NULL;
	pv->reserved_turn = pv->stays = false;
	pv->state = PS_ASLEEP;
	ps_limit_run(pp, pv->dom, -1, now);
	ps_reserve_run(pp, pv->dom, -1, now);
}

/* --- the queue ------------------------------------------------------------------------ */

void ps_enqueue(struct ps_policy *pp, struct ps_vcpu *pv, uint64_t now)
{
	pv->state = PS_WAITING;
	pv->waits_ns = now;
	pp->waiting++;
	pv->lane->n_waiting++;
	ps_queue_insert(&pv->lane->shares, &pv->item, pv->vtime, pv->deadline);
	cx_list_push_back(&pv->lane->waiting, &pv->wait_node);
	cx_list_push_back(&pv->dom->waiting, &pv->dom_node);
	ps_reserve_enter(pp, pv, now);
}

void ps_dequeue(struct ps_policy *pp, struct ps_vcpu *pv, uint64_t now)
{
	pv->state = PS_ASLEEP;
	pp->waiting--;
	pv->lane->n_waiting--;
	ps_heap_remove(&pv->item);
	cx_list_remove(&pv->wait_node);
	cx_list_remove(&pv->dom_node);
	ps_reserve_leave(pp, pv, now);
}

void ps_give_up(const struct ps_policy *pp, struct ps_vcpu *pv, uint64_t now)
{
	int64_t v = ps_vtime(pv->set, now);

	pv->state = PS_WAITING;
	if (pv->vtime < v)
		shift(pv, v);
	ask(pp, pv);
}

void ps_rate(const struct ps_policy *pp, struct ps_vcpu *pv, uint64_t rate, struct ps_set *set,
	     uint64_t now)
{
	bool active = is_active(pv), runs = pv->state == PS_RUNNING;
	int64_t lag, v;
	uint64_t left;

	if (rate < PS_RATE_MIN)
		rate = PS_RATE_MIN;
	if (rate == pv->rate && set == pv->set)
		return;
	if (runs) {
		ps_charge(pp, pv, now);
		/* It was let run for long because of what it was entitled to. */
		if (pv->stays && rate < pv->rate)
			cx_kick(pv->on->pcpu);
	}
	lag = ps_lag(pv, now);
	left = ps_turn_left(pp, pv);
	/* With V as it is before it parts the other lags stay as they are. */
	v = ps_vtime(set, now);
	if (runs)
		account_running(pv, false);
	if (active)
		ps_part(pv, now);
	pv->set = set;
	pv->rate = rate;
	pv->part = 0;
	pv->vtime = v - (int64_t)((__int128)lag * SECOND / (int64_t)rate);
	if (left > ps_turn(pp, pv))
		left = ps_turn(pp, pv);
	pv->deadline = pv->vtime + virtual_of(left, rate);
	if (active) {
		set->weight += rate;
		set->sum += (__int128)pv->vtime * (int64_t)rate;
	}
	if (runs)
		account_running(pv, true);
	if (pv->item.heap) {
		ps_heap_remove(&pv->item);
		ps_queue_insert(&pv->lane->shares, &pv->item, pv->vtime, pv->deadline);
		ps_reserve_move(pv);
	}
}

void ps_rebase(struct ps_policy *pp, uint64_t now)
{
	struct cx_node *dn, *vn;

	for (unsigned i = 0; i < pp->n_sets; i++)
		pp->sets[i].vtime = ps_vtime(&pp->sets[i], now);
	cx_list_for_each (dn, &pp->domains) {
		cx_list_for_each (vn, &cx_entry(dn, struct ps_domain, node)->vcpus) {
			struct ps_vcpu *pv = cx_entry(vn, struct ps_vcpu, node);

			shift(pv, pv->vtime - pv->set->vtime);
			if (pv->item.heap) {
				ps_heap_remove(&pv->item);
				ps_queue_insert(&pv->lane->shares, &pv->item, pv->vtime,
						pv->deadline);
				ps_reserve_move(pv);
			}
		}
	}
	for (unsigned i = 0; i < pp->n_sets; i++)
		pp->sets[i].vtime = 0;
}

/* --- the next --------------------------------------------------------------------------- */

static struct ps_vcpu *vcpu_of(const struct ps_item *item)
{
	return cx_entry(item, struct ps_vcpu, item);
}

/* The best of those due in @lane, for @pc: *@key is its deadline from now on, and what it would
 * cost to move it. */
static struct ps_vcpu *best_due(const struct ps_policy *pp, const struct ps_lane *lane,
				const struct ps_pcpu *pc, int64_t v, uint64_t now, int64_t *key)
{
	const struct ps_heap *due = &lane->shares.due;
	struct ps_vcpu *best = NULL;

	for (unsigned i = 0; i < due->n && i < LOOK; i++) {
		struct ps_vcpu *pv = vcpu_of(due->slots[i].item);
		int64_t at = due->slots[i].key - v;

		if (best && at >= *key)
			continue;
		at += ps_reluctance(pp, pv, pc->pcpu, now);
		if (!best || at < *key) {
			best = pv;
			*key = at;
		}
		if (best == pv && i == 0 && at == due->slots[0].key - v)
			break; /* the first is at home */
	}
	return best;
}

/* Nobody of @rank is eligible: the one that is so soonest, so that no pCPU idles. */
static struct ps_vcpu *soonest(const struct ps_pcpu *pc, unsigned rank, uint64_t now)
{
	struct ps_vcpu *best = NULL;
	int64_t least = 0;

	for (unsigned i = 0; i < pc->n_lanes; i++) {
		const struct ps_item *first = ps_heap_first(&pc->lanes[i]->shares.future);
		int64_t ahead;

		if (!first || pc->lanes[i]->set->rank != rank)
			continue;
		ahead = first->release - ps_vtime(pc->lanes[i]->set, now);
		if (!best || ahead < least) {
			best = vcpu_of(first);
			least = ahead;
		}
	}
	return best;
}

/* When the patience of the first that waits in @lane ends; UINT64_MAX = nobody waits. */
static uint64_t patience_ends(const struct ps_policy *pp, const struct ps_lane *lane)
{
	struct cx_node *first = cx_list_first(&lane->waiting);
	uint64_t each = lane->n_waiting * WAIT_EACH_NS / (lane->pcpus ? lane->pcpus : 1);

	if (!first)
		return UINT64_MAX;
	return cx_entry(first, struct ps_vcpu, wait_node)->waits_ns +
	       (each > pp->patience_ns ? each : pp->patience_ns);
}

struct ps_vcpu *ps_next_by_patience(const struct ps_policy *pp, const struct ps_pcpu *pc,
				    uint64_t now)
{
	struct ps_vcpu *longest = NULL;

	for (unsigned i = 0; i < pc->n_lanes; i++) {
		struct ps_vcpu *first;

		if (patience_ends(pp, pc->lanes[i]) > now)
			continue;
		first = cx_entry(cx_list_first(&pc->lanes[i]->waiting), struct ps_vcpu, wait_node);
		if (!longest || first->waits_ns < longest->waits_ns)
			longest = first;
	}
	return longest;
}

uint64_t ps_patience_ends(const struct ps_policy *pp, const struct ps_pcpu *pc)
{
	uint64_t least = UINT64_MAX, ends;

	for (unsigned i = 0; i < pc->n_lanes; i++) {
		ends = patience_ends(pp, pc->lanes[i]);
		if (ends < least)
			least = ends;
	}
	return least;
}

unsigned ps_first_rank(const struct ps_pcpu *pc)
{
	unsigned first = UINT_MAX;

	for (unsigned i = 0; i < pc->n_lanes; i++)
		if (pc->lanes[i]->n_waiting && pc->lanes[i]->set->rank < first)
			first = pc->lanes[i]->set->rank;
	return first;
}

struct ps_vcpu *ps_next_by_shares(const struct ps_policy *pp, const struct ps_pcpu *pc,
				  uint64_t now)
{
	unsigned rank = ps_first_rank(pc);
	struct ps_vcpu *best = NULL;
	int64_t least = 0;

	for (unsigned i = 0; i < pc->n_lanes; i++) {
		struct ps_lane *lane = pc->lanes[i];
		struct ps_vcpu *pv;
		int64_t v, key = 0;

		if (lane->set->rank != rank)
			continue;
		v = ps_vtime(lane->set, now);
		ps_queue_advance(&lane->shares, v);
		pv = best_due(pp, lane, pc, v, now, &key);
		if (pv && (!best || key < least)) {
			best = pv;
			least = key;
		}
	}
	return best ? best : soonest(pc, rank, now);
}
