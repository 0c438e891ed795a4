# SPDX-License-Identifier: BSD-2-Clause
# What a person sees of a policy that misbehaves: what to mend and rebuild, who is to blame,
# and the table all the same.  And one that does nothing wrong sees the contract kept.
. "$(dirname "$0")/lib.sh"
mark_processes

plugins=$BUILD/tests/plugins
if ! have_kvm; then
	skip "policies seen by a person" "no /dev/kvm here"
	exit 0
fi
cat >few.yaml <<'Y'
# Who notices?
name: few
duration: 1s
pcpus: "0-1"
domains:
  - {name: hog, count: 3, workload: {name: hog}}
  - {name: sleeper, vcpus: 2, workload: {name: sleeper}}
  - {name: late, start: 300ms, stop: 700ms, workload: {name: hog}}
Y

# Refused before anything starts: which file, what is wrong, what to do.
refused() {
	expect "$1: $2" 1 "$1\.so: .*$2.*" "$COXSWAIN" run few.yaml -s "$plugins/$1.so"
}
refused wrong_abi 'ABI 3\.0.*rebuild it against'
refused newer_minor 'ABI 2\.2.*rebuild it against'
refused short_table 'bytes.*CX_PLUGIN_HEADER and rebuild'
refused unknown_flag 'unknown flag 0x8000000000000000; rebuild'
refused no_symbol 'no symbol coxswain_plugin; export .* and rebuild'
refused no_pick 'policy no_pick has no pick operation; add one and rebuild'
refused no_name 'its name must be .*mend \.name and rebuild'
refused bad_params 'parameter slice: its default is out of its range'
echo 'no ELF' >text.so
expect "no shared object at all" 1 'text\.so cannot be loaded: ' "$COXSWAIN" run few.yaml -s ./text.so
expect "no such file" 2 '\./none\.so: No such file' "$COXSWAIN" run few.yaml -s ./none.so
expect "no such name" 2 '"none" not found in .*coxswain schedulers' "$COXSWAIN" run few.yaml -s none

# table PLUGIN STATUS PATTERN [option...]: the run ends so, says so, and shows every domain.  How
# often a policy is asked in a time depends on the host: one that ends otherwise has more of it, once.
table() {
	local status d longer
	for longer in '' '-d 20s'; do
		# shellcheck disable=SC2086
		"$COXSWAIN" run few.yaml -s "$plugins/$1.so" "${@:4}" $longer >"$1.out" 2>&1
		status=$?
		[ $status -ne "$2" ] && [[ $status == [03] ]] || break
		echo "$1: status $status${longer:+ also with $longer}"
	done
	[ $status -eq "$2" ] && grep -qE -- "$3" "$1.out" && pass "$1: $3" ||
		fail "$1: $3" "status $status: $(head -n 20 "$1.out")"
	for d in hog.0 hog.1 hog.2 sleeper; do
		grep -qE "^$d +[0-9]+ " "$1.out" && pass "$1: $d is in the table" ||
			fail "$1: $d is in the table" "$(tail -n 20 "$1.out")"
	done
}
table leaks_lock 3 'degraded: policy leaks_lock made more than 100 faults, .*bad-service-call' -d 3s
table never_picks 3 'degraded: policy never_picks left [a-z.0-9]+/[0-9] waiting' --watchdog 200ms
table crashes_in_pick 1 'policy crashes_in_pick crashed in its operation pick: Segmentation fault'
# The run would end before the watchdog does: it must not wait for ever.
table hangs_in_pick 1 'policy hangs_in_pick: its operation pick did not return' -d 500ms --watchdog 1s

# keeps PLUGIN: a policy without a sin runs to the end, at ease.
keeps() {
	local status
	"$COXSWAIN" run few.yaml -s "$plugins/$1.so" --verbose --watchdog 60s "${@:2}" >"$1.out" 2>&1
	status=$?
	[ $status -eq 0 ] && ! grep -qE 'fault|breach: |made mistakes|DEGRADED' "$1.out" && pass "$1: nothing to complain of" ||
		fail "$1: nothing to complain of" "status $status: $(grep -E 'fault|breach|DEGRADED|coxswain:' "$1.out" | head)"
}
keeps only_pick
calls() {
	sed -nE "s/.*calls: $1 ([0-9]+)\$/\1/p" counts_calls.out
}
keeps counts_calls
[ "$(calls wake)" -gt 6 ] || keeps counts_calls -d 8s # nobody has slept yet
grep -q 'breaches: 0$' counts_calls.out && pass "the contract is kept" || fail "the contract is kept" "$(grep breach counts_calls.out)"
for pair in 'init 1' 'domain_attach 5' 'domain_detach 5' 'vcpu_attach 6' 'vcpu_detach 6' 'pcpu_online 2' 'pcpu_offline 2'; do
	[ "$(calls "${pair% *}")" = "${pair#* }" ] && pass "calls: $pair" || fail "calls: $pair" "$(calls "${pair% *}")"
done
[ "$(calls wake)" = "$(calls block)" ] && [ "$(calls wake)" -gt 6 ] && pass "wakes and blocks match" ||
	fail "wakes and blocks match" "$(calls wake), $(calls block)"
nothing_left "nothing is left behind"
