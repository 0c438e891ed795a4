/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/machine/host.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

void cx_futex_wait(atomic_uint *word, unsigned value, uint64_t deadline_ns)
{
	struct timespec ts, *timeout = NULL;

	if (deadline_ns != CX_NEVER) {
		ts.tv_sec = (time_t)(deadline_ns / CX_SEC);
		ts.tv_nsec = (long)(deadline_ns % CX_SEC);
		timeout = &ts;
	}
	/* An absolute time: the bitset form.  Whatever ends it, the caller looks again. */
	syscall(SYS_futex, word, FUTEX_WAIT_BITSET_PRIVATE, value, timeout, NULL,
		FUTEX_BITSET_MATCH_ANY);
}

void cx_futex_wake(atomic_uint *word)
{
	syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}
