/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/machine/hostload.h - how busy the host is with other things than us.
 */
#ifndef CX_CORE_HOSTLOAD_H
#define CX_CORE_HOSTLOAD_H

#include <stdint.h>

/**
 * CPU time that was spent on the host's CPUs @cpus by anybody but this process, since
 * boot: what others ran and what a hypervisor below us took, from /proc/stat, in
 * nanoseconds with a granularity of one tick (10 ms) a CPU.  Only differences mean
 * something.  0 when it cannot be read.
 */
uint64_t cx_host_others_ns(const unsigned *cpus, unsigned n);

#endif
