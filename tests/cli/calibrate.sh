# SPDX-License-Identifier: BSD-2-Clause
# coxswain calibrate: every cost is there, within its bounds, with where it comes from or why
# it was not measured; the file loads; nothing is written when it is cut short.  What the
# figures are is the host's affair.
. "$(dirname "$0")/lib.sh"
mark_processes

calibrate=("$COXSWAIN" calibrate)
costs=$(grep -c '^| `' "$TOP/docs/costs.md") # a row each, as test_costs checks
expect "an argument" 2 'no argument' "${calibrate[@]}" here
expect "no time" 2 "--duration: found '0s'; allowed" "${calibrate[@]}" --duration 0s
expect "next to no time" 2 "--duration: found '10ms'; allowed: 1s to 60m" "${calibrate[@]}" -d 10ms
expect "too much time" 2 "allowed: 1s to 60m" "${calibrate[@]}" -d 61m
expect "an empty name" 2 "--out: found ''; allowed" "${calibrate[@]}" --out ''
expect "an option of run" 2 "is an option of 'run'" "${calibrate[@]}" --costs none
expect "a folder" 1 '^coxswain: \.: cannot write it: Is a directory' "${calibrate[@]}" --out .
expect "a folder that is not there" 1 'no/costs: cannot write it: No such file' "${calibrate[@]}" --out no/costs
expect "cost without a value" 2 "--cost: found 'switch'; allowed: NAME=VALUE" \
	"$COXSWAIN" run two-weights --cost switch
expect "costs without a name" 2 "--costs: found ''; allowed" "$COXSWAIN" compare two-weights --costs ''
[ -z "$(ls -A | grep -v -e '^tmp$')" ] && pass "nothing is made" || fail "nothing is made" "$(ls -A)"

if ! have_kvm; then
	expect "no /dev/kvm" 1 '/dev/kvm' "${calibrate[@]}" -d 1s
	skip "a calibration" "no /dev/kvm here"
	exit 0
fi

echo 'mine: 1' >costs.yaml
# On a busy host 2 s may be too little to see each of what every host shows.
for duration in 2s 16s; do
	"${calibrate[@]}" -d $duration --json --out costs.yaml >json 2>stderr
	status=$?
	[ "$(jq '[.costs[] | select(.measured)] | length' json)" -lt 6 ] || break
done
[ $status -eq 0 ] && pass "calibrates" || fail "calibrates" "status $status: $(cat stderr)"
json "its summary" json '
	(.host | length > 0) and (.backend | length > 0) and .duration_ns > 0
	and .steal_percent >= 0 and .stolen_percent >= 0
	and (.costs | length) == $n
	and all(.costs[]; .value >= 0 and (.unit | length > 0)
		and if .measured then .samples > 0 and .p10 <= .p50 and .p50 <= .p90
			else (.why_not | length > 0) end)' --argjson n "$costs"
json "what every host shows is measured" json '
	[.costs[] | select(.measured)] | length >= 6'

# Moves and lines from afar: measured for each distance that two CPUs of this host have, and of others
# it is said that there are none.  Where guests have no clock of their own moves are not.
clock=true
grep -qw tsc /sys/devices/system/clocksource/clocksource0/available_clocksource || clock=false
distances=$("$COXSWAIN" topology | awk '/^Distances/ { on = 1; next } on' | grep -oE 'SMT|LLC|node|remote' |
	tr '[:upper:]' '[:lower:]' | sort -u | jq -R . | jq -sc .)
for cost in move_{smt,llc,node,remote} access_{node,remote}; do
	json "$cost: measured where the host has it" json '
		.costs[$cost] as $c | ($cost | split("_")) as [$what, $distance]
		| if $distances | index($distance) == null then $c.why_not | test("^there are no two ")
			elif $what == "move" and ($clock | not) then $c.why_not | test("is no clock")
			else $c.measured end' --arg cost $cost --argjson distances "$distances" --argjson clock $clock
done
json "what needs a guest's clock" json '
	all(.costs[("switch", "resume", "tick")]; .measured == $clock
		and ($clock or (.why_not | test("is no clock"))))' --argjson clock $clock
[ -z "${CX_RESULTS:-}" ] || cp costs.yaml "$CX_RESULTS/costs.yaml"
names=$(jq -r '.costs | keys_unsorted[]' json)

# In the file as in the summary, each with its comment.
missing=
for name in $names; do
	grep -qE "^$name: [0-9.]+(ns|us|ms|s)?$" costs.yaml || missing+=" $name"
done
[ -n "$names" ] && [ -z "$missing" ] && pass "the file names every cost" ||
	fail "the file names every cost" "missing:$missing"
measured=$(jq '[.costs[] | select(.measured)] | length' json)
[ "$(grep -c '^# measured: ' costs.yaml)" = "$measured" ] &&
	[ "$(grep -c '^# not measured, ' costs.yaml)" = $((costs - measured)) ] &&
	pass "the file says where each comes from" ||
	fail "the file says where each comes from" "$(grep -c '^# measured' costs.yaml) of $measured"
said=$(grep -c 'not measured, keeps its default' stderr)
[ "$said" = $((costs - measured)) ] && pass "what was not measured is said" ||
	fail "what was not measured is said" "$said lines: $(cat stderr)"
ls costs.yaml.* >/dev/null 2>&1 && fail "one file is left" "$(ls)" || pass "one file is left"

# A file that takes no bytes is told, and is not removed.
expect "a full disk" 1 '/dev/full: cannot write it: No space left' "${calibrate[@]}" -d 1s -q --out /dev/full
[ -e /dev/full ] && pass "a device stays" || fail "a device stays" "it is gone"

# Cut short: status 1, what was there stays.
cp costs.yaml before.yaml
setsid "${calibrate[@]}" -d 300s --out costs.yaml >stdout 2>stderr &
pid=$!
for _ in {1..1200}; do
	grep -qs '^cx-0/0' /proc/$pid/task/*/comm && break
	sleep 0.1
done
kill -INT $pid
wait $pid
status=$?
if [ $status -eq 1 ] && grep -q 'interrupted: nothing is written' stderr && [ ! -s stdout ] &&
	cmp -s costs.yaml before.yaml; then
	pass "interrupted"
else
	fail "interrupted" "status $status: $(cat stderr stdout)"
fi
ls costs.yaml.* >/dev/null 2>&1 && fail "no part of a file is left" "$(ls)" || pass "no part of a file is left"
nothing_left "no process is left"
