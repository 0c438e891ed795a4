/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Locks, and what waits until they are released: kicks and alarms, whose receivers
 * take locks themselves.
 */
#include "core/dispatch/internal.h"

void lock_pcpu(struct cx_pcpu *p)
{
	if (!p->d->single_thread)
		pthread_mutex_lock(p->lock);
}

void unlock_pcpu(struct cx_pcpu *p)
{
	if (!p->d->single_thread)
		pthread_mutex_unlock(p->lock);
}

bool try_lock_pcpu(struct cx_pcpu *p)
{
	return p->d->single_thread || pthread_mutex_trylock(p->lock) == 0;
}

struct cx_pcpu *lock_vcpu(struct cx_vcpu *v)
{
	for (;;) {
		struct cx_pcpu *p = assigned(v);

		lock_pcpu(p);
		if (assigned(v) == p)
			return p;
		unlock_pcpu(p);
	}
}

void lock_two(struct cx_pcpu *a, struct cx_pcpu *b)
{
	if (a->lock == b->lock) {
		lock_pcpu(a);
	} else if (a->index < b->index) {
		lock_pcpu(a);
		lock_pcpu(b);
	} else {
		lock_pcpu(b);
		lock_pcpu(a);
	}
}

void unlock_two(struct cx_pcpu *a, struct cx_pcpu *b)
{
	unlock_pcpu(a);
	if (a->lock != b->lock)
		unlock_pcpu(b);
}

void lock_all(struct cx_dispatch *d)
{
	unsigned i;

	if (d->single_thread)
		return;
	if (d->one_lock) {
		pthread_mutex_lock(&d->instance_lock);
		return;
	}
	for (i = 0; i < d->n_pcpus; i++)
		lock_pcpu(&d->pcpus[i]);
}

void unlock_all(struct cx_dispatch *d)
{
	unsigned i;

	if (d->single_thread)
		return;
	if (d->one_lock) {
		pthread_mutex_unlock(&d->instance_lock);
		return;
	}
	for (i = 0; i < d->n_pcpus; i++)
		unlock_pcpu(&d->pcpus[i]);
}

static void flush_word(struct cx_dispatch *d, unsigned word)
{
	uint64_t bits = atomic_exchange(&d->kicks[word], 0);

	while (bits) {
		unsigned bit = (unsigned)__builtin_ctzll(bits);
		struct cx_pcpu *p = &d->pcpus[word * BITS_PER_WORD + bit];

		bits &= bits - 1;
		atomic_fetch_sub(&d->n_kicks, 1);
		/* A decision made since then has answered the kick already. */
		if (atomic_load(&p->resched))
			d->ops->kick(d->machine, p);
	}
}

void flush(struct cx_dispatch *d)
{
	unsigned words = words_of(d), i;
	uint64_t earliest, promised;

	for (i = 0; i < words && atomic_load(&d->n_kicks) > 0; i++)
		flush_word(d, i);

	earliest = atomic_load(&d->timers.earliest);
	promised = atomic_load(&d->timers.promised);
	while (earliest < promised) {
		if (atomic_compare_exchange_weak(&d->timers.promised, &promised, earliest)) {
			d->ops->alarm(d->machine, earliest);
			break;
		}
	}
}
