/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/machine/host.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int cx_host_init(struct cx_host *host, unsigned n_domains, const unsigned *vcpus)
{
	struct cx_host_vcpu *hv;
	unsigned i, k;

	host->n_guests = n_domains;
	for (i = 0; i < n_domains; i++)
		host->n_vcpus += vcpus[i];
	host->guests = calloc(n_domains, sizeof(*host->guests));
	host->vcpus = calloc(host->n_vcpus, sizeof(*host->vcpus));
	if (!host->guests || !host->vcpus)
		return -ENOMEM;
	hv = host->vcpus;
	for (i = 0; i < n_domains; i++) {
		struct cx_guest *g = &host->guests[i];

		g->index = i;
		g->n_vcpus = vcpus[i];
		g->vcpus = hv;
		pthread_mutex_init(&g->lock, NULL);
		for (k = 0; k < vcpus[i]; k++, hv++) {
			hv->host = host;
			hv->guest = g;
			hv->index = k;
			hv->id = (unsigned)(hv - host->vcpus);
			hv->host_cpu = UINT_MAX;
			hv->until_ns = CX_NEVER;
		}
	}
	return 0;
}

void cx_host_destroy(struct cx_host *host)
{
	cx_host_clock_stop(host);
	cx_host_join(host);
	free(host->vcpus);
	free(host->guests);
	host->vcpus = NULL;
	host->guests = NULL;
	host->n_vcpus = host->n_guests = 0;
}

void cx_host_post(struct cx_host_vcpu *hv, unsigned port, enum cx_wake_why why)
{
	struct cx_guest *g = hv->guest;

	g->engine->post(g->vm, hv->index, port);
	hv->host->director->wake(hv, why);
	/* One that runs takes it as an interrupt at its next entry, if it wants any. */
	if (g->engine->wants_upcall(g->vm, hv->index))
		cx_host_kick(hv);
}

void cx_guest_crashed(struct cx_guest *guest, const char *text)
{
	pthread_mutex_lock(&guest->lock);
	if (!guest->end_text[0])
		snprintf(guest->end_text, sizeof(guest->end_text), "%s", text);
	pthread_mutex_unlock(&guest->lock);
}

void cx_host_log(struct cx_host *host, const char *fmt, ...)
{
	char line[512];
	va_list ap;

	if (!host->log)
		return;
	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	host->log(host->log_arg, line);
}
