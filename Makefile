# SPDX-License-Identifier: BSD-2-Clause
#
# make            build everything into $(B)
# make help       the other targets
#
# B=DIR puts the build elsewhere; SAN=address,undefined or SAN=thread builds with
# sanitizers; V=1 shows the commands.

B ?= build
CC ?= gcc
CFLAGS ?= -O2 -g
SAN ?=
V ?= 0

ifeq ($(V),0)
  Q := @
  say = @printf '  %-7s %s\n' $(1) $(2)
else
  Q :=
  say = @:
endif

PKGS := hwloc json-c libcyaml yaml-0.1 babeltrace2 lttng-ctl
PKG_CFLAGS = $(shell pkg-config --cflags $(PKGS) 2>/dev/null)
PKG_LIBS = $(shell pkg-config --libs $(PKGS) 2>/dev/null) -lnuma

WARN := -Wall -Wextra -Wshadow -Wstrict-prototypes -Werror
STD := -std=gnu11 -D_GNU_SOURCE
ifneq ($(SAN),)
  SANFLAGS := -fsanitize=$(SAN) -fno-omit-frame-pointer
endif
ALL_CFLAGS = $(STD) $(WARN) $(CFLAGS) $(SANFLAGS) -pthread -I. -Icore/include $(PKG_CFLAGS) -MMD -MP

# --- the program ------------------------------------------------------------
LIB_SRC := $(wildcard base/*.c core/*/*.c core/*/*.S topology/*.c trace/*.c)
LIB_SRC := $(filter-out core/cli/main.c,$(LIB_SRC))
LIB_OBJ := $(patsubst %,$(B)/obj/%.o,$(LIB_SRC))
MAIN_OBJ := $(B)/obj/core/cli/main.c.o

# --- loadable parts ---------------------------------------------------------
LIBDIR := $(B)/lib/coxswain
SCHEDULERS := $(patsubst schedulers/%/,%,$(wildcard schedulers/*/))
SCHED_SO := $(foreach s,$(SCHEDULERS),$(LIBDIR)/schedulers/$(s).so)
PROVIDER_SO := $(if $(wildcard trace/lttng/*.c),$(LIBDIR)/coxswain-lttng.so)
PAYLOADS := $(filter-out guest scenarios models,$(patsubst workloads/%/,%,$(wildcard workloads/*/)))
PAYLOAD_ELF := $(foreach p,$(PAYLOADS),$(LIBDIR)/payloads/$(p).elf)

# --- tests ------------------------------------------------------------------
UNIT_SRC := $(wildcard tests/unit/test_*.c)
UNIT_BIN := $(patsubst tests/unit/%.c,$(B)/tests/%,$(UNIT_SRC))
TEST_SO := $(patsubst tests/plugins/%.c,$(B)/tests/plugins/%.so,$(wildcard tests/plugins/*.c))
TEST_ELF := $(patsubst tests/guests/%.c,$(B)/tests/guests/%.elf,$(wildcard tests/guests/*.c))
BENCH_BIN := $(patsubst tests/bench/%.c,$(B)/bench/%,$(wildcard tests/bench/*.c))

.PHONY: all
all: $(B)/coxswain $(SCHED_SO) $(PROVIDER_SO) $(PAYLOAD_ELF)

.PHONY: all-tests
all-tests: all $(UNIT_BIN) $(TEST_SO) $(TEST_ELF)

.PHONY: all-bench
all-bench: all $(BENCH_BIN) $(TEST_ELF) $(TEST_SO)

$(B)/coxswain: $(MAIN_OBJ) $(B)/libcoxswain.a core/plugin.map
	$(call say,LINK,$@)
	$(Q)$(CC) $(SANFLAGS) -pthread -o $@ $(MAIN_OBJ) -Wl,--whole-archive $(B)/libcoxswain.a \
		-Wl,--no-whole-archive -Wl,--dynamic-list=core/plugin.map $(LDFLAGS) $(PKG_LIBS) -ldl -lm

$(B)/libcoxswain.a: $(LIB_OBJ)
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $(LIB_OBJ)

$(B)/obj/%.c.o: %.c
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(ALL_CFLAGS) -c -o $@ $<

$(B)/obj/%.S.o: %.S
	@mkdir -p $(@D)
	$(call say,AS,$<)
	$(Q)$(CC) $(ALL_CFLAGS) -c -o $@ $<

# A policy sees the public plug-in headers and nothing else.
PLUGIN_CFLAGS = $(STD) $(WARN) $(CFLAGS) $(SANFLAGS) -fPIC -fvisibility=hidden -Icore/include -MMD -MP
.SECONDEXPANSION:
$(LIBDIR)/schedulers/%.so: $$(wildcard schedulers/%/*.c)
	@mkdir -p $(@D)
	$(call say,PLUGIN,$@)
	$(Q)$(CC) $(PLUGIN_CFLAGS) -MF $@.d -shared -o $@ $(filter %.c,$^)

$(B)/tests/plugins/%.so: tests/plugins/%.c
	@mkdir -p $(@D)
	$(call say,PLUGIN,$@)
	$(Q)$(CC) $(PLUGIN_CFLAGS) -MF $@.d -shared -o $@ $<

$(LIBDIR)/coxswain-lttng.so: $(wildcard trace/lttng/*.c trace/lttng/*.h) trace/event.c
	@mkdir -p $(@D)
	$(call say,TRACE,$@)
	$(Q)$(CC) $(STD) $(CFLAGS) -Wall -fPIC -fvisibility=hidden -I. -Itrace/lttng -shared -o $@ $(filter %.c,$^) \
		-llttng-ust -ldl

# A payload is freestanding and knows the guest ABI alone.
GUEST_CFLAGS := -std=gnu11 $(WARN) -O2 -g -ffreestanding -fno-stack-protector -fno-pic -no-pie \
	-fcf-protection=none -mno-red-zone -nostdlib -static -Icore/include -Iworkloads/guest
GUEST_LINK := -Wl,-T,workloads/guest/payload.ld -Wl,--build-id=none -Wl,-z,noexecstack
GUEST_RT := $(wildcard workloads/guest/*.c workloads/guest/*.S)
GUEST_DEPS := $(wildcard workloads/guest/*) core/include/coxswain/guest_abi.h
$(LIBDIR)/payloads/%.elf: $$(wildcard workloads/%/*.c) $(GUEST_DEPS)
	@mkdir -p $(@D)
	$(call say,GUEST,$@)
	$(Q)$(CC) $(GUEST_CFLAGS) $(GUEST_LINK) -o $@ $(wildcard workloads/$*/*.c) $(GUEST_RT)

$(B)/tests/guests/%.elf: tests/guests/%.c $(GUEST_DEPS)
	@mkdir -p $(@D)
	$(call say,GUEST,$@)
	$(Q)$(CC) $(GUEST_CFLAGS) $(GUEST_LINK) -o $@ $< $(GUEST_RT)

define test_program
	@mkdir -p $(@D)
	$(call say,TEST,$@)
	$(Q)$(CC) $(ALL_CFLAGS) -MF $@.d -o $@ $< $(filter %.a,$^) -Wl,--whole-archive $(B)/libcoxswain.a \
		-Wl,--no-whole-archive -Wl,--dynamic-list=core/plugin.map $(LDFLAGS) $(PKG_LIBS) -lcmocka -ldl -lm
endef
$(B)/tests/test_%: tests/unit/test_%.c $(B)/libcoxswain.a core/plugin.map
	$(test_program)
$(B)/bench/%: tests/bench/%.c $(B)/libcoxswain.a core/plugin.map
	$(test_program)

.PHONY: clean
clean:
	rm -rf $(B)

-include $(shell find $(B) -name '*.d' 2>/dev/null)
