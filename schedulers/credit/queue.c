/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A pCPU's run queue: one queue in the order of priority, first come first served within
 * each, kept as a list for each priority so that joining it and leaving it cost the same
 * however many wait.
 *
 * An accounting changes the priorities of many who wait.  It only marks the queue; the
 * queue is put in order before it is used next, by moving those whose priority changed
 * as a stable sort would: who rises goes behind those who were there, who falls goes
 * before them.
 */
#include "credit.h"

void credit_queue_init(struct credit_pcpu *pc)
{
	for (int pri = 0; pri < CREDIT_PRIS; pri++)
		cx_list_init(&pc->queue[pri]);
	cx_list_init(&pc->arrivals);
}

static struct credit_vcpu *queued(struct cx_node *node)
{
	return cx_entry(node, struct credit_vcpu, node);
}

static void prepend(struct cx_list *list, struct cx_list *front)
{
	while (!cx_list_empty(front)) {
		struct cx_node *last = front->head.prev;

		cx_list_remove(last);
		cx_list_push_front(list, last);
	}
}

void credit_sort(const struct credit_policy *cp, struct credit_pcpu *pc)
{
	struct cx_list fallen[CREDIT_PRIS];
	int pri;

	if (pc->sorted == cp->accountings)
		return;
	pc->sorted = cp->accountings;
	if (!pc->unsorted)
		return;
	pc->unsorted = false;
	for (pri = 0; pri < CREDIT_PRIS; pri++)
		cx_list_init(&fallen[pri]);
	for (pri = CREDIT_BOOST; pri > CREDIT_IDLE; pri--) {
		struct cx_node *node = cx_list_first(&pc->queue[pri]);

		while (node) {
			struct credit_vcpu *cv = queued(node);

			node = cx_list_next(&pc->queue[pri], node);
			if ((int)cv->pri == pri)
				continue;
			cx_list_remove(&cv->node);
			cx_list_push_back((int)cv->pri < pri ? &fallen[cv->pri]
							     : &pc->queue[cv->pri],
					  &cv->node);
		}
	}
	for (pri = 0; pri < CREDIT_PRIS; pri++)
		prepend(&pc->queue[pri], &fallen[pri]);
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
		cx_list_insert_before(lower->next, &cv->node);
		pc->unsorted = true;
	} else {
		cx_list_push_back(&pc->queue[cv->pri], &cv->node);
	}
	pc->queued++;
	cv->queued_on = pc;
}

void credit_remove(struct credit_vcpu *cv)
{
	cx_list_remove(&cv->node);
	if (cv->queued_on)
		cv->queued_on->queued--;
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
	if (cv->queued_on)
		cv->queued_on->unsorted = true;
}
