# SPDX-License-Identifier: BSD-2-Clause
# What the program loads: policies, and the LTTng provider.

LIBDIR := $(B)/lib/coxswain

SCHEDULERS := $(sort $(patsubst schedulers/%/,%,$(dir $(wildcard schedulers/*/*.c))))
SCHED_SO := $(foreach s,$(SCHEDULERS),$(LIBDIR)/schedulers/$(s).so)

$(B)/obj/schedulers/%.c.o: schedulers/%.c $(FLAGS)
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(PLUGIN_CFLAGS) -c -o $@ $<

.SECONDEXPANSION:
$(LIBDIR)/schedulers/%.so: $$(addprefix $(B)/obj/,$$(addsuffix .o,$$(wildcard schedulers/%/*.c)))
	@mkdir -p $(@D)
	$(call say,PLUGIN,$@)
	$(Q)$(CC) $(SANFLAGS) $(LDFLAGS) -shared -o $@ $^

PROVIDER_OBJ := $(patsubst %,$(B)/obj/%.o,$(filter-out trace/lttng/clock.c,$(wildcard trace/lttng/*.c)))
PROVIDER_SO := $(if $(PROVIDER_OBJ),$(LIBDIR)/coxswain-lttng.so)

$(B)/obj/trace/lttng/%.c.o: trace/lttng/%.c $(FLAGS)
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(PROVIDER_CFLAGS) -c -o $@ $<

# The provider prints the names of the events itself, so it carries its own copy of them.
$(B)/obj/trace/lttng/event.o: trace/event.c $(FLAGS)
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(PROVIDER_CFLAGS) -c -o $@ $<

$(LIBDIR)/coxswain-lttng.so: $(PROVIDER_OBJ) $(B)/obj/trace/lttng/event.o
	@mkdir -p $(@D)
	$(call say,TRACE,$@)
	$(Q)$(CC) $(LDFLAGS) -shared -o $@ $^ -llttng-ust -ldl

# The clock of traces in virtual time.  The session daemon loads it as well, so that it must
# not bring in the tracer itself.
CLOCK_SO := $(LIBDIR)/coxswain-clock.so

$(CLOCK_SO): $(B)/obj/trace/lttng/clock.c.o
	@mkdir -p $(@D)
	$(call say,TRACE,$@)
	$(Q)$(CC) $(LDFLAGS) -shared -o $@ $^ -llttng-ust-common
