# SPDX-License-Identifier: BSD-2-Clause
# Formatting and lint.

C_FILES = $(shell scripts/sources | grep "\.[ch]$$")
LINT_FILES = $(filter base/%.c core/%.c topology/%.c trace/%.c schedulers/%.c workloads/models.c \
	workloads/%/model.c,$(filter-out trace/lttng/%,$(C_FILES)))

.PHONY: format
format:
	$(Q)scripts/install-packages test
	$(Q)clang-format -i $(C_FILES)

.PHONY: format-check
format-check:
	$(Q)scripts/install-packages test
	$(Q)clang-format --dry-run --Werror $(C_FILES)

# Checks are chosen in .clang-tidy.
.PHONY: lint
lint:
	$(Q)scripts/install-packages build dev
	$(MAKE_AGAIN) lint-files
.PHONY: lint-files
lint-files: $(patsubst %,$(B)/lint/%.ok,$(LINT_FILES))
$(B)/lint/%.ok: % .clang-tidy
	@mkdir -p $(@D)
	$(call say,LINT,$<)
	$(Q)clang-tidy --quiet $< -- $(STD) -I. -Icore/include -Iworkloads/guest -DCX_VERSION='"$(VERSION)"' \
		$(PKG_CFLAGS) 2>$@.log || { cat $@.log; exit 1; }
	@touch $@
