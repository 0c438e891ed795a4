/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A pCPU's run queue: one queue in the order of priority, first come first served within
 * each, kept as a list for each priority so that joining it and leaving it cost the same
 * however many wait.
 *
 * An accounting changes the priority of some who wait.  It only notes them as strays; the
 * queue is put in order before it is used next, as a stable sort by priority would: who
 * rises goes behind those who were there, who falls goes before them.  Few strays are put
 * in the order in which they stand and moved one by one; for many the whole queue is walked.
 */
#include "credit.h"

#define STRAYS_FEW 12 /* no more are sorted by insertion */

void credit_queue_init(struct credit_pcpu *pc)
{
	for (int pri = 0; pri < CREDIT_PRIS; pri++)
		cx_list_init(&pc->queue[pri]);
	cx_list_init(&pc->strays);
	cx_list_init(&pc->arrivals);
}

static struct credit_vcpu *queued(struct cx_node *node)
{
	return cx_entry(node, struct credit_vcpu, node);
}

static void to_back(struct credit_pcpu *pc, struct credit_vcpu *cv)
{
	cv->listed = cv->pri;
	cv->place = ++pc->back;
	cx_list_push_back(&pc->queue[cv->pri], &cv->node);
}

static void to_front(struct credit_pcpu *pc, struct credit_vcpu *cv)
{
	cv->listed = cv->pri;
	cv->place = --pc->front;
	cx_list_push_front(&pc->queue[cv->pri], &cv->node);
}

static void no_stray(struct credit_pcpu *pc, struct credit_vcpu *cv)
{
	if (!cx_queued(&cv->stray))
		return;
	cx_list_remove(&cv->stray);
	pc->n_strays--;
}

/* Who rises joins the list of its priority; who falls goes to @fallen for now. */
static void settle(struct credit_pcpu *pc, struct credit_vcpu *cv, struct cx_list *fallen)
{
	no_stray(pc, cv);
	if (cv->pri == cv->listed)
		return;
	cx_list_remove(&cv->node);
	if (cv->pri > cv->listed)
		to_back(pc, cv);
	else
		cx_list_push_back(fallen, &cv->node);
}

static void settle_fallen(struct credit_pcpu *pc, struct cx_list *fallen)
{
	while (!cx_list_empty(fallen)) {
		struct credit_vcpu *last = queued(fallen->head.prev);

		cx_list_remove(&last->node);
		to_front(pc, last);
	}
}

static bool stands_before(const struct credit_vcpu *a, const struct credit_vcpu *b)
{
	return a->listed != b->listed ? a->listed > b->listed : a->place < b->place;
}

static void settle_strays(struct credit_pcpu *pc, struct cx_list *fallen)
{
	struct credit_vcpu *order[STRAYS_FEW];
	struct cx_node *node;
	unsigned n = 0, i;

	cx_list_for_each (node, &pc->strays) {
		struct credit_vcpu *cv = cx_entry(node, struct credit_vcpu, stray);

		for (i = n++; i > 0 && stands_before(cv, order[i - 1]); i--)
			order[i] = order[i - 1];
		order[i] = cv;
	}
	for (i = 0; i < n; i++)
		settle(pc, order[i], fallen);
}

static void settle_all(struct credit_pcpu *pc, struct cx_list *fallen)
{
	for (int pri = CREDIT_BOOST; pri > CREDIT_IDLE; pri--) {
		struct cx_node *node = cx_list_first(&pc->queue[pri]);

		while (node) {
			struct credit_vcpu *cv = queued(node);

			node = cx_list_next(&pc->queue[pri], node);
			settle(pc, cv, fallen);
		}
	}
	pc->jumbled = false;
}

void credit_sort(const struct credit_policy *cp, struct credit_pcpu *pc)
{
	struct cx_list fallen;

	if (pc->sorted == cp->accountings)
		return;
	pc->sorted = cp->accountings;
	if (pc->n_strays == 0)
		return;
	cx_list_init(&fallen);
	if (pc->jumbled || pc->n_strays > STRAYS_FEW)
		settle_all(pc, &fallen);
	else
		settle_strays(pc, &fallen);
	settle_fallen(pc, &fallen);
}

/* Is it on another list than it should be?  Then remember it for the next sort. */
static void note_stray(struct credit_vcpu *cv)
{
	struct credit_pcpu *pc = cv->queued_on;

	if (!pc || cv->pri == cv->listed || cx_queued(&cv->stray))
		return;
	cx_list_push_back(&pc->strays, &cv->stray);
	pc->n_strays++;
}

/* The first in the queue of a lower priority than @pri. */
static struct cx_node *first_below(struct credit_pcpu *pc, enum credit_pri pri)
{
	struct cx_node *node;

	for (int p = (int)pri - 1; p > CREDIT_IDLE; p--)
		cx_list_for_each (node, &pc->queue[p])
			if (queued(node)->pri < pri)
				return node;
	return NULL;
}

void credit_insert(const struct credit_policy *cp, struct credit_pcpu *pc, struct credit_vcpu *cv)
{
	struct cx_node *lower = NULL;

	if (cx_queued(&cv->node))
		return;
	credit_sort(cp, pc);
	if (cv->yielded)
		lower = first_below(pc, cv->pri);
	if (lower) {
		/* Behind one of lower priority; the next sort brings it forward again. */
		cv->listed = queued(lower)->listed;
		cv->place = queued(lower)->place;
		cx_list_insert_before(lower->next, &cv->node);
		pc->jumbled = true;
	} else {
		to_back(pc, cv);
	}
	pc->queued++;
	cv->queued_on = pc;
	note_stray(cv);
}

void credit_remove(struct credit_vcpu *cv)
{
	struct credit_pcpu *pc = cv->queued_on;

	cx_list_remove(&cv->node);
	if (!pc)
		return;
	no_stray(pc, cv);
	pc->queued--;
	cv->queued_on = NULL;
}

struct credit_vcpu *credit_head(const struct credit_policy *cp, struct credit_pcpu *pc)
{
	credit_sort(cp, pc);
	for (int pri = CREDIT_BOOST; pri > CREDIT_IDLE; pri--)
		if (!cx_list_empty(&pc->queue[pri]))
			return queued(cx_list_first(&pc->queue[pri]));
	return NULL;
}

void credit_set_pri(struct credit_vcpu *cv, enum credit_pri pri)
{
	if (cv->pri == pri)
		return;
	cv->pri = pri;
	note_stray(cv);
}
