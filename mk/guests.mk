# SPDX-License-Identifier: BSD-2-Clause
# Guest payloads, those of the workloads and those that only tests use; and the scenarios and
# plans, put where the program looks for them.  A workload's model.c is the program's (program.mk).

PAYLOADS := $(filter-out guest,$(sort $(patsubst workloads/%/,%,$(dir $(wildcard workloads/*/*.c)))))
PAYLOAD_ELF := $(foreach p,$(PAYLOADS),$(LIBDIR)/payloads/$(p).elf)
TEST_ELF := $(patsubst tests/guests/%.c,$(B)/tests/guests/%.elf,$(wildcard tests/guests/*.c))

GUEST_LDS := workloads/guest/payload.ld
GUEST_RT := $(patsubst %,$(B)/obj/%.o,$(wildcard workloads/guest/*.c workloads/guest/*.S))
GUEST_LINK := -nostdlib -static -no-pie -Wl,-T,$(GUEST_LDS) -Wl,--build-id=none -Wl,-z,noexecstack

define compile_guest
	@mkdir -p $(@D)
	$(call say,GUEST,$<)
	$(Q)$(CC) $(GUEST_CFLAGS) -c -o $@ $<
endef
$(B)/obj/workloads/%.c.o: workloads/%.c $(FLAGS)
	$(compile_guest)
$(B)/obj/workloads/%.S.o: workloads/%.S $(FLAGS)
	$(compile_guest)
$(B)/obj/tests/guests/%.c.o: tests/guests/%.c $(FLAGS)
	$(compile_guest)

define link_guest
	@mkdir -p $(@D)
	$(call say,PAYLOAD,$@)
	$(Q)$(CC) $(GUEST_LINK) -o $@ $(filter %.o,$^)
endef
PAYLOAD_OBJ = $(patsubst %,$(B)/obj/%.o,$(filter-out workloads/$(1)/model.c,$(wildcard workloads/$(1)/*.c)))
$(LIBDIR)/payloads/%.elf: $$(call PAYLOAD_OBJ,$$*) \
		$(GUEST_RT) $(GUEST_LDS)
	$(link_guest)
$(B)/tests/guests/%.elf: $(B)/obj/tests/guests/%.c.o $(GUEST_RT) $(GUEST_LDS)
	$(link_guest)

SCENARIOS := $(patsubst workloads/scenarios/%,$(B)/share/coxswain/scenarios/%,$(wildcard workloads/scenarios/*.yaml))
$(B)/share/coxswain/scenarios/%.yaml: workloads/scenarios/%.yaml
	@mkdir -p $(@D)
	$(Q)cp $< $@

PLANS := $(patsubst workloads/plans/%,$(B)/share/coxswain/plans/%,$(wildcard workloads/plans/*.yaml))
$(B)/share/coxswain/plans/%.yaml: workloads/plans/%.yaml
	@mkdir -p $(@D)
	$(Q)cp $< $@
