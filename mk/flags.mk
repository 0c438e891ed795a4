# SPDX-License-Identifier: BSD-2-Clause
# How each kind of code is compiled.

PKGS := hwloc numa expat json-c libcyaml yaml-0.1 babeltrace2 lttng-ctl
# Asked once, and only when something is compiled: pkg-config may have to be installed first.
PKG_CFLAGS = $(eval PKG_CFLAGS := $(shell pkg-config --cflags $(PKGS)))$(PKG_CFLAGS)
PKG_LIBS = $(eval PKG_LIBS := $(shell pkg-config --libs $(PKGS)))$(PKG_LIBS)

WARN := -Wall -Wextra -Wshadow -Wstrict-prototypes -Werror
STD := -std=gnu11 -D_GNU_SOURCE
ifneq ($(SAN),)
  SANFLAGS := -fsanitize=$(SAN) -fno-sanitize-recover=all -fno-omit-frame-pointer
endif
DEPS := -MMD -MP
ALL_CFLAGS = $(STD) $(WARN) $(CFLAGS) $(SANFLAGS) -pthread -I. -Icore/include \
	-DCX_VERSION='"$(VERSION)"' $(PKG_CFLAGS) $(DEPS)

# A policy sees the public plug-in headers and nothing else.
PLUGIN_CFLAGS = $(STD) $(WARN) $(CFLAGS) $(SANFLAGS) -fPIC -fvisibility=hidden -Icore/include $(DEPS)

# The LTTng provider is compiled from macros that shadow and leave arguments unused.
PROVIDER_CFLAGS = $(STD) $(CFLAGS) -Wall -Werror -fPIC -fvisibility=hidden -I. -Itrace/lttng $(DEPS)

# A payload is freestanding and knows the guest ABI alone.
GUEST_CFLAGS := -std=gnu11 $(WARN) -O2 -g -ffreestanding -fno-stack-protector -fno-pic -no-pie \
	-fcf-protection=none -mno-red-zone -nostdlib -Icore/include -Iworkloads/guest $(DEPS)

# The model of a payload knows its contract with the simulator and what payloads share.
MODEL_CFLAGS = $(STD) $(WARN) $(CFLAGS) $(SANFLAGS) -Icore/include -Iworkloads/guest $(DEPS)

# Says which package is missing, rather than failing in the middle of a compiler's output.
READY := $(B)/.packages-there
$(READY): packages.txt scripts/install-packages
	@mkdir -p $(@D)
	$(Q)CC='$(CC)' scripts/install-packages --check build
	@touch $@

# Changes whenever the flags do, so that everything is compiled again.
FLAGS := $(B)/.flags
FLAGS_NOW = $(CC) $(STD) $(WARN) $(CFLAGS) $(SANFLAGS) $(VERSION) $(GUEST_CFLAGS)
.PHONY: FORCE
$(FLAGS): FORCE | $(READY)
	@echo '$(FLAGS_NOW)' | cmp -s - $@ || echo '$(FLAGS_NOW)' > $@
