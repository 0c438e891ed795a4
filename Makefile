# SPDX-License-Identifier: BSD-2-Clause
#
# make            build everything into $(B)
# make help       the other targets
#
# B=DIR puts the build elsewhere; SAN=address,undefined or SAN=thread builds with
# sanitizers; V=1 shows the commands.

VERSION := 0.1.0

SAN ?=
ifeq ($(SAN),)
  B ?= build
else ifneq ($(findstring thread,$(SAN)),)
  B ?= build-tsan
else
  B ?= build-asan
endif
CC ?= gcc
CFLAGS ?= -O2 -g
V ?= 0

ifeq ($(V),0)
  Q := @
  say = @printf '  %-7s %s\n' $(1) $(2)
else
  Q :=
  say = @:
endif

# Both CPUs, unless the caller said how many jobs.
JOBS = $(if $(findstring -j,$(MAKEFLAGS)),,-j$(shell nproc))

SHELL := /bin/bash
.SECONDARY:

.PHONY: all
all:

include mk/flags.mk
include mk/program.mk
include mk/plugins.mk
include mk/guests.mk
include mk/tests.mk
include mk/fuzz.mk
include mk/install.mk
include mk/tidy.mk

all: $(B)/coxswain $(SCHED_SO) $(PROVIDER_SO) $(CLOCK_SO) $(PAYLOAD_ELF) $(SCENARIOS) $(PLANS)

# The main job, from nothing: every shipped scenario under three schedulers.
.PHONY: demo
demo:
	$(Q)scripts/install-packages build run
	$(MAKE_AGAIN) all
	$(Q)scripts/demo $(B)/coxswain

.PHONY: clean
clean:
	rm -rf $(B) $(B)-asan $(B)-tsan $(B)-fuzz

.PHONY: help
help:
	@echo 'make              build everything into build/'
	@echo 'make demo         install what is missing, build, and compare four schedulers on this host'
	@echo 'make test         install what is missing, build, and run every test (T=KIND/NAME... runs some)'
	@echo 'make test-host    the same tests of KVM on an emulated host of 8 CPUs (HOST=numa,smt,old,new or all)'
	@echo 'make fuzz         look for inputs that bring a reader down (FUZZ_SECONDS=60 for each, FUZZ=scenario only one)'
	@echo 'make bench        measure, every figure as a ratio against its peer'
	@echo 'make install      install under PREFIX ($(PREFIX)), below DESTDIR'
	@echo 'make uninstall    remove what make install put there'
	@echo 'make format       format the sources; make format-check only says which are not'
	@echo 'make lint         clang-tidy'
	@echo 'make clean        remove the build folders'
	@echo 'Variables: B=build folder, SAN=address,undefined or thread, V=1 shows commands, CC, CFLAGS, LDFLAGS'

-include $(shell find $(B) -name '*.d' 2>/dev/null)
