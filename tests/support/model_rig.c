/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/support/model_rig.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STEPS_AT_ONCE 100000u /* more without time passing: it would go on for ever */

/* --- services ------------------------------------------------------------------- */

void *cx_model_priv(const struct cx_model_vcpu *v)
{
	return v->priv;
}

void *cx_model_domain_priv(const struct cx_model_vcpu *v)
{
	return v->rig->domain_priv;
}

int64_t cx_model_param(const struct cx_model_vcpu *v, unsigned index)
{
	return index < CX_GUEST_PARAMS ? v->rig->params[index] : 0;
}

uint64_t cx_model_seed(const struct cx_model_vcpu *v)
{
	return v->rig->config.seed + v->index;
}

unsigned cx_model_index(const struct cx_model_vcpu *v)
{
	return v->index;
}

unsigned cx_model_vcpus(const struct cx_model_vcpu *v)
{
	return v->rig->config.vcpus;
}

uint64_t cx_model_heap(const struct cx_model_vcpu *v)
{
	return v->rig->config.heap;
}

uint64_t cx_model_now(const struct cx_model_vcpu *v)
{
	return v->rig->now_ns;
}

uint64_t cx_model_ports(const struct cx_model_vcpu *v)
{
	(void)v;
	return 0;
}

bool cx_model_released(const struct cx_model_vcpu *v)
{
	return v->released;
}

uint64_t cx_model_work_rate(const struct cx_model_vcpu *v)
{
	return v->rig->config.work_rate;
}

uint64_t cx_model_spin_rate(const struct cx_model_vcpu *v)
{
	return v->rig->config.spin_rate;
}

uint64_t cx_model_access_ps(const struct cx_model_vcpu *v)
{
	return v->rig->config.access_ps;
}

void cx_model_release(struct cx_model_vcpu *v, unsigned index)
{
	struct cx_model_vcpu *to = &v->rig->vcpus[index];

	assert_true(index < v->rig->config.vcpus);
	v->releases++;
	if (to->state == RIG_GONE || !to->stepping || to->step.op != CX_MODEL_SPIN)
		return;
	to->released = true;
	to->left_ns = 0;
}

void cx_model_set_progress(struct cx_model_vcpu *v, uint64_t progress)
{
	assert_true(progress >= v->progress);
	v->progress = progress;
}

void cx_model_set_result(struct cx_model_vcpu *v, unsigned index, uint64_t value)
{
	assert_true(index < v->rig->model->info->n_results);
	v->results[index] = value;
}

void cx_model_log(struct cx_model_vcpu *v, const char *line)
{
	snprintf(v->rig->log, sizeof(v->rig->log), "%s", line);
	v->rig->n_log++;
}

/* --- time passes ------------------------------------------------------------------ */

/* Work that @ns of run time are good for. */
static uint64_t work_in(struct cx_model_vcpu *v, uint64_t ns)
{
	uint64_t halves = ns + v->half, done = halves / 2;

	if (!v->cold_ns)
		return ns;
	if (done < v->cold_ns) {
		v->half = halves % 2;
		v->cold_ns -= done;
		return done;
	}
	done = v->cold_ns;
	v->cold_ns = 0;
	v->half = false;
	return done + (halves - 2 * done);
}

static void pass(struct cx_model_vcpu *v, uint64_t ns)
{
	uint64_t done = ns;

	v->ran_ns += ns;
	if (!ns || !v->stepping)
		return;
	if (v->step.op == CX_MODEL_WORK)
		done = work_in(v, ns);
	if (v->left_ns != CX_MODEL_FOREVER) {
		assert_true(done <= v->left_ns);
		v->left_ns -= done;
	}
	if (v->step.op == CX_MODEL_WORK && v->rig->model->worked)
		v->rig->model->worked(v, done, ns);
}

/* Run time until the step is done. */
static uint64_t takes(const struct cx_model_vcpu *v)
{
	if (v->left_ns == CX_MODEL_FOREVER || v->step.op != CX_MODEL_WORK || !v->cold_ns)
		return v->left_ns;
	if (v->left_ns <= v->cold_ns)
		return 2 * v->left_ns - (v->left_ns && v->half);
	return 2 * v->cold_ns - v->half + (v->left_ns - v->cold_ns);
}

static void least(uint64_t *when, uint64_t other)
{
	if (other < *when)
		*when = other;
}

static uint64_t next_event(const struct rig *rig)
{
	uint64_t when = RIG_NEVER;
	unsigned i;

	for (i = 0; i < rig->config.vcpus; i++)
		if (rig->vcpus[i].state == RIG_BLOCKED)
			least(&when, rig->vcpus[i].due_ns);
	for (i = 0; i < rig->config.pcpus; i++) {
		const struct rig_pcpu *p = &rig->pcpus[i];
		uint64_t ns = p->on ? takes(p->on) : CX_MODEL_FOREVER;

		if (ns != CX_MODEL_FOREVER)
			least(&when, rig->now_ns + ns);
		if (p->on)
			least(&when, p->until_ns);
	}
	return when;
}

/* --- who runs ----------------------------------------------------------------------- */

static void make_ready(struct cx_model_vcpu *v)
{
	v->state = RIG_READY;
	v->ready_since = v->rig->turn++;
}

static void leave(struct rig_pcpu *p)
{
	p->last = p->on;
	p->on = NULL;
}

static uint64_t slice_end(const struct rig *rig)
{
	return rig->config.slice_ns ? rig->now_ns + rig->config.slice_ns : RIG_NEVER;
}

static void fill(struct rig *rig, struct rig_pcpu *p)
{
	struct cx_model_vcpu *first = NULL;

	for (unsigned i = 0; i < rig->config.vcpus; i++) {
		struct cx_model_vcpu *v = &rig->vcpus[i];

		if (v->state == RIG_READY && (!first || v->ready_since < first->ready_since))
			first = v;
	}
	if (!first)
		return;
	first->state = RIG_RUNS;
	p->on = first;
	p->until_ns = slice_end(rig);
	if (p->last != first) {
		first->cold_ns = rig->config.cold_ns;
		first->half = false;
	}
}

/* --- steps ---------------------------------------------------------------------------- */

static void begin(struct cx_model_vcpu *v)
{
	struct cx_model_step *step = &v->step;

	*step = (struct cx_model_step){ .op = CX_MODEL_EXIT, .ns = 999 };
	v->rig->model->next(v, step);
	v->released = false;
	v->stepping = true;
	v->left_ns = step->op == CX_MODEL_WORK || step->op == CX_MODEL_SPIN ? step->ns : 0;
	v->works += step->op == CX_MODEL_WORK;
	v->spins += step->op == CX_MODEL_SPIN;
}

/* The step of the vCPU on @p is done; begins the next one if it stays. */
static void end_step(struct rig *rig, struct rig_pcpu *p)
{
	struct cx_model_vcpu *v = p->on;

	if (v->stepping && v->step.op == CX_MODEL_BLOCK) {
		v->blocks++;
		v->state = RIG_BLOCKED;
		v->due_ns = v->step.ns ? rig->now_ns + v->step.ns : RIG_NEVER;
		if (v->step.ns > v->longest_wait_ns)
			v->longest_wait_ns = v->step.ns;
	} else if (v->stepping && v->step.op == CX_MODEL_YIELD) {
		v->yields++;
		make_ready(v);
	} else if (v->stepping && v->step.op == CX_MODEL_EXIT) {
		v->state = RIG_GONE;
		v->status = v->step.ns;
		v->left_at_ns = rig->now_ns;
		if (rig->model->publish)
			rig->model->publish(v);
	} else {
		begin(v);
		return;
	}
	v->stepping = false;
	leave(p);
}

/* All that happens now.  Returns whether anything did. */
static bool settle(struct rig *rig)
{
	bool happened = false;
	unsigned i;

	for (i = 0; i < rig->config.vcpus; i++) {
		struct cx_model_vcpu *v = &rig->vcpus[i];

		if (v->state == RIG_BLOCKED && v->due_ns <= rig->now_ns) {
			make_ready(v);
			happened = true;
		}
	}
	for (i = 0; i < rig->config.pcpus; i++) {
		if (rig->pcpus[i].on && takes(rig->pcpus[i].on) == 0) {
			end_step(rig, &rig->pcpus[i]);
			happened = true;
		}
	}
	for (i = 0; i < rig->config.pcpus; i++) {
		if (rig->pcpus[i].on && rig->pcpus[i].until_ns <= rig->now_ns) {
			make_ready(rig->pcpus[i].on);
			leave(&rig->pcpus[i]);
			happened = true;
		}
	}
	for (i = 0; i < rig->config.pcpus; i++)
		if (!rig->pcpus[i].on)
			fill(rig, &rig->pcpus[i]);
	return happened;
}

void rig_run(struct rig *rig, uint64_t until_ns)
{
	unsigned i, at_once = 0;

	for (;;) {
		uint64_t when, ns;

		while (settle(rig))
			assert_true(++at_once < STEPS_AT_ONCE);
		when = next_event(rig);
		if (rig->now_ns == until_ns || (when == RIG_NEVER && until_ns == RIG_NEVER))
			break;
		if (when > until_ns)
			when = until_ns;
		ns = when - rig->now_ns;
		rig->now_ns = when;
		if (ns)
			at_once = 0;
		for (i = 0; i < rig->config.pcpus; i++)
			if (rig->pcpus[i].on)
				pass(rig->pcpus[i].on, ns);
	}
	for (i = 0; i < rig->config.vcpus; i++)
		if (rig->vcpus[i].state != RIG_GONE && rig->model->publish)
			rig->model->publish(&rig->vcpus[i]);
}

/* --- beginning and end ------------------------------------------------------------------ */

const struct cx_model *rig_model(const char *name)
{
	for (unsigned i = 0; cx_models[i]; i++)
		if (!strcmp(cx_models[i]->info->name, name))
			return cx_models[i];
	return NULL;
}

static void set_params(struct rig *rig)
{
	const struct cx_workload_info *info = rig->model->info;

	for (unsigned i = 0; i < info->n_params; i++)
		rig->params[i] = info->params[i].def;
	for (unsigned i = 0; i < RIG_PARAMS && rig->config.params[i].name; i++) {
		int64_t value = rig->config.params[i].value;
		unsigned j = 0;

		while (j < info->n_params &&
		       strcmp(info->params[j].name, rig->config.params[i].name))
			j++;
		assert_true(j < info->n_params);
		assert_true(value >= info->params[j].min && value <= info->params[j].max);
		rig->params[j] = value;
	}
}

static void *zeroed(size_t size)
{
	void *area = calloc(1, size ? size : 1);

	assert_non_null(area);
	return area;
}

void rig_init(struct rig *rig, const struct rig_config *config)
{
	struct rig_config *c = &rig->config;
	unsigned i;

	*rig = (struct rig){ .config = *config, .model = rig_model(config->workload) };
	assert_non_null(rig->model);
	c->vcpus = c->vcpus ? c->vcpus : 1;
	c->pcpus = c->pcpus ? c->pcpus : 1;
	c->work_rate = c->work_rate ? c->work_rate : 750;
	c->spin_rate = c->spin_rate ? c->spin_rate : 100;
	c->access_ps = c->access_ps ? c->access_ps : 2000;
	c->heap = c->heap ? c->heap : UINT64_MAX;
	assert_true(c->vcpus <= RIG_VCPUS && c->pcpus <= RIG_VCPUS);
	set_params(rig);
	rig->domain_priv = zeroed(rig->model->domain_size);
	for (i = 0; i < c->vcpus; i++) {
		rig->vcpus[i].rig = rig;
		rig->vcpus[i].index = i;
		rig->vcpus[i].priv = zeroed(rig->model->vcpu_size);
		make_ready(&rig->vcpus[i]);
	}
	for (i = 0; i < c->vcpus && rig->model->init; i++)
		rig->model->init(&rig->vcpus[i]);
}

void rig_set_slice(struct rig *rig, uint64_t slice_ns)
{
	rig->config.slice_ns = slice_ns;
	for (unsigned i = 0; i < rig->config.pcpus; i++)
		if (rig->pcpus[i].on)
			rig->pcpus[i].until_ns = slice_end(rig);
}

void rig_fini(struct rig *rig)
{
	for (unsigned i = 0; i < rig->config.vcpus; i++)
		free(rig->vcpus[i].priv);
	free(rig->domain_priv);
}

uint64_t rig_result(const struct rig *rig, unsigned vcpu, const char *name)
{
	const struct cx_workload_info *info = rig->model->info;

	for (unsigned i = 0; i < info->n_results; i++)
		if (!strcmp(info->results[i], name))
			return rig->vcpus[vcpu].results[i];
	fail_msg("%s has no result %s", info->name, name);
	return 0;
}
