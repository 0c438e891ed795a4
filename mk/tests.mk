# SPDX-License-Identifier: BSD-2-Clause
# Tests and benchmarks: every tests/unit/test_*.c, tests/bench/*.c, tests/plugins/*.c.

UNIT_BIN := $(patsubst tests/unit/%.c,$(B)/tests/%,$(wildcard tests/unit/test_*.c))
BENCH_BIN := $(patsubst tests/bench/%.c,$(B)/bench/%,$(wildcard tests/bench/*.c))
TEST_SO := $(patsubst tests/plugins/%.c,$(B)/tests/plugins/%.so,$(wildcard tests/plugins/*.c))
# What an emulated host runs beside its tests.
HOST_BIN := $(patsubst tests/host/%.c,$(B)/tests/host/%,$(wildcard tests/host/*.c)) $(B)/bench/moving
# Code that several of them share.
SUPPORT_OBJ := $(patsubst %,$(B)/obj/%.o,$(wildcard tests/support/*.c tests/property/*.c))
SUPPORT_LIB := $(if $(SUPPORT_OBJ),$(B)/libsupport.a)
# The models once more, driven by a stand-in for the simulator under other names.
RIG_MODEL_OBJ := $(patsubst %,$(B)/obj/tests/models/%.o,$(MODEL_SRC))
# The tests that also run under ThreadSanitizer: those named in the list.
TSAN_BIN := $(patsubst %,$(B)/tests/%,$(shell awk '$$1 == "tsan" { print $$2 }' tests/tests.cfg))

# Policies with a bug planted in each, for the test that the property tests find it.
BUG_SO := $(if $(SAN),,$(patsubst tests/property/bugs/%.patch,$(B)/tests/bugs/%.so,$(wildcard tests/property/bugs/*.patch)))

.PHONY: all-tests
all-tests: all $(UNIT_BIN) $(TEST_SO) $(TEST_ELF) $(HOST_BIN) $(BUG_SO)
	@rm -f $(filter-out $(BUG_SO),$(wildcard $(B)/tests/bugs/*.so))
.PHONY: tsan-tests
tsan-tests: $(TSAN_BIN) $(SCHED_SO) $(TEST_SO) $(PAYLOAD_ELF) $(TEST_ELF)
.PHONY: all-bench
all-bench: all $(BENCH_BIN) $(TEST_SO) $(TEST_ELF)

define link_test
	@mkdir -p $(@D)
	$(call say,TEST,$@)
	$(Q)$(CC) $(SANFLAGS) -pthread -o $@ $< $(SUPPORT_LIB) $(LINK_CORE) $(LINK_LIBS) -lcmocka
endef
$(B)/tests/test_%: $(B)/obj/tests/unit/test_%.c.o $(SUPPORT_LIB) $(B)/libcoxswain.a core/plugin.map
	$(link_test)
$(B)/tests/host/%: $(B)/obj/tests/host/%.c.o
	@mkdir -p $(@D)
	$(call say,TEST,$@)
	$(Q)$(CC) $(SANFLAGS) -o $@ $<
$(B)/bench/%: $(B)/obj/tests/bench/%.c.o $(SUPPORT_LIB) $(B)/libcoxswain.a core/plugin.map
	$(link_test)
$(B)/libsupport.a: $(SUPPORT_OBJ) $(RIG_MODEL_OBJ)
	@rm -f $@
	$(Q)$(AR) rcs $@ $^

$(B)/obj/tests/models/%.c.o: %.c tests/support/model_names.h $(FLAGS)
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(MODEL_CFLAGS) -include tests/support/model_names.h -c -o $@ $<

$(B)/obj/tests/plugins/%.c.o: tests/plugins/%.c $(FLAGS)
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(PLUGIN_CFLAGS) -c -o $@ $<
$(B)/tests/plugins/%.so: $(B)/obj/tests/plugins/%.c.o
	@mkdir -p $(@D)
	$(call say,PLUGIN,$@)
	$(Q)$(CC) $(SANFLAGS) $(LDFLAGS) -shared -o $@ $^

# POLICY-WHAT.patch is applied to a copy of schedulers/POLICY, which stays as it is.
bug_of = schedulers/$(firstword $(subst -, ,$(1)))
$(B)/tests/bugs/%.so: tests/property/bugs/%.patch $$(wildcard $$(call bug_of,$$*)/*.[ch]) \
		$(wildcard core/include/coxswain/*.h) $(FLAGS)
	@rm -rf $(B)/obj/tests/bugs/$* && mkdir -p $(@D) $(B)/obj/tests/bugs/$*/schedulers
	$(call say,BUG,$@)
	$(Q)cp -r $(call bug_of,$*) $(B)/obj/tests/bugs/$*/schedulers
	$(Q)patch -s -p1 -d $(B)/obj/tests/bugs/$* <$< || { \
		echo '$<: fits $(call bug_of,$*) no more; write it anew'; exit 1; }
	$(Q)$(CC) $(filter-out $(DEPS),$(PLUGIN_CFLAGS)) $(LDFLAGS) -shared -o $@ \
		$(B)/obj/tests/bugs/$*/$(call bug_of,$*)/*.c

MAKE_AGAIN = +$(Q)$(MAKE) --no-print-directory $(JOBS)
.PHONY: test
test:
	$(Q)scripts/install-packages build run test
	$(MAKE_AGAIN) all-tests
	$(MAKE_AGAIN) SAN=address,undefined B=$(B)-asan all-tests
	$(MAKE_AGAIN) SAN=thread B=$(B)-tsan tsan-tests
	$(Q)tests/run -b $(B) $(T)

# The KVM part of the tests and the shipped scenarios on hosts that QEMU emulates:
# HOST=NAME[,NAME]... of tests/host/hosts.cfg, or all.
HOST ?= numa
.PHONY: test-host
test-host:
	$(Q)scripts/install-packages build run test
	-$(Q)scripts/install-packages host
	$(MAKE_AGAIN) all-tests
	$(MAKE_AGAIN) SAN=address,undefined B=$(B)-asan all-tests
	$(MAKE_AGAIN) SAN=thread B=$(B)-tsan tsan-tests
	$(Q)tests/host/run -b $(B) $(HOST) $(T)

.PHONY: bench
bench:
	$(Q)scripts/install-packages build run
	$(MAKE_AGAIN) all-bench
	$(Q)tests/bench/run $(B)
