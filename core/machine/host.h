/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/machine/host.h - real time, real pCPUs: one host thread for each vCPU.
 *
 * A thread runs its guest while its director lets it.  The director decides who runs:
 * `dispatch` puts the dispatcher's decisions into effect (the thread that leaves a pCPU
 * wakes the one that is next there and sleeps), `linux` leaves every thread to the host
 * kernel's own scheduler.
 *
 * A vCPU is tied to its thread for good: moving a vCPU between threads waits for an RCU
 * grace period in KVM before Linux 6.13, moving a sleeping thread to another CPU costs
 * next to nothing.
 */
#ifndef CX_CORE_HOST_H
#define CX_CORE_HOST_H

#include "base/error.h"
#include "base/units.h"
#include "core/dispatch/dispatch.h"
#include "core/machine/engine.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

struct cx_host;
struct cx_guest;

/** One vCPU and its thread. */
struct cx_host_vcpu {
	struct cx_host *host;
	struct cx_guest *guest;
	unsigned id, index;  /* in the run, in the domain */
	struct cx_vcpu *v;   /* the dispatcher's; NULL under `linux` */
	void *director_data; /* the director's own */
	struct cx_guest_page *page;

	pthread_t thread;
	bool started;
	pid_t tid;
	timer_t slice_timer;
	atomic_uint ready; /* 0 until the thread has a tid and a timer; errno + 1 if it failed */
	atomic_uint go;    /* 1: run; the thread takes it back to 0 */

	/* Set by whoever puts it on a pCPU, before `go`. */
	struct cx_pcpu *pcpu;
	uint64_t until_ns;         /* end of its slice */
	uint64_t run_ns, ready_ns; /* its times so far, for its guest to see */
	uint64_t left_at_ns;       /* when the guest before it left the pCPU */
	uint64_t left_cost_ns;     /* what deciding for it has cost so far */
	bool cost_known;           /* false: it was put on an idle pCPU, nobody left */
	unsigned host_cpu;         /* its thread's affinity; UINT_MAX = not set yet */

	/* The thread's own. */
	bool answer_due; /* it blocked in a hypercall that wants the pending ports */
	uint64_t status; /* of its exit hypercall */
	uint64_t cpu_ns; /* the thread's CPU time at the end */
	uint64_t logged; /* lines */
};

/** One domain. */
struct cx_guest {
	const char *name;
	const struct cx_engine *engine;
	void *vm;
	unsigned index, n_vcpus;
	struct cx_host_vcpu *vcpus;
	unsigned n_peers;
	const unsigned *peers; /* domain indices */
	pthread_mutex_t lock;  /* for the text */
	char end_text[160];    /* how it crashed */
};

struct cx_director {
	/** Must it leave the guest now, and why?  By its thread, before every entry. */
	bool (*must_leave)(struct cx_host_vcpu *hv, uint64_t now, enum cx_why *why);
	/**
	 * It left, at @left_ns.  Returns true when it is to enter again at once (its slice
	 * may be a new one), false when the thread waits for `go` (or is done).
	 */
	bool (*leave)(struct cx_host_vcpu *hv, enum cx_why why, uint64_t deadline_ns,
		      uint64_t left_ns);
	/** An event is pending at @hv; from any thread. */
	void (*wake)(struct cx_host_vcpu *hv, enum cx_wake_why why);
	/** Its guest sets its timer; CX_NEVER cancels.  By its thread. */
	void (*set_timer)(struct cx_host_vcpu *hv, uint64_t when_ns);
	/** All vCPUs of the domain are to end. */
	void (*stop_domain)(struct cx_host *host, unsigned domain, enum cx_end end);
	/** For the trace: hypercalls and exits. */
	void (*note)(struct cx_host_vcpu *hv, enum cx_event_type type, uint32_t why, uint64_t x,
		     uint64_t y);
};

typedef void (*cx_host_log_fn)(void *arg, const char *line);

struct cx_host {
	const struct cx_director *director;
	struct cx_dispatch *dispatch; /* NULL under `linux` */
	void *director_data;
	unsigned n_guests, n_vcpus;
	struct cx_guest *guests;
	struct cx_host_vcpu *vcpus;
	uint64_t start_ns; /* CLOCK_MONOTONIC at the run's zero */
	bool realtime;
	bool realtime_refused;
	bool traced;
	atomic_bool quit;

	cpu_set_t clock_cpus;   /* where the clock's threads may run; empty = anywhere */
	pthread_t clock_thread; /* runs what is due */
	bool clock_started;
	pthread_t watch_thread; /* breaks off operations that hang */
	bool watch_started;
	atomic_uint watch_bell;
	atomic_uint alarms;

	cx_host_log_fn log;
	void *log_arg;
};

/** The real-time priority of vCPUs' threads, where they have one. */
#define CX_VCPU_PRIORITY 1

/** The kick: a vCPU thread's signal, see cx_host_signals(). */
#define CX_KICK_SIGNAL SIGUSR1

/** CLOCK_MONOTONIC in nanoseconds. */
static inline uint64_t cx_monotonic_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * CX_SEC + (uint64_t)ts.tv_nsec;
}

/** Nanoseconds since the run's zero. */
static inline uint64_t cx_host_now(const struct cx_host *host)
{
	return cx_monotonic_ns() - host->start_ns;
}

/** Set up tables for so many domains with @vcpus[i] vCPUs each.  0 or -ENOMEM. */
int cx_host_init(struct cx_host *host, unsigned n_domains, const unsigned *vcpus);
/** Ends the threads if they still run, then frees the tables. */
void cx_host_destroy(struct cx_host *host);

/** Install the kick's signal handler, process-wide. */
int cx_host_signals(struct cx_error *err);
/**
 * Start all threads; each waits for `go`.
 * Returns 0, or a negative errno; those already started end with cx_host_join().
 */
int cx_host_spawn(struct cx_host *host, struct cx_error *err);
/** Make every thread leave its guest and end; waits for them. */
void cx_host_join(struct cx_host *host);

/** Put @hv's thread to work: on its pCPU, until its slice ends. */
void cx_host_go(struct cx_host_vcpu *hv);
/** Arm its timer for until_ns: its thread is then kicked.  By its own thread. */
void cx_host_arm(struct cx_host_vcpu *hv);
/** Make @hv leave the guest soon. */
void cx_host_kick(struct cx_host_vcpu *hv);
/** Make @port pending at @hv and wake it; any thread. */
void cx_host_post(struct cx_host_vcpu *hv, unsigned port, enum cx_wake_why why);
/** Note how a domain crashed; the first text stays. */
void cx_guest_crashed(struct cx_guest *guest, const char *text);
/** One line to the run's log; any thread. */
void cx_host_log(struct cx_host *host, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* exits.c */
enum cx_next { CX_NEXT_ENTER, CX_NEXT_LEAVE };
/** Serve an exit.  CX_NEXT_LEAVE: with *why, and for BLOCK *deadline_ns. */
enum cx_next cx_host_exit(struct cx_host_vcpu *hv, const struct cx_exit *exit, enum cx_why *why,
			  uint64_t *deadline_ns);

/* clock.c: the threads that call cx_dispatch_timers() and cx_dispatch_check_stuck(). */
int cx_host_clock_start(struct cx_host *host, struct cx_error *err);
void cx_host_clock_stop(struct cx_host *host);
void cx_host_alarm(struct cx_host *host);

/* futex.c */
/** Sleep while *word == value, until @deadline_ns (CLOCK_MONOTONIC; CX_NEVER = for ever). */
void cx_futex_wait(atomic_uint *word, unsigned value, uint64_t deadline_ns);
void cx_futex_wake(atomic_uint *word);

/* direct_dispatch.c, direct_linux.c */
extern const struct cx_director cx_direct_dispatch;
extern const struct cx_machine_ops cx_host_machine_ops; /* the machine is the host */

#endif
