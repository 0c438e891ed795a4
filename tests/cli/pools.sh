# SPDX-License-Identifier: BSD-2-Clause
# Resource pools: who is let in, what is said to who is not, what changes, what is recorded.
# On the simulated machine; facts, never how fast.
. "$(dirname "$0")/lib.sh"
mark_processes

# worked V K-OPTIONS: pool M of 600 with V in it; in it K of 200 with K1, which takes them all,
# and K2, which asks for 200 when it starts.
worked() {
	cat <<END_OF_FILE
name: worked
duration: 200ms
pools:
  - {name: K, parent: M, reservation: 200$2}
  - {name: M, reservation: 600, expandable: no}
domains:
  - {name: V, vcpus: 4, pool: M, reservation: $1, workload: {name: hog}}
  - {name: K1, vcpus: 2, pool: K, reservation: 200, workload: {name: hog}}
  - {name: K2, vcpus: 2, pool: K, reservation: 200, start: 50ms, workload: {name: hog}}
END_OF_FILE
}
host=(-m sim --topology "core:8 pu:1" --pcpus all)
run=("$COXSWAIN" run "${host[@]}" -s rr -q)

# --- who is let in ---

worked 100 "" >in.yaml
expect "expandable, it borrows what is missing" 0 'K2 +K +256' "${run[@]}" in.yaml
worked 300 "" >less.yaml
expect "its parent has not enough" 2 'less.yaml:9: at 50ms: domain K2: asks for 200; its pool K reserves 200, 200 taken: 0 free; K is expandable, 200 to borrow: M reserves 600, 500 taken: 100 free; M is not expandable \(above it: the host has 800, 600 taken: 200 free\); 100 missing: reserve less, or let M reserve more or be expandable' \
	"${run[@]}" less.yaml
worked 100 ", expandable: no" >fixed.yaml
expect "not expandable, it may not borrow" 2 'fixed.yaml:9: at 50ms: domain K2: asks for 200; its pool K reserves 200, 200 taken: 0 free; K is not expandable \(above it: M reserves 600, 300 taken: 300 free; the host has 800, 600 taken: 200 free\); 200 missing: reserve less, or let K reserve more or be expandable' \
	"${run[@]}" fixed.yaml
expect "a host too small for its pools" 2 'in.yaml:5: at 0s: pool M: asks for 600; the host has 400, 0 taken: 400 free; 200 missing: reserve less, or use more pCPUs' \
	"$COXSWAIN" run in.yaml -m sim --topology "core:4 pu:1" --pcpus all -s rr -q
expect "a comparison is refused as a whole" 2 'less.yaml:9: at 50ms: domain K2: asks for 200' \
	"$COXSWAIN" compare less.yaml "${host[@]}" -s rr,credit --out compared -q
[ ! -e compared ] && pass "and leaves no folder" || fail "and leaves no folder" "$(ls compared)"
expect "a run that ends before it matters" 0 'K1 +K +256' "${run[@]}" less.yaml -d 40ms

# alone NAME STATUS PATTERN DOMAINS [CHANGES] [OPTION...]: without pools, on two pCPUs.
alone() {
	printf 'duration: 200ms\ndomains:\n%s\n' "$4" >alone.yaml
	[ -z "$5" ] || printf 'changes:\n%s\n' "$5" >>alone.yaml
	expect "$1" "$2" "$3" "$COXSWAIN" run alone.yaml -m sim --topology "core:2 pu:1" --pcpus all -s rr -q "${@:6}"
}
wide='  - {name: wide, vcpus: 4, reservation: 400, workload: {name: hog}}'
half='  - {name: half, reservation: 50, workload: {name: hog}}'
pair='  - {name: pair, vcpus: 2, reservation: 120, workload: {name: hog}}'
alone "a domain wider than the host" 2 'alone.yaml:3: at 0s: domain wide: asks for 400, but may use 2 pCPUs: at most 200, 200 too much; reserve less' "$wide"
alone "wider than its affinity" 2 'alone.yaml:3: at 0s: domain pair: asks for 120, but may use 1 pCPU: at most 100, 20 too much' "${pair/vcpus/cpus: \"1\", vcpus}"
alone "all that there is" 0 'pair +256' "$pair
${half/50/80}"
alone "a little more" 2 'alone.yaml:4: at 0s: domain half: asks for 81; the host has 200, 120 taken: 80 free; 1 missing: reserve less, or use more pCPUs' "$pair
${half/50/81}"
alone "two in the place of one" 2 'alone.yaml:4: at 0s: domain b: asks for 60; CPUs "1" have 100, 50 taken by other domains that may use no others \(a 50\): 50 free; 10 missing' \
	'  - {name: a, cpus: "1", reservation: 50, workload: {name: hog}}
  - {name: b, cpus: "1", reservation: 60, workload: {name: hog}}'
alone "two that overlap" 2 'alone.yaml:4: at 0s: domain B: asks for 200; CPUs "0-2" have 300, 200 taken by other domains that may use no others \(A 200\): 100 free; 100 missing' \
	'  - {name: A, vcpus: 2, cpus: "0-1", reservation: 200, workload: {name: hog}}
  - {name: B, vcpus: 2, cpus: "1-2", reservation: 200, workload: {name: hog}}' '' --topology "core:4 pu:1"

# --- in the order of time ---

alone "one after the other" 0 'half +256' "${pair/reservation/stop: 100ms, reservation}
${half/reservation: 50/start: 100ms, reservation: 100}"
alone "not at once" 2 'alone.yaml:4: at 99ms: domain half: asks for 100; the host has 200, 120 taken: 80 free; 20 missing' "${pair/reservation/stop: 100ms, reservation}
${half/reservation: 50/start: 99ms, reservation: 100}"
alone "a change that asks too much" 2 'alone.yaml:6: changes\[0\]: at 50ms: domain half: asks for 81, 31 more than it has; the host has 200, 170 taken: 30 free; 1 missing' "$pair
$half" '  - {at: 50ms, domain: half, reservation: 81}'
alone "a change is what it starts with" 2 'alone.yaml:4: at 100ms: domain half: asks for 90; the host has 200, 120 taken: 80 free; 10 missing' "$pair
${half/reservation/start: 100ms, reservation}" '  - {at: 50ms, domain: half, reservation: 90}'
alone "lowered first" 0 'half +256' "$pair
$half" '  - {at: 50ms, domain: half, reservation: 100}
  - {at: 40ms, domain: pair, reservation: 100}'
alone "a pCPU that is needed" 2 'alone.yaml:6: changes\[0\]: at 50ms: domain pair: asks for 120, but may use 1 pCPU' "$pair
$half" '  - {at: 50ms, pcpu: 1, online: no}'
alone "a pCPU that all need together" 2 'alone.yaml:6: changes\[0\]: at 50ms: the host: is to have 100, 110 taken \(0 by pools, 110 by domains in no pool\): 10 too much; reserve less, or leave it more pCPUs' "${pair/120/60}
$half" '  - {at: 50ms, pcpu: 1, online: no}'
alone "a pCPU that those need that may use no others" 2 'alone.yaml:7: changes\[0\]: at 50ms: the host: CPUs "0-1" \(1 of them offline\) are to have 100, 110 taken by domains that may use no others \(a 60, b 50\): 10 too much' \
	'  - {name: a, cpus: "0-1", reservation: 60, workload: {name: hog}}
  - {name: b, cpus: "0-1", reservation: 50, workload: {name: hog}}
  - {name: c, cpus: "0", workload: {name: hog}}' '  - {at: 50ms, pcpu: 1, online: no}' --topology "core:3 pu:1"
alone "a pCPU that is not needed" 0 'half +256' "$half" '  - {at: 50ms, pcpu: 1, online: no}'
alone "what comes after the end is left out, and said" 0 'coxswain: alone.yaml:6: changes\[0\]: at 50ms is after the end of this run, 40ms: it does not happen' "$pair
$half" '  - {at: 50ms, domain: half, reservation: 81}' -d 40ms

# pooled NAME STATUS PATTERN CHANGES: the worked example with changes.
pooled() {
	{ worked 100 "" && printf 'changes:\n%s\n' "$4"; } >pooled.yaml
	expect "$1" "$2" "$3" "${run[@]}" pooled.yaml
}
pooled "a pool that asks for more" 0 'pool K: reservation 300 %' '  - {at: 10ms, pool: K, reservation: 300}'
pooled "a pool that asks for too much" 2 'pooled.yaml:11: changes\[0\]: at 10ms: pool K: asks for 501, 301 more than it has; its parent M reserves 600, 300 taken: 300 free; M is not expandable \(above it: the host has 800, 600 taken: 200 free\); 1 missing: reserve less, or let M reserve more or be expandable' \
	'  - {at: 10ms, pool: K, reservation: 501}'
pooled "a limit under what it has" 2 'pooled.yaml:11: changes\[0\]: at 60ms: pool K: is to have at most 399, but has 400 \(reserves 200, borrows 200\): 1 too much; raise its limit, or reserve less in it' \
	'  - {at: 60ms, pool: K, limit: 399}'
pooled "a pool that is not there" 2 'pooled.yaml:11: changes\[0\].pool: found "L", allowed the name of a pool' '  - {at: 10ms, pool: L, limit: 5}'
pooled "a change to nothing" 2 'pooled.yaml:11: changes\[0\]: found nothing that changes, allowed weight, shares, reservation or limit beside pool' '  - {at: 10ms, pool: K}'

# --- what is no tree ---

# tree NAME PATTERN POOLS
tree() {
	printf 'pools:\n%s\ndomains:\n  - {name: a, workload: {name: hog}}\n' "$3" >tree.yaml
	expect "$1" 2 "$2" "${run[@]}" tree.yaml
}
tree "a circle" 'tree.yaml:2: pools\[0\].parent: found a circle, "a" in "b" in "c" in "a", allowed pools whose parents end at the whole host' \
	'  - {name: a, parent: b}
  - {name: b, parent: c}
  - {name: c, parent: a}'
tree "a parent that is not there" 'tree.yaml:3: pools\[1\].parent: found "bacth", allowed the name of another pool \(did you mean "batch"\?\)' \
	'  - {name: batch}
  - {name: night, parent: bacth}'
tree "a reservation above its limit" 'tree.yaml:2: pools\[0\].reservation: found "60", allowed a whole number from 0 to 50, its limit' \
	'  - {name: batch, reservation: 60, limit: 50}'

# --- what is recorded ---

{ worked 100 "" && cat <<'Y'; } >told.yaml
changes:
  - {at: 100ms, pool: K, weight: low, limit: 450}
  - {at: 120ms, domain: K1, reservation: 50}
Y
"$COXSWAIN" run told.yaml "${host[@]}" -s rr --trace --out told --json >told.json 2>stderr
status=$?
[ $status -eq 0 ] && pass "a run with pools" || fail "a run with pools" "$status: $(cat stderr)"
json "the tree is told" told.json '.runs[0] | [.pools[] | del(.reservation_shortfall, .limit_overshoot, .entitled_ns, .run_ns)] == [
	{"name": "M", "weight": 1024, "reservation": 600, "limit": 0, "expandable": false},
	{"name": "K", "parent": "M", "weight": 1024, "reservation": 200, "limit": 0, "expandable": true}]
	and [.domains[].pool] == ["M", "K", "K"]'
json "what pools received is that of all in them" told.json '.runs[0] | ([.domains[].run_ns] | add) as $all
	| .pools[0].run_ns == $all and .pools[1].run_ns == ([.domains[1:][].run_ns] | add)
	and .pools[0].entitled_ns == ([.domains[].entitled_ns] | add)'
json "what changed is told" told.json '[.runs[0].changes[] | "\(.t_ns) \(.type) \(.pool // .domain) \(.what) \(.value)"]
	== ["100000000 pool_adjust K weight 512", "100000000 pool_adjust K limit 450", "120000000 domain_adjust K1 reservation 50"]'
json "that rr knows no pools is told" told.json '.runs[0].ignored == "reservation pools"'
"$COXSWAIN" analyze told --json >again.json 2>stderr
json "the trace tells the same" told.json '.runs[0] as $own | $again[0].runs[0]
	| .pools == $own.pools and .changes == $own.changes and [.domains[] | .pool] == [$own.domains[] | .pool]
	and [.domains[].entitled_ns] == [$own.domains[].entitled_ns]' --slurpfile again again.json
"$COXSWAIN" analyze told >again.txt 2>stderr
check "the table shows the tree" grep -qE '^  K +1024 +200 +none +yes +2 +[0-9.]+ +[0-9.]+ +[0-9.a-z-]+ +-$' again.txt
check "its changes beside it" grep -q 'at 100ms pool K: weight 512; at 100ms pool K: limit 450 %' again.txt
cmp -s again.txt told/report.txt && pass "as the run did" || fail "as the run did" "$(diff again.txt told/report.txt | head -n 3)"

# --- sweeps ---

printf 'name: s\nscenarios: [in.yaml]\nschedulers: [rr]\nmachine: sim\nset:\n  topology: "core:8 pu:1"\n  pcpus: 0-7\n  pools.K.expandable: [yes]\n' >good.plan.yaml
sed 's/in.yaml/fixed.yaml/; s/\[yes\]/[yes, no]/' good.plan.yaml >bad.plan.yaml
expect "a sweep over a pool's values" 0 '' "$COXSWAIN" sweep good.plan.yaml --out good-sweep -q
expect "a point that is refused" 2 'domain K2: asks for 200; its pool K reserves 200, 200 taken: 0 free; K is not expandable' \
	"$COXSWAIN" sweep bad.plan.yaml --out bad-sweep -q
sed 's/pools.K.expandable: .*/pools.L.weight: [5, 6]/' good.plan.yaml >none.plan.yaml
expect "a pool that no scenario has" 2 'none.plan.yaml:8: set.pools.L.weight: ' \
	"$COXSWAIN" sweep none.plan.yaml --out bad-sweep -q
nothing_left "nothing is left behind"

# --- real VMs ---

if ! have_kvm; then
	skip "linux knows no pools" "no /dev/kvm here"
	exit 0
fi
cat >small.yaml <<'Y'
duration: 300ms
pcpus: "0"
pools:
  - {name: p, reservation: 50}
domains:
  - {name: a, pool: p, reservation: 50, workload: {name: hog}}
changes:
  - {at: 100ms, pool: p, limit: 80}
Y
"$COXSWAIN" compare small.yaml -m kvm -s linux,credit --trace --out small --json >small.json 2>stderr
json "linux knows no pools" small.json '[.runs[].ignored] == ["reservation pools", "reservation pools"]'
json "but what changed is told" small.json 'all(.runs[]; [.changes[] | "\(.type) \(.pool) \(.what) \(.value)"] == ["pool_adjust p limit 80"])'
json "no trace is lost" small.json 'all(.runs[]; .trace.lost == 0)'
expect "refused under linux too" 2 'domain a: asks for 100; its pool p' \
	"$COXSWAIN" run <(sed 's/\(pool: p, reservation: \)50/\1100/; s/reservation: 50}/reservation: 50, expandable: no}/' small.yaml) -m kvm -s linux -q
nothing_left "nothing is left behind either"
