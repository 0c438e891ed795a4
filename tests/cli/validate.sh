# SPDX-License-Identifier: BSD-2-Clause
# The simulator beside real VMs: every domain is told of, on both machines; what the two say of the
# same run is of the same kind (how near they are is for people to see, on a quiet host).
. "$(dirname "$0")/lib.sh"
mark_processes

if ! have_kvm; then
	skip "validate" "no /dev/kvm here"
	exit 0
fi
two=$TOP/workloads/scenarios/two-weights.yaml
sleepers=$TOP/workloads/scenarios/sleepers-and-hogs.yaml
costs=(--cost switch=40us)

# On a host that is slow or busy sleepers may not have come to sleep in a second.
for duration in 1s 8s; do
	echo "for $duration"
	"$COXSWAIN" validate "$two" "$sleepers" -d $duration "${costs[@]}" >table 2>stderr
	status=$?
	[ "$(grep -c 'sleeper .*wake p50' table)" -ne "$(grep -c 'sleepers-and-hogs under' table)" ] || break
done
[ $status -eq 0 ] && pass "done" || fail "done" "status $status: $(tail -n 3 stderr | paste -sd'|')"
for part in 'two-weights under rr' 'two-weights under credit' 'two-weights under propshare' 'sleepers-and-hogs under credit' \
	'^ *light +received %' '^ *heavy +progress/s' '^ *sleeper +wake p50' 'switches/s' \
	'of [0-9]+ figures with a bound are within it'; do
	check "it tells of: $part" grep -qE -- "$part" table
done
# One for each scheduler, unless none of them has slept by then on a busy host.
rows=$(grep -c 'sleeper .*wake p50' table)
check "replicas are one row" test "$rows" -ge 1 -a "$rows" -le 3

weights='[.[0].rows[] | select(.figure == "received_percent")] | (.[1].kvm > .[0].kvm) and (.[1].sim > .[0].sim)'
check "as JSON" measured v.json 1000 "$weights" "$COXSWAIN" validate "$two" -s credit "${costs[@]}" --json
json "both machines, every figure" v.json 'length == 1 and .[0].scheduler == "credit" and
	([.[0].rows[] | select(.figure == "received_percent")] | length == 2) and
	all(.[0].rows[]; .kvm >= 0 and .sim >= 0)'
json "weights show on both" v.json "$weights"
check "costs of this host, measured first" sh -c '"$@" >m.json 2>m.err' sh "$COXSWAIN" validate "$two" -s rr -d 300ms --json
check "and said so" grep -q 'measuring what things cost here' m.err
expect "no such scenario" 2 'nosuch' "$COXSWAIN" validate nosuch "${costs[@]}"
expect "no such cost" 2 'swich.*did you mean "switch"' "$COXSWAIN" validate "$two" --cost swich=1us
nothing_left "no process is left, nor a file"
