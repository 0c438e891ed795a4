/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Calling a policy's operations: guarded against crashes, watched against hanging, and
 * never again once the policy has been taken out.
 */
#include "core/dispatch/internal.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

static pid_t own_tid(void)
{
	static __thread pid_t tid;

	if (!tid)
		tid = (pid_t)syscall(SYS_gettid);
	return tid;
}

static void watch_begin(struct cx_guard_watch *w, const char *op, uint64_t since)
{
	atomic_store_explicit(&w->tid, own_tid(), memory_order_relaxed);
	atomic_store_explicit(&w->op, op, memory_order_relaxed);
	atomic_store_explicit(&w->since_ns, since, memory_order_release);
}

/* Since when, for the watch; never 0.  Virtual time stands still in an operation, and several
 * may come at one instant: there it is the number of the operation. */
static uint64_t since(struct cx_dispatch *d, uint64_t now)
{
	return d->single_thread ? ++d->operations : now | 1;
}

static void watch_end(struct cx_guard_watch *w)
{
	atomic_store_explicit(&w->since_ns, 0, memory_order_relaxed);
}

/* Peers' locks that the operation did not give back. */
static void release_held(struct cx_guard *g)
{
	while (g->n_held) {
		struct cx_pcpu *peer = g->held[--g->n_held];

		policy_fault(peer, NULL, CX_FAULT_SERVICE, clock_of(peer->d));
		unlock_pcpu(peer);
	}
}

/* What an operation is called with: for the watch, and to check the services it calls. */
struct frame {
	const char *op;
	uint64_t now;
	struct cx_guard_watch *watch;
	struct cx_pcpu *holds[2]; /* whose locks are held; none = all of them */
	bool all, picking;
};

static void enter(struct cx_policy *pol, struct cx_guard *g, const struct frame *f)
{
	cx_guard_push(g);
	g->now_ns = f->now;
	g->watch = f->watch;
	g->since_ns = since(pol->d, f->now);
	g->holds_all = f->all;
	g->holds[0] = f->holds[0];
	g->holds[1] = f->holds[1];
	g->picking = f->picking ? f->holds[0] : NULL;
	watch_begin(f->watch, f->op, g->since_ns);
}

static void leave(struct cx_policy *pol, struct cx_guard *g, const struct frame *f, bool died)
{
	cx_guard_pop(g);
	watch_end(f->watch);
	if (died)
		policy_died(pol, f->op, g->signo);
	release_held(g);
}

/*
 * Run the statement @call as the frame @how says.  The guard lives in the caller's frame, as
 * sigsetjmp() needs.
 */
#define GUARDED(pol, how, call)                                                                    \
	do {                                                                                       \
		const struct frame frame_ = how;                                                   \
		struct cx_guard guard_;                                                            \
		enter((pol), &guard_, &frame_);                                                    \
		if (sigsetjmp(guard_.env, 0) == 0) {                                               \
			call;                                                                      \
			leave((pol), &guard_, &frame_, false);                                     \
		} else {                                                                           \
			leave((pol), &guard_, &frame_, true);                                      \
		}                                                                                  \
	} while (0)

/*
 * The frames, written where they are used: a structure that a function returns would be copied
 * in wide pieces right after it was written in narrow ones, which costs more than all else here.
 */
#define WITH_ALL(pol, name, when)                                                                  \
	{                                                                                          \
		.op = (name), .now = (when), .watch = &(pol)->watch, .all = true                   \
	}
#define WITH(p, name, when)                                                                        \
	{                                                                                          \
		.op = (name), .now = (when), .watch = &(p)->watch, .holds = {(p), NULL }           \
	}
#define WITH_BOTH(p, q, name, when)                                                                \
	{                                                                                          \
		.op = (name), .now = (when), .watch = &(p)->watch, .holds = {(p), (q) }            \
	}
#define FOR_PICK(p, when)                                                                          \
	{                                                                                          \
		.op = "pick", .now = (when), .watch = &(p)->watch, .holds = { (p), NULL },         \
		.picking = true                                                                    \
	}

static bool usable(const struct cx_policy *pol)
{
	return atomic_load_explicit(&pol->active, memory_order_relaxed);
}

static void *alloc_area(size_t size)
{
	return size ? calloc(1, size) : NULL;
}

int policy_init(struct cx_dispatch *d, struct cx_error *err)
{
	struct cx_policy *pol = &d->policy;
	volatile int rc = 0;

	pol->priv = alloc_area(pol->plugin->policy_size);
	if (pol->plugin->policy_size && !pol->priv)
		return cx_fail(err, ENOMEM, "scheduler %s: out of memory", pol->plugin->name);
	if (pol->plugin->init)
		GUARDED(pol, WITH_ALL(pol, "init", 0), rc = pol->plugin->init(pol));
	pol->begun = rc == 0;
	if (rc)
		return cx_fail(err, rc < 0 ? -rc : EIO, "scheduler %s: its init failed (%d)",
			       pol->plugin->name, rc);
	return 0;
}

void policy_fini(struct cx_dispatch *d)
{
	struct cx_policy *pol = &d->policy;

	if (usable(pol) && pol->begun && pol->plugin->fini)
		GUARDED(pol, WITH_ALL(pol, "fini", d->end_ns), pol->plugin->fini(pol));
	pol->begun = false;
	free(pol->priv);
	pol->priv = NULL;
}

static void forget_pcpu(struct cx_pcpu *p)
{
	p->attached = false;
	free(p->priv);
	p->priv = NULL;
}

int policy_pcpu_online(struct cx_pcpu *p, uint64_t now)
{
	struct cx_policy *pol = &p->d->policy;
	volatile int rc = 0;

	p->priv = alloc_area(pol->plugin->pcpu_size);
	if (pol->plugin->pcpu_size && !p->priv)
		return -ENOMEM;
	p->attached = true;
	if (usable(pol) && pol->plugin->pcpu_online)
		GUARDED(pol, WITH_ALL(pol, "pcpu_online", now),
			rc = pol->plugin->pcpu_online(pol, p, now));
	if (rc)
		forget_pcpu(p);
	return rc;
}

void policy_pcpu_offline(struct cx_pcpu *p, uint64_t now)
{
	struct cx_policy *pol = &p->d->policy;

	if (usable(pol) && p->attached && pol->plugin->pcpu_offline)
		GUARDED(pol, WITH_ALL(pol, "pcpu_offline", now),
			pol->plugin->pcpu_offline(pol, p, now));
	forget_pcpu(p);
}

int policy_domain_attach(struct cx_domain *dom, uint64_t now)
{
	struct cx_policy *pol = &dom->d->policy;
	volatile int rc = 0;

	dom->priv = alloc_area(pol->plugin->domain_size);
	if (pol->plugin->domain_size && !dom->priv)
		return -ENOMEM;
	if (usable(pol) && pol->plugin->domain_attach)
		GUARDED(pol, WITH_ALL(pol, "domain_attach", now),
			rc = pol->plugin->domain_attach(pol, dom, now));
	return rc;
}

void policy_domain_adjust(struct cx_domain *dom, uint64_t now)
{
	struct cx_policy *pol = &dom->d->policy;

	if (usable(pol) && pol->plugin->domain_adjust)
		GUARDED(pol, WITH_ALL(pol, "domain_adjust", now),
			pol->plugin->domain_adjust(pol, dom, now));
}

void policy_domain_detach(struct cx_domain *dom, uint64_t now)
{
	struct cx_policy *pol = &dom->d->policy;

	if (usable(pol) && pol->plugin->domain_detach)
		GUARDED(pol, WITH_ALL(pol, "domain_detach", now),
			pol->plugin->domain_detach(pol, dom, now));
	free(dom->priv);
	dom->priv = NULL;
}

void policy_pool_adjust(struct cx_pool *pool, uint64_t now)
{
	struct cx_policy *pol = &pool->d->policy;

	if (usable(pol) && pol->plugin->pool_adjust)
		GUARDED(pol, WITH_ALL(pol, "pool_adjust", now),
			pol->plugin->pool_adjust(pol, pool, now));
}

int policy_vcpu_attach(struct cx_vcpu *v, uint64_t now)
{
	struct cx_policy *pol = &v->d->policy;
	volatile int rc = 0;

	v->priv = alloc_area(pol->plugin->vcpu_size);
	if (pol->plugin->vcpu_size && !v->priv)
		return -ENOMEM;
	if (usable(pol) && pol->plugin->vcpu_attach)
		GUARDED(pol, WITH(assigned(v), "vcpu_attach", now),
			rc = pol->plugin->vcpu_attach(pol, v, now));
	return rc;
}

void policy_vcpu_detach(struct cx_vcpu *v, uint64_t now)
{
	struct cx_policy *pol = &v->d->policy;

	if (usable(pol) && pol->plugin->vcpu_detach)
		GUARDED(pol, WITH(assigned(v), "vcpu_detach", now),
			pol->plugin->vcpu_detach(pol, v, now));
	free(v->priv);
	v->priv = NULL;
}

struct cx_pcpu *policy_choose(struct cx_vcpu *v, uint64_t now)
{
	struct cx_policy *pol = &v->d->policy;
	struct cx_pcpu *p = assigned(v);
	struct cx_pcpu *volatile choice = NULL;

	if (usable(pol) && pol->plugin->choose_pcpu)
		GUARDED(pol, WITH(p, "choose_pcpu", now),
			choice = pol->plugin->choose_pcpu(pol, v, now));
	return choice;
}

void policy_migrate(struct cx_vcpu *v, struct cx_pcpu *from, struct cx_pcpu *to, uint64_t now)
{
	struct cx_policy *pol = &v->d->policy;

	if (usable(pol) && pol->plugin->migrate)
		GUARDED(pol, WITH_BOTH(to, from, "migrate", now),
			pol->plugin->migrate(pol, v, from, to, now));
}

void policy_wake(struct cx_vcpu *v, enum cx_wake_why why, uint64_t now)
{
	struct cx_policy *pol = &v->d->policy;
	struct cx_pcpu *p = assigned(v);

	if (v->awake)
		return;
	v->awake = true;
	if (!usable(pol) || !pol->plugin->wake) {
		if (!v->parked && !p->current)
			cx_kick(p);
		return;
	}
	GUARDED(pol, WITH(p, "wake", now), pol->plugin->wake(pol, v, why, now));
	/* It crashed: nobody but us looks after the vCPU now. */
	if (!usable(pol) && !p->current)
		cx_kick(p);
}

void policy_block(struct cx_vcpu *v, uint64_t now)
{
	struct cx_policy *pol = &v->d->policy;

	if (!v->awake)
		return;
	v->awake = false;
	if (usable(pol) && pol->plugin->block)
		GUARDED(pol, WITH(assigned(v), "block", now), pol->plugin->block(pol, v, now));
}

void policy_yield(struct cx_vcpu *v, uint64_t now)
{
	struct cx_policy *pol = &v->d->policy;

	if (usable(pol) && pol->plugin->yield && v->awake)
		GUARDED(pol, WITH(assigned(v), "yield", now), pol->plugin->yield(pol, v, now));
}

bool policy_pick(struct cx_pcpu *p, struct cx_pick *pick, struct cx_vcpu **choice)
{
	struct cx_policy *pol = &p->d->policy;
	struct cx_vcpu *volatile v = NULL;

	if (!usable(pol))
		return false;
	GUARDED(pol, FOR_PICK(p, pick->now_ns), v = pol->plugin->pick(pol, p, pick));
	*choice = v;
	return usable(pol);
}

void policy_tick(struct cx_pcpu *p, uint64_t now)
{
	struct cx_policy *pol = &p->d->policy;

	if (usable(pol) && pol->plugin->tick)
		GUARDED(pol, WITH(p, "tick", now), pol->plugin->tick(pol, p, now));
}

void policy_timer(struct cx_pcpu *p, unsigned id, uint64_t now)
{
	struct cx_policy *pol = &p->d->policy;

	if (usable(pol) && pol->plugin->timer)
		GUARDED(pol, WITH(p, "timer", now), pol->plugin->timer(pol, p, id, now));
}

void policy_param_set(struct cx_dispatch *d, unsigned index, uint64_t now)
{
	struct cx_policy *pol = &d->policy;

	if (usable(pol) && pol->plugin->param_set)
		GUARDED(pol, WITH_ALL(pol, "param_set", now),
			pol->plugin->param_set(pol, index, now));
}

void policy_dump(struct cx_dispatch *d, uint64_t now)
{
	struct cx_policy *pol = &d->policy;

	pol->dumping = true;
	if (usable(pol) && pol->plugin->dump)
		GUARDED(pol, WITH_ALL(pol, "dump", now), pol->plugin->dump(pol, now));
	pol->dumping = false;
}
