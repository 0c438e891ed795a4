# SPDX-License-Identifier: BSD-2-Clause
# Fuzzers: every tests/fuzz/fuzz_*.c.  With FUZZ_ENGINE they are libFuzzer's, to be compiled
# by clang; without, as in every other build, they read the inputs they are given.

FUZZ_SECONDS ?= 60
FUZZ ?=
FUZZ_ENGINE ?=
# clang finds fault with what the kernel's headers ask for.
FUZZ_CFLAGS := -O1 -g -Wno-gnu-variable-sized-type-not-at-end
FUZZERS := $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZ_BIN := $(FUZZERS:%=$(B)/fuzz/%)
FUZZ_MAIN := $(if $(FUZZ_ENGINE),,$(B)/obj/tests/fuzz/replay.c.o)

$(B)/fuzz/%: $(B)/obj/tests/fuzz/%.c.o $(FUZZ_MAIN) $(B)/libcoxswain.a
	@mkdir -p $(@D)
	$(call say,FUZZ,$@)
	$(Q)$(CC) $(SANFLAGS) $(if $(FUZZ_ENGINE),-fsanitize=fuzzer) -pthread -o $@ $(filter-out %.a,$^) \
		$(B)/libcoxswain.a $(LINK_LIBS)

all-tests: $(FUZZ_BIN)
.PHONY: fuzzers
fuzzers: $(FUZZ_BIN)

.PHONY: fuzz
fuzz:
	$(Q)scripts/install-packages build fuzz
	$(MAKE_AGAIN) CC=clang CFLAGS='$(FUZZ_CFLAGS)' SAN=fuzzer-no-link,address,undefined \
		B=$(B)-fuzz FUZZ_ENGINE=1 fuzzers
	$(Q)tests/fuzz/run $(B)-fuzz $(FUZZ_SECONDS) $(or $(FUZZ),$(FUZZERS:fuzz_%=%))
