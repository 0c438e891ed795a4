/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where every vCPU begins, in ring 3, with its page in rdi and its own stack.  Runs
 * cx_main(page) and ends the vCPU with the result.
 */
	.section .text.start, "ax", @progbits
	.globl _start
	.type _start, @function
_start:
	xorl %ebp, %ebp
	andq $-16, %rsp
	cld
	call cx_main
	movslq %eax, %rdi
1:	xorl %eax, %eax /* CX_HC_EXIT */
	syscall
	jmp 1b /* it does not return; should it ever, ask again */
	.size _start, . - _start

	.section .note.GNU-stack, "", @progbits
