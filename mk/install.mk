# SPDX-License-Identifier: BSD-2-Clause
# Installing, below DESTDIR if that is given.

PREFIX ?= /usr/local
DESTDIR ?=
INSTALL ?= install
D = $(DESTDIR)$(PREFIX)
SHARE = $(D)/share/coxswain

HEADERS := $(wildcard core/include/coxswain/*.h)
GUEST_KIT := $(wildcard workloads/guest/*)

$(B)/coxswain.1: $(B)/coxswain
	$(call say,MAN,$@)
	$(Q)$(B)/coxswain help --man >$@.new && mv $@.new $@

$(B)/coxswain.bash: $(B)/coxswain
	$(call say,GEN,$@)
	$(Q)$(B)/coxswain help --completion >$@.new && mv $@.new $@

$(B)/coxswain.pc: core/coxswain.pc.in $(FLAGS) FORCE
	$(Q)sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@VERSION@|$(VERSION)|' $< >$@

.PHONY: install
install: all $(B)/coxswain.1 $(B)/coxswain.bash $(B)/coxswain.pc
	$(Q)$(INSTALL) -d $(D)/bin $(D)/lib/coxswain/schedulers $(D)/lib/coxswain/payloads \
		$(D)/lib/pkgconfig $(D)/include/coxswain $(D)/share/man/man1 \
		$(D)/share/bash-completion/completions $(SHARE)/guest $(SHARE)/scenarios $(SHARE)/plans \
		$(D)/share/doc/coxswain
	$(Q)$(INSTALL) -m 755 $(B)/coxswain $(D)/bin/coxswain
	$(Q)$(INSTALL) -m 755 $(SCHED_SO) $(D)/lib/coxswain/schedulers
	$(Q)$(INSTALL) -m 644 $(PAYLOAD_ELF) $(D)/lib/coxswain/payloads
	$(Q)$(INSTALL) -m 755 $(PROVIDER_SO) $(CLOCK_SO) $(D)/lib/coxswain
	$(Q)$(INSTALL) -m 644 $(HEADERS) $(D)/include/coxswain
	$(Q)$(INSTALL) -m 644 $(B)/coxswain.pc $(D)/lib/pkgconfig
	$(Q)$(INSTALL) -m 644 $(B)/coxswain.1 $(D)/share/man/man1
	$(Q)$(INSTALL) -m 644 $(B)/coxswain.bash $(D)/share/bash-completion/completions/coxswain
	$(Q)$(INSTALL) -m 644 $(GUEST_KIT) $(SHARE)/guest
	$(Q)$(INSTALL) -m 644 $(wildcard workloads/scenarios/*.yaml) $(SHARE)/scenarios
	$(Q)$(INSTALL) -m 644 $(wildcard workloads/plans/*.yaml) $(SHARE)/plans
	$(Q)$(INSTALL) -m 644 README.md LICENSE $(wildcard docs/*.md) $(D)/share/doc/coxswain

# Only what was put there: others may have added policies of their own.
.PHONY: uninstall
uninstall:
	$(Q)rm -f $(D)/bin/coxswain $(D)/lib/pkgconfig/coxswain.pc $(D)/share/man/man1/coxswain.1 \
		$(D)/share/bash-completion/completions/coxswain $(D)/lib/coxswain/coxswain-lttng.so \
		$(D)/lib/coxswain/coxswain-clock.so \
		$(addprefix $(D)/lib/coxswain/schedulers/,$(notdir $(SCHED_SO))) \
		$(addprefix $(D)/lib/coxswain/payloads/,$(notdir $(PAYLOAD_ELF))) \
		$(addprefix $(D)/include/coxswain/,$(notdir $(HEADERS)))
	$(Q)rm -rf $(SHARE) $(D)/share/doc/coxswain
	$(Q)for d in lib/coxswain/schedulers lib/coxswain/payloads lib/coxswain include/coxswain; do \
		[ ! -d $(D)/$$d ] || rmdir --ignore-fail-on-non-empty $(D)/$$d || exit 1; done
