# SPDX-License-Identifier: BSD-2-Clause
# The trace tells the same as the program's own accounting: run times within 0.1 %, not one
# event lost, in every shipped scenario.
. "$(dirname "$0")/lib.sh"
mark_processes

if ! have_kvm; then
	skip "traces" "no /dev/kvm here"
	exit 0
fi
# traced NAME SCHEDULERS DURATION: a shipped scenario, recorded and analyzed.
traced() {
	local name=$1
	if ! "$COXSWAIN" compare "$TOP/workloads/scenarios/$name.yaml" -s "$2" -d "$3" --watchdog 60s --trace --json --out "$name" >own.json 2>stderr; then
		fail "$name is recorded" "$(cat stderr)"
		return
	fi
	if ! "$COXSWAIN" analyze "$name" --json >again.json 2>stderr; then
		fail "$name is analyzed" "$(cat stderr)"
		return
	fi
	json "$name: no event is lost" own.json 'all(.runs[]; .trace.events > 0 and .trace.lost == 0)'
	same_times "$name: run times agree within 0.1 %" own.json again.json
}
for scenario in "$TOP"/workloads/scenarios/*.yaml; do
	traced "$(basename "$scenario" .yaml)" credit 1s
done
mv two-weights two-weights.credit
traced two-weights linux,rr,credit 1s
expect "one trace alone" 0 heavy "$COXSWAIN" analyze two-weights/trace-rr
expect "a report again" 0 '^Report: again/report.html$' "$COXSWAIN" analyze two-weights --out again
[ -s again/report.html ] && pass "it is there" || fail "it is there" "$(ls again)"
if command -v babeltrace2 >/dev/null; then
	n=$(babeltrace2 two-weights/trace-credit 2>/dev/null | wc -l)
	[ "$n" -gt 100 ] && pass "babeltrace2 reads the trace" || fail "babeltrace2 reads the trace" "$n lines"
fi
# Every event as one line of text, between the lines of the run's start and end.
"$COXSWAIN" analyze two-weights/trace-credit --events >events.txt 2>stderr
n=$(jq '.runs[] | select(.scheduler == "credit") | .trace.events' own.json)
if [ ! -s stderr ] && [ "$(grep -cvE '^[0-9]+ run_(start|end) part=' events.txt)" = "$n" ] &&
	[ "$(grep -cE '^[0-9]+ [a-z_]+ pcpu=[0-9]+( [a-z0-9_]+=-?[a-z0-9-]+)*$' events.txt)" = "$n" ] &&
	grep -qE ' switch pcpu=0 prev=-1 why=idle next=[0-9]+ slice_ns=' events.txt; then
	pass "events as text"
else
	fail "events as text" "$n events, $(wc -l <events.txt) lines: $(head -n 3 events.txt | cut -c1-100 | paste -sd'|') $(cat stderr)"
fi
expect "events of several traces: each is named" 0 '^trace-linux$' "$COXSWAIN" analyze two-weights --events
mkdir notrace
expect "a folder without a trace" 2 'notrace: neither a report folder.*--trace' "$COXSWAIN" analyze notrace
cp -r two-weights notrace
expect "a folder with reports of others in it" 2 'notrace: neither' "$COXSWAIN" analyze notrace
"$COXSWAIN" compare "$TOP/workloads/scenarios/two-weights.yaml" "$TOP/workloads/scenarios/cap.yaml" -m sim -s rr -d 200ms --trace --out several >/dev/null 2>&1
"$COXSWAIN" analyze several --json >several.json 2>stderr
json "the report of several scenarios" several.json '[.scenarios[].scenario] | sort == ["cap", "two-weights"]'
cp -r two-weights/trace-rr cut
find cut -name 'events_*' ! -name '*.idx' -exec truncate -s 3000 {} +
expect "a trace whose events are cut short" 1 'cut' "$COXSWAIN" analyze cut
expect "events as text of one cut short" 1 'cut' "$COXSWAIN" analyze cut --events
cp -r two-weights/trace-rr damaged
find damaged -name metadata -exec truncate -s 5000 {} +
expect "a trace whose description is cut short" 1 'damaged' timeout 100 "$COXSWAIN" analyze damaged
cp -r two-weights/trace-rr noise
find noise -name 'events_*' -exec sh -c 'head -c 8192 /dev/urandom >"$1"' sh {} \;
expect "a trace that is noise" 1 'noise' timeout 100 "$COXSWAIN" analyze noise
nothing_left "nothing is left behind"
