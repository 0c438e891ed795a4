/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/scenario/internal.h"

#include "core/vmm/vmm.h"

int cx_scenario_load(const char *path, const char *const *payload_dirs,
		     struct cx_scenario **scenario, struct cx_error *err)
{
	return cx_scenario_load_overridden(path, payload_dirs, NULL, 0, scenario, err);
}

int cx_scenario_load_overridden(const char *path, const char *const *payload_dirs,
				const struct cx_setting *overrides, unsigned n,
				struct cx_scenario **scenario, struct cx_error *err)
{
	static const struct cx_payload_reader payloads = {
		.open = cx_payload_open,
		.close = cx_payload_close,
		.info = cx_payload_info,
	};

	return cx_scenario_load_with(path, payload_dirs, &payloads, overrides, n, scenario, err);
}
