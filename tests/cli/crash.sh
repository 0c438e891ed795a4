# SPDX-License-Identifier: BSD-2-Clause
# Guests that crash, end early, spin for ever or pass wild arguments harm only themselves:
# they are reported, and the others' figures stand.
. "$(dirname "$0")/lib.sh"
mark_processes

guests=$BUILD/tests/guests
if ! have_kvm; then
	skip "guests that crash" "no /dev/kvm here"
	exit 0
fi

# beside GUEST [PARAMS]: a scenario with that guest, of two vCPUs, and two steady domains.
beside() {
	local params=${2:+", params: {$2}"}
	cat >"$1.yaml" <<Y
# Does $1 harm its neighbours?
name: $1
duration: 1s
pcpus: "0"
domains:
  - {name: steady, count: 2, workload: {name: hog}}
  - name: odd
    vcpus: 2
    workload: {name: $guests/$1.elf$params}
Y
}
stand='([.runs[0].domains[] | select(.name | startswith("steady"))] | length == 2 and
	all(.[]; .run_ns > 1e7 and ([.vcpus[].progress] | add) > 0))'
# harmless GUEST [PARAMS]: runs under every scheduler; the steady domains share what odd leaves.
harmless() {
	local s status
	beside "$@"
	for s in linux rr credit; do
		measured "$1.$s.json" 1000 "$stand${also:-}" "$COXSWAIN" run "$1.yaml" -s $s --watchdog 60s --json
		status=$?
		mv "$1.$s.json.err" "$1.$s.err"
		if [ $status -ne 0 ]; then
			fail "$1 under $s" "status $status: $(cat "$1.$s.err")"
			continue
		fi
		json "$1 under $s: the others stand" "$1.$s.json" ".runs[0].degraded == false and $stand"
	done
}
# crashes GUEST [PARAMS]: and is reported as crashed, in words.
crashes() {
	local s also=' and any(.runs[0].domains[]; .name == "odd" and .end == "crash")'
	harmless "$@"
	for s in linux rr credit; do
		grep -qE 'domain odd crashed: .' "$1.$s.err" && pass "$1 under $s is reported as crashed" ||
			fail "$1 under $s is reported as crashed" "$(cat "$1.$s.err")"
	done
}
crashes triplefault
crashes pagefault
crashes badop
harmless earlyexit
harmless wildcalls
harmless wildresults
harmless spinoff
nothing_left "nothing is left behind"
