/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What each figure means, for the foot of the page.
 */
#include "trace/report_internal.h"

static const struct {
	const char *id, *name, *text, *formula;
} terms[] = {
	{ "entitled", "Entitled",
	  "What a domain should have received, whatever the policy. Time is cut into steps of 100 "
	  "ms, and where domains start or stop or something changes; in each step one level x is "
	  "sought at which all shares together fill the pCPUs that are online. w is the domain's "
	  "weight times its vCPUs; hi the least "
	  "of its limit and its demand (the time in which its vCPUs ran, were ready, limited or "
	  "co-stopped); lo the lesser of its reservation and hi. If all hi fit, each gets its hi. "
	  "Who sleeps is entitled to nothing meanwhile and saves nothing up. Domains bound to "
	  "different pCPUs are solved apart, weighted max-min where affinities overlap.",
	  "e = min(max(w x, lo), hi), the e adding up to pCPUs x time" },
	{ "received", "Received",
	  "The time for which the domain's vCPUs were on a pCPU, in percent of one pCPU over the "
	  "domain's life: 150 is one and a half pCPUs.",
	  "100 x run / life" },
	{ "pool", "Entitled and received, of a resource pool",
	  "What the domains in it and in the pools in it were entitled to and received together, "
	  "in percent of one pCPU over the whole run. The domains' entitlements are solved within "
	  "the bounds of their pools, so the sum is the pool's own.",
	  "100 x sum over its domains / duration of the run" },
	{ "jain", "Jain's index",
	  "Fairness in one number: 1 when every domain received the same part of what it was "
	  "entitled to, down to 1/n when one of n took all. (R. Jain, D. Chiu, W. Hawe, DEC "
	  "TR-301, 1984.)",
	  "(sum q)^2 / (n sum q^2), q = received / entitled" },
	{ "window", "Window error E(W)",
	  "The largest difference between received and entitled time of any domain in any window "
	  "of length W, in percent of one pCPU. Jain's index looks at the whole run; this one "
	  "finds the worst moment.",
	  "max over domains and t of |received(t, t+W) - entitled(t, t+W)| / W" },
	{ "lag", "Lag",
	  "Entitled minus received time since the start: how far a domain is behind (positive) or "
	  "ahead. p1, p50, p99: for so much of its life the lag was that or less. (I. Stoica et "
	  "al., "
	  "RTSS 1996.)",
	  "lag(t) = entitled(0, t) - received(0, t)" },
	{ "states", "Run, ready, limited, co-stop, blocked, paused",
	  "The states of a vCPU: on a pCPU; has work and waits for a pCPU; has work and is parked "
	  "by its limit; has work and is parked to wait for its siblings; waits for an event; "
	  "stopped by the administrator. At any time it is in exactly one, so they add up to 100 "
	  "% of the domain's vCPUs' lives.",
	  "100 x time in the state / sum of the vCPUs' lives" },
	{ "esxtop", "%RUN, %RDY, %MLMTD, %CSTP, %WAIT",
	  "The same states in the words of VMware's esxtop, the mean of the domain's vCPUs "
	  "(esxtop's "
	  "worlds), rounded so that they add up to 100.0. Unlike there they exclude each other: "
	  "esxtop's %RDY includes %MLMTD. %WAIT is blocked and paused.",
	  "100 x time in the state / sum of the vCPUs' lives" },
	{ "shortfall", "Reservation shortfall",
	  "How much a domain with a reservation lacked in its worst second, over all seconds (not "
	  "only full ones) with a reservation throughout. It is owed as much of the reservation of "
	  "the moment as it demands: its vCPUs that run, are ready, limited or co-stopped, 100 "
	  "each; nothing while it sleeps. 0: it was always kept; - : there was none. Of a shorter "
	  "life: all of it. Of a scheduler: its worst domain or pool.",
	  "max over t of integral of (min(reservation, demand) - received), t to t + 1 s" },
	{ "overshoot", "Limit overshoot",
	  "How much a domain with a limit received beyond it in its worst second, over all seconds "
	  "with a limit throughout; the limit is that of the moment. 0: it was always kept.",
	  "max over t of integral of (received - limit), t to t + 1 s" },
	{ "progress", "Progress",
	  "Work done as the guests themselves count it, in the workload's own unit, a second.",
	  NULL },
	{ "wake", "Wake-up latency",
	  "From the event or timer that wakes a vCPU until it runs. Starting a domain does not "
	  "count, nor does what a pause adds.",
	  NULL },
	{ "dispatch", "Dispatch cost",
	  "What a decision takes: from leaving one guest to entering the next, without the "
	  "hand-over: waking the other thread and arming the timer that ends its slice. The JSON's "
	  "gap_ns has all of it.",
	  NULL },
	{ "switches", "Switches",
	  "How often a pCPU went to another vCPU than it ran before. Each costs time and cache "
	  "contents.",
	  NULL },
	{ "migrations", "Migrations",
	  "How often a vCPU was given to another pCPU than it was on: a thread of the same core "
	  "(smt), sharing the last-level cache (llc), on the same node, or remote.",
	  NULL },
	{ "steal", "Host steal",
	  "Time in which the host's own scheduler had taken the pCPU away while we believed a vCPU "
	  "to be running, in percent of all run time. It is noise from outside: above 2 % small "
	  "differences mean nothing.",
	  "wall time of running vCPUs - CPU time of their threads; under linux: what others used "
	  "of "
	  "the run's pCPUs, at most the vCPUs' ready time" },
	{ "busy", "Busy",
	  "Time in which a vCPU was on a pCPU, in percent of the time in which pCPUs were online.",
	  NULL },
	{ "unused", "Idle while ready",
	  "pCPU time that was idle while as many vCPUs that might have run there were ready: what "
	  "a policy wastes by not looking. A work-conserving one wastes next to none.",
	  "integral of min(idle pCPUs, ready vCPUs)" },
	{ "fragmented", "Fragmentation",
	  "pCPU time that was idle while as many vCPUs were co-stopped: the price of waiting for "
	  "siblings.",
	  "integral of min(idle pCPUs, co-stopped vCPUs)" },
	{ "skew", "Skew",
	  "A vCPU progresses while it runs or is blocked of its own accord; at any time the skew "
	  "is the lead of the furthest of a domain's vCPUs over the last. Percentiles are over "
	  "time.",
	  "max progress - min progress" },
	{ "corun", "Together",
	  "Of the time in which two or more vCPUs of the domain could run: the part in which all "
	  "of those did.",
	  NULL },
};

void cx_html_formulas(FILE *out)
{
	unsigned i;

	fputs("<h2 id=\"formulas\">What the figures mean</h2>\n<dl>\n", out);
	for (i = 0; i < sizeof(terms) / sizeof(terms[0]); i++) {
		fprintf(out, "<dt id=\"f-%s\">%s</dt>\n<dd>", terms[i].id, terms[i].name);
		cx_put_html(out, terms[i].text);
		if (terms[i].formula) {
			fputs("<br/><code>", out);
			cx_put_html(out, terms[i].formula);
			fputs("</code>", out);
		}
		fputs("</dd>\n", out);
	}
	fputs("</dl>\n", out);
}

void cx_html_term(FILE *out, const char *id, const char *text)
{
	fprintf(out, "<th><a href=\"#f-%s\">", id);
	cx_put_html(out, text);
	fputs("</a></th>", out);
}
