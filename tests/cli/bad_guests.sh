# SPDX-License-Identifier: BSD-2-Clause
# A crowd of hostile guests beside two steady ones: each ends as it deserves and is told so,
# nobody else is.
. "$(dirname "$0")/lib.sh"
mark_processes

guests=$BUILD/tests/guests
if ! have_kvm; then
	skip "hostile guests" "no /dev/kvm here"
	exit 0
fi

CALLS=20 # of each kind, within the run
[ -z "${CX_SLOW_HOST:-}" ] || CALLS=2

# odd NAME GUEST [PARAMS [MORE]]: a domain of two vCPUs.
odd() {
	printf '  - {name: %s, vcpus: 2, workload: {name: "%s/%s.elf"%s}%s}\n' \
		"$1" "$guests" "$2" "${3:+, $3}" "${4:+, $4}"
}
begin() {
	cat <<Y
# Who suffers beside them?
name: $1
duration: 3s
domains:
  - {name: steady, count: 2, workload: {name: hog}}
Y
}
{
	begin crowd
	odd triple triplefault
	odd page pagefault
	odd wild wildcalls "calls: $CALLS"
	odd early earlyexit 'status: 0'
	odd status earlyexit 'status: 9'
	odd results wildresults
	odd spins spinoff '' 'stop: 1500ms'
	odd talks logger 'raw: yes'
} >crowd.yaml
{
	begin ops
	for kind in {0..11}; do odd "op$kind" badop "kind: $kind"; done
} >ops.yaml

# What comes of each: all of it after 3 s, unless the host is slow.  On an emulated one a guest may break
# that has no cause to (docs/the-test-host.md): there this is more than a matter of time.
steady='([.runs[0].domains[] | select(.name | startswith("steady"))] | length == 2 and
	all(.[]; .end == "run-end" and .end_text == null and .run_ns > 1e7 and .progress > 0))'
crowd_ends='([.runs[0].domains[] | {key: .name, value: .end}] | from_entries | .triple == "crash" and .page == "crash"
	and .wild == "exit" and .early == "exit" and .status == "exit" and .results != "crash"
	and .spins == "stopped" and .talks == "run-end")'
ops_ends='all(.runs[0].domains[] | select(.name | test("^op[0-7]$")); .end == "crash")'
# run SCENARIO SCHEDULER
run() {
	local status ends=$1_ends
	measured "$1.json" 3000 "$steady and ${!ends}" "$COXSWAIN" run "$1.yaml" -s "$2" --watchdog 60s --verbose --json
	status=$?
	mv "$1.json.err" "$1.err"
	[ $status -eq 0 ] && pass "$1 under $2: done" || fail "$1 under $2: done" "status $status: $(tail -n 5 "$1.err")"
	json "$1 under $2: the steady ones stand" "$1.json" "(.runs[0].degraded | not) and $steady"
}
# ended DOMAIN FILTER: how, of the last crowd.
ended() {
	json "$1 under $s: $2" crowd.json "(.runs[0].domains[] | select(.name == \"$1\")) | $2"
}
for s in linux rr credit; do
	run crowd $s
	ended triple '.end == "crash" and (.end_text | length > 0)'
	ended page '.end == "crash" and (.end_text | length > 0)'
	ended wild '.end == "exit" and .end_text == null'
	ended early '.end == "exit" and .end_text == null'
	ended status '.end == "exit" and .end_text == "exit status 9"'
	ended spins '.end == "stopped" and .end_text == null and .run_ns > 0'
	ended talks '.end == "run-end" and .progress > 0'
	crashed=$(grep -oE 'domain [a-z0-9.]+ crashed' crowd.err | sort -u | tr '\n' ' ')
	[ "$crashed" = 'domain page crashed domain triple crashed ' ] && pass "only two crashed under $s" ||
		fail "only two crashed under $s" "$crashed"
	# What a guest logs is shown as far as it is text, and there is an end to it.
	lines=$(grep -c '^talks/' crowd.err)
	[ "$lines" -ge 1 ] && [ "$lines" -le 2000 ] && ! LC_ALL=C grep '^talks/' crowd.err | LC_ALL=C grep -q '[^[:print:]]' &&
		pass "logs of guests under $s" || fail "logs of guests under $s" "$lines lines: $(grep '^talks/' crowd.err | head -n 1 | cat -v)"

	run ops $s
	# Those in ring 3 are traps everywhere; in ring 0 hosts differ in what they let pass.
	json "ops under $s: every trap is a crash, told how" ops.json '[.runs[0].domains[] | select(.name | test("^op[0-7]$"))] |
		length == 8 and all(.[]; .end == "crash" and (.end_text | length > 0))'
	json "ops under $s: in ring 0 too nothing else happens" ops.json '[.runs[0].domains[] | select(.name | test("^op(8|9|10|11)$"))] |
		length == 4 and all(.[]; .end == "crash" or .end == "exit" or .end == "run-end")'
done
nothing_left "nothing is left behind"
