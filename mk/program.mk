# SPDX-License-Identifier: BSD-2-Clause
# The program, and the library of everything but main() that the tests link.

LIB_SRC := $(wildcard base/*.c entitlement/*.c core/*/*.c core/*/*.S topology/*.c trace/*.c)
LIB_SRC := $(filter-out core/cli/main.c,$(LIB_SRC))
# What the simulator drives in place of guests.
MODEL_SRC := workloads/models.c $(wildcard workloads/*/model.c)
LIB_SRC += $(MODEL_SRC)
LIB_OBJ := $(patsubst %,$(B)/obj/%.o,$(LIB_SRC))
MAIN_OBJ := $(B)/obj/core/cli/main.c.o

# All of it, whether main() needs it or not: plug-ins call the services.
LINK_CORE = -Wl,--whole-archive $(B)/libcoxswain.a -Wl,--no-whole-archive \
	-Wl,--dynamic-list=core/plugin.map
LINK_LIBS = $(LDFLAGS) $(PKG_LIBS) -ldl -lm

$(B)/coxswain: $(MAIN_OBJ) $(B)/libcoxswain.a core/plugin.map
	$(call say,LINK,$@)
	$(Q)$(CC) $(SANFLAGS) -pthread -o $@ $(MAIN_OBJ) $(LINK_CORE) $(LINK_LIBS)

$(B)/libcoxswain.a: $(LIB_OBJ)
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $(LIB_OBJ)

$(B)/obj/%.c.o: %.c $(FLAGS)
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(ALL_CFLAGS) -c -o $@ $<

# Models, unlike the payloads beside them, are the host's.
define compile_model
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(MODEL_CFLAGS) -c -o $@ $<
endef
$(B)/obj/workloads/models.c.o: workloads/models.c $(FLAGS)
	$(compile_model)
$(B)/obj/workloads/%/model.c.o: workloads/%/model.c $(FLAGS)
	$(compile_model)

$(B)/obj/%.S.o: %.S $(FLAGS)
	@mkdir -p $(@D)
	$(call say,AS,$<)
	$(Q)$(CC) $(ALL_CFLAGS) -c -o $@ $<
