/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Other names for the models and for the services that they call, so that a test can have
 * models of its own that run on a stand-in for the simulator, beside the program's.
 * Included before all else wherever <coxswain/model.h> is used so.
 */
#ifndef CX_TEST_MODEL_NAMES_H
#define CX_TEST_MODEL_NAMES_H

#define cx_models rig_models
#define cx_model_barrier rig_model_barrier
#define cx_model_bursty rig_model_bursty
#define cx_model_cachewalk rig_model_cachewalk
#define cx_model_hog rig_model_hog
#define cx_model_lock rig_model_lock
#define cx_model_server rig_model_server
#define cx_model_sleeper rig_model_sleeper

#define cx_model_priv rig_model_priv
#define cx_model_domain_priv rig_model_domain_priv
#define cx_model_param rig_model_param
#define cx_model_seed rig_model_seed
#define cx_model_index rig_model_index
#define cx_model_vcpus rig_model_vcpus
#define cx_model_heap rig_model_heap
#define cx_model_now rig_model_now
#define cx_model_ports rig_model_ports
#define cx_model_released rig_model_released
#define cx_model_work_rate rig_model_work_rate
#define cx_model_spin_rate rig_model_spin_rate
#define cx_model_access_ps rig_model_access_ps
#define cx_model_release rig_model_release
#define cx_model_set_progress rig_model_set_progress
#define cx_model_set_result rig_model_set_result
#define cx_model_log rig_model_log

#endif
