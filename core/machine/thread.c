/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vCPU threads: wait for `go`, run the guest while the director lets us, wait again.
 */
#include "core/machine/host.h"

#include "core/dispatch/guard.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define VCPU_STACK_BYTES (128u * 1024u)

/* What the kick's handler needs to know: whose thread this is. */
static __thread struct cx_host_vcpu *this_vcpu;

static void on_kick(int signo)
{
	struct cx_host_vcpu *hv = this_vcpu;

	(void)signo;
	if (hv)
		hv->guest->engine->kick_prepare(hv->guest->vm, hv->index);
}

int cx_host_signals(struct cx_error *err)
{
	struct sigaction sa;

	memset(&sa, 0, sizeof(sa));
	sa.sa_handler = on_kick;
	sigemptyset(&sa.sa_mask);
	if (sigaction(CX_KICK_SIGNAL, &sa, NULL) < 0)
		return cx_fail(err, errno, "cannot catch signal %d: %s", CX_KICK_SIGNAL,
			       strerror(errno));
	return 0;
}

void cx_host_arm(struct cx_host_vcpu *hv)
{
	uint64_t at = hv->until_ns;
	struct itimerspec its = { { 0, 0 }, { 0, 0 } };

	if (at != CX_NEVER) {
		at += hv->host->start_ns;
		its.it_value.tv_sec = (time_t)(at / CX_SEC);
		its.it_value.tv_nsec = (long)(at % CX_SEC);
	}
	timer_settime(hv->slice_timer, TIMER_ABSTIME, &its, NULL);
}

/* How long it has waited, for the guest to see. */
static void publish_times(struct cx_host_vcpu *hv)
{
	if (!hv->v)
		return;
	hv->page->run_ns = hv->run_ns;
	hv->page->ready_ns = hv->ready_ns;
}

/*
 * @since_ns: from when on our own part of the cost of deciding counts.  Arming the timer
 * belongs to putting the decision into effect, as waking the thread does: on hosts whose
 * timer is itself emulated it alone costs microseconds.
 */
static void begin_slice(struct cx_host_vcpu *hv, uint64_t since_ns)
{
	publish_times(hv);
	if (hv->cost_known)
		cx_pcpu_note_cost(hv->pcpu, hv->left_cost_ns + cx_host_now(hv->host) - since_ns);
	cx_host_arm(hv);
	if (hv->cost_known)
		cx_pcpu_note_gap(hv->pcpu, cx_host_now(hv->host) - hv->left_at_ns);
	hv->cost_known = false;
}

static void settle_answer(struct cx_host_vcpu *hv)
{
	struct cx_guest *g = hv->guest;

	if (!hv->answer_due)
		return;
	hv->answer_due = false;
	g->engine->answer(g->vm, hv->index, (int64_t)g->engine->take_pending(g->vm, hv->index));
}

/* Enter once and serve the exit.  True: leave, for *why. */
static bool run_once(struct cx_host_vcpu *hv, enum cx_why *why, uint64_t *deadline_ns)
{
	struct cx_guest *g = hv->guest;
	struct cx_exit exit;
	struct cx_error err = { "" };

	if (g->engine->enter(g->vm, hv->index, &exit, &err) < 0) {
		exit.kind = CX_EXIT_CRASH;
		snprintf(exit.text, sizeof(exit.text), "%.150s", err.text);
	} else if (hv->host->traced) {
		hv->host->director->note(hv, CX_EV_EXIT, exit.kvm_reason, 0, 0);
	}
	return cx_host_exit(hv, &exit, why, deadline_ns) == CX_NEXT_LEAVE;
}

/* From `go` until the director takes the pCPU away. */
static void run_turn(struct cx_host_vcpu *hv)
{
	const struct cx_director *director = hv->host->director;
	struct cx_guest *g = hv->guest;
	uint64_t deadline_ns = CX_NEVER, left_ns = cx_host_now(hv->host);
	enum cx_why why;

	begin_slice(hv, left_ns);
	for (;;) {
		settle_answer(hv);
		/* Cleared first: a kick that comes after this check still stops the entry. */
		g->engine->kick_clear(g->vm, hv->index);
		left_ns = cx_host_now(hv->host);
		if (!director->must_leave(hv, left_ns, &why)) {
			if (!run_once(hv, &why, &deadline_ns))
				continue;
			left_ns = cx_host_now(hv->host);
		}
		if (!director->leave(hv, why, deadline_ns, left_ns))
			return;
		/* It goes on itself: all of the cost lies between leaving and here. */
		hv->left_cost_ns = 0;
		hv->left_at_ns = left_ns;
		hv->cost_known = hv->pcpu != NULL;
		begin_slice(hv, left_ns);
	}
}

static bool wait_go(struct cx_host_vcpu *hv)
{
	while (atomic_exchange(&hv->go, 0) == 0) {
		if (atomic_load(&hv->host->quit))
			return false;
		cx_futex_wait(&hv->go, 0, CX_NEVER);
	}
	return !atomic_load(&hv->host->quit);
}

static uint64_t thread_cpu_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return (uint64_t)ts.tv_sec * CX_SEC + (uint64_t)ts.tv_nsec;
}

static void set_mask(void)
{
	sigset_t mask;

	sigfillset(&mask);
	sigdelset(&mask, CX_KICK_SIGNAL);
	cx_guard_unmask(&mask);
	pthread_sigmask(SIG_SETMASK, &mask, NULL);
}

static void *vcpu_main(void *arg)
{
	struct cx_host_vcpu *hv = arg;
	void *altstack = cx_guard_altstack_set();

	this_vcpu = hv;
	set_mask();
	while (wait_go(hv))
		run_turn(hv);
	hv->cpu_ns = thread_cpu_ns();
	this_vcpu = NULL;
	cx_guard_altstack_clear(altstack);
	return NULL;
}

static void *thread_entry(void *arg)
{
	struct cx_host_vcpu *hv = arg;
	struct sigevent sev;
	char name[16];

	snprintf(name, sizeof(name), "cx-%u/%u", hv->guest->index % 10000, hv->index);
	pthread_setname_np(pthread_self(), name);
	hv->tid = (pid_t)syscall(SYS_gettid);
	memset(&sev, 0, sizeof(sev));
	sev.sigev_notify = SIGEV_THREAD_ID;
	sev.sigev_signo = CX_KICK_SIGNAL;
	sev._sigev_un._tid = hv->tid;
	if (timer_create(CLOCK_MONOTONIC, &sev, &hv->slice_timer) < 0) {
		atomic_store(&hv->ready, (unsigned)errno + 1);
		cx_futex_wake(&hv->ready);
		return NULL;
	}
	atomic_store(&hv->ready, 1);
	cx_futex_wake(&hv->ready);
	vcpu_main(hv);
	timer_delete(hv->slice_timer);
	return NULL;
}

/* Wait until the thread has its tid and timer; 0 or a negative errno. */
static int await_thread(struct cx_host_vcpu *hv)
{
	unsigned said;

	while ((said = atomic_load(&hv->ready)) == 0)
		cx_futex_wait(&hv->ready, 0, CX_NEVER);
	if (said == 1)
		return 0;
	pthread_join(hv->thread, NULL);
	return -(int)(said - 1);
}

static int spawn_one(struct cx_host_vcpu *hv, const pthread_attr_t *attr, struct cx_error *err)
{
	int rc;

	hv->page = hv->guest->engine->page(hv->guest->vm, hv->index);
	rc = pthread_create(&hv->thread, attr, thread_entry, hv);
	if (rc)
		return cx_fail(err, rc, "cannot start the thread of %s/%u: %s; see ulimit -u",
			       hv->guest->name, hv->index, strerror(rc));
	rc = await_thread(hv);
	if (rc)
		return cx_fail(err, -rc, "cannot make a timer for %s/%u: %s; see ulimit -i",
			       hv->guest->name, hv->index, strerror(-rc));
	hv->started = true;
	if (hv->host->realtime) {
		struct sched_param param = { .sched_priority = CX_VCPU_PRIORITY };

		if (pthread_setschedparam(hv->thread, SCHED_FIFO, &param))
			hv->host->realtime_refused = true;
	}
	return 0;
}

int cx_host_spawn(struct cx_host *host, struct cx_error *err)
{
	pthread_attr_t attr;
	sigset_t all, old;
	unsigned i;
	int rc = 0;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, VCPU_STACK_BYTES);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	for (i = 0; i < host->n_vcpus && !rc; i++)
		rc = spawn_one(&host->vcpus[i], &attr, err);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	pthread_attr_destroy(&attr);
	return rc;
}

void cx_host_join(struct cx_host *host)
{
	unsigned i;

	atomic_store(&host->quit, true);
	for (i = 0; i < host->n_vcpus; i++)
		if (host->vcpus[i].started) {
			cx_host_kick(&host->vcpus[i]);
			cx_futex_wake(&host->vcpus[i].go);
		}
	for (i = 0; i < host->n_vcpus; i++) {
		struct cx_host_vcpu *hv = &host->vcpus[i];

		if (!hv->started)
			continue;
		atomic_store(&hv->go, 1);
		cx_futex_wake(&hv->go);
		pthread_join(hv->thread, NULL);
		hv->started = false;
	}
}

void cx_host_go(struct cx_host_vcpu *hv)
{
	atomic_store(&hv->go, 1);
	cx_futex_wake(&hv->go);
}

void cx_host_kick(struct cx_host_vcpu *hv)
{
	if (hv != this_vcpu)
		syscall(SYS_tgkill, getpid(), hv->tid, CX_KICK_SIGNAL);
}
