/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A ticket lock (Mellor-Crummey and Scott, 1991, section 2.2): first come, first served,
 * so that a waiter that does not run holds up all who came after it.
 */
#ifndef CX_WORKLOADS_TICKET_H
#define CX_WORKLOADS_TICKET_H

#include "../guest/cx_sync.h"

#include <stdint.h>

/** All zero is a free lock. */
struct cx_ticket_lock {
	uint64_t next;
	uint64_t rest0[7];
	uint64_t serving;
	uint64_t rest1[7];
};

/** Queue for the lock; returns the ticket to wait with. */
static inline uint64_t cx_ticket_take(struct cx_ticket_lock *lock)
{
	return cx_fetch_add(&lock->next, 1);
}

/** Is it @ticket's turn?  From then until the release the lock is the caller's. */
static inline int cx_ticket_served(const struct cx_ticket_lock *lock, uint64_t ticket)
{
	return cx_load(&lock->serving) == ticket;
}

static inline void cx_ticket_release(struct cx_ticket_lock *lock)
{
	/* Only the holder writes it. */
	cx_store(&lock->serving, lock->serving + 1);
}

#endif
