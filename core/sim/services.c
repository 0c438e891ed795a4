/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What models call.  Their contract is in <coxswain/model.h>.
 */
#include "core/sim/internal.h"

#include "core/vmm/vmm.h"

#include <stdio.h>

void *cx_model_priv(const struct cx_model_vcpu *v)
{
	return v->priv;
}

void *cx_model_domain_priv(const struct cx_model_vcpu *v)
{
	return v->dom->priv;
}

int64_t cx_model_param(const struct cx_model_vcpu *v, unsigned index)
{
	return index < CX_GUEST_PARAMS ? v->dom->params[index] : 0;
}

uint64_t cx_model_seed(const struct cx_model_vcpu *v)
{
	return cx_guest_seed(v->sim->seed, v->dom->index, v->index);
}

unsigned cx_model_index(const struct cx_model_vcpu *v)
{
	return v->index;
}

unsigned cx_model_vcpus(const struct cx_model_vcpu *v)
{
	return v->dom->n_vcpus;
}

uint64_t cx_model_now(const struct cx_model_vcpu *v)
{
	return v->sim->now_ns;
}

uint64_t cx_model_ports(const struct cx_model_vcpu *v)
{
	return v->ports;
}

bool cx_model_released(const struct cx_model_vcpu *v)
{
	return v->released;
}

uint64_t cx_model_work_rate(const struct cx_model_vcpu *v)
{
	return cost(v->sim, CX_COST_WORK_RATE);
}

uint64_t cx_model_spin_rate(const struct cx_model_vcpu *v)
{
	return cost(v->sim, CX_COST_SPIN_RATE);
}

uint64_t cx_model_access_ps(const struct cx_model_vcpu *v)
{
	return v->warm_ps;
}

uint64_t cx_model_heap(const struct cx_model_vcpu *v)
{
	return v->dom->heap;
}

void cx_model_log(struct cx_model_vcpu *v, const char *line)
{
	char text[256];

	if (!v->sim->log)
		return;
	snprintf(text, sizeof(text), "%s/%u: %s", v->dom->name, v->index, line);
	v->sim->log(v->sim->log_arg, text);
}

void cx_model_release(struct cx_model_vcpu *v, unsigned index)
{
	if (index < v->dom->n_vcpus)
		sim_release(v->sim, v, &v->dom->vcpus[index]);
}

void cx_model_set_progress(struct cx_model_vcpu *v, uint64_t progress)
{
	v->progress = progress;
}

void cx_model_set_result(struct cx_model_vcpu *v, unsigned index, uint64_t value)
{
	if (index < v->dom->model->info->n_results)
		v->results[index] = value;
}
