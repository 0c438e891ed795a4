/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What some processors let pass though the architecture says it is a fault (QEMU's does):
 * the same instructions for a guest and for a process of the host, which says what to expect.
 */
#ifndef CX_TESTS_QUIET_FAULTS_H
#define CX_TESTS_QUIET_FAULTS_H

#include <stdint.h>

/** Divides by zero in SSE with that exception unmasked: #XM. */
static inline void simd_fault(void)
{
	static const uint32_t unmasked = 0x1d80;
	double zero = 0, one = 1;

	__asm__ volatile("ldmxcsr %2; divsd %1, %0" : "+x"(one) : "x"(zero), "m"(unmasked));
}

/** Reads from an odd address with RFLAGS.AC set: #AC.  AC is clear afterwards. */
static inline void alignment_fault(void)
{
	__asm__ volatile("lea -256(%%rsp), %%rsp\n\t" /* below the red zone */
			 "pushfq; orl $0x40000, (%%rsp); popfq\n\t"
			 "movl 1(%%rsp), %%eax\n\t"
			 "pushfq; andl $~0x40000, (%%rsp); popfq\n\t"
			 "lea 256(%%rsp), %%rsp"
			 :
			 :
			 : "rax", "cc", "memory");
}

#endif
