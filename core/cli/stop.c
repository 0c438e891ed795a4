/* SPDX-License-Identifier: BSD-2-Clause */
/* Ctrl-C: the first asks for an end, the second takes it. */

#include "core/cli/campaign.h"

#include <signal.h>
#include <unistd.h>

/* A handler is given no argument, so what it sets must be reachable from here. */
static atomic_bool stop_asked;

static void on_signal(int sig)
{
	(void)sig;
	if (atomic_exchange(&stop_asked, true))
		_exit(CX_STATUS_KILLED);
}

const atomic_bool *cx_stop_on_signals(void)
{
	struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
	struct sigaction old;

	sigemptyset(&action.sa_mask);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	/* a terminal that goes away is no reason to lose the report; nohup stays nohup */
	sigaction(SIGHUP, NULL, &old);
	if (old.sa_handler != SIG_IGN)
		sigaction(SIGHUP, &action, NULL);
	return &stop_asked;
}
