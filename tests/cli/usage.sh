# SPDX-License-Identifier: BSD-2-Clause
# Wrong usage, wrong names and wrong scenarios: status 2, what is wrong, what is allowed,
# and nothing started.  A plug-in that is refused: status 1, and what to rebuild.
. "$(dirname "$0")/lib.sh"

two=$TOP/workloads/scenarios/two-weights.yaml
run=("$COXSWAIN" run "$two" -d 300ms)

expect "unknown command" 2 "no command 'dance'" "$COXSWAIN" dance
expect "option before the command" 2 'command before its options' "$COXSWAIN" --json run
expect "unknown option" 2 "no option '--dance'" "${run[@]}" --dance
expect "unknown letter" 2 "no option '-z'" "${run[@]}" -z
expect "option of another command" 2 "option of 'compare'" "${run[@]}" --schedulers rr
expect "missing value" 2 'needs a value' "$COXSWAIN" run "$two" --duration
expect "no scenario" 2 'needs SCENARIO' "$COXSWAIN" run
expect "one argument too many" 2 'one too many' "$COXSWAIN" run "$two" again
expect "quiet and verbose" 2 'exclude each other' "${run[@]}" --quiet --verbose
expect "where to look further" 2 "Try 'coxswain run --help'" "$COXSWAIN" run
for value in 3 3h 0s -1s '' 1e3s s; do
	expect "duration '$value'" 2 "--duration: found '$value'; allowed" "${run[@]}" --duration "$value"
done
expect "seed" 2 "--seed: found 'x1'; allowed" "${run[@]}" --seed x1
expect "machine" 2 'allowed: auto, kvm or sim' "${run[@]}" --machine xen
expect "gantt" 2 "--gantt: found '2s'; allowed" "${run[@]}" --gantt 2s
expect "param without a value" 2 "--param: found 'tslice'; allowed" "${run[@]}" --param tslice
expect "linux is not simulated" 2 'linux.*runs on kvm only' "${run[@]}" --machine sim -s linux
expect "shuffle-ties" 2 "--shuffle-ties: found 'x'; allowed" "${run[@]}" --shuffle-ties x

expect "unknown scheduler" 2 'scheduler "nobody" not found' "${run[@]}" -s nobody
expect "unknown scheduler among several" 2 'scheduler "nobody" not found' \
	"$COXSWAIN" compare "$two" --schedulers linux,nobody
expect "several schedulers for run" 2 'one scheduler' "${run[@]}" -s rr,credit
expect "empty name in a list" 2 "found 'rr,,credit'" "$COXSWAIN" compare "$two" -s rr,,credit
expect "unknown parameter" 2 'no parameter "nothing"; known: .*tslice' "${run[@]}" -s credit -p nothing=1
expect "parameter out of range" 2 'tslice: found "1ns", allowed' "${run[@]}" -s credit -p tslice=1ns
expect "parameter of linux" 2 'linux has no parameters' "${run[@]}" -s linux -p tslice=1ms
expect "parameter of a scheduler that takes no part" 2 'a scheduler of this run' \
	"$COXSWAIN" compare "$two" -s linux,rr -p credit.tslice=1ms
expect "parameter that none has" 2 "none of these schedulers has a parameter 'nothing'" \
	"$COXSWAIN" compare "$two" -s linux,rr,credit -p nothing=1

# --- plug-ins that are refused -----------------------------------------------------------
echo 'not a program' >text.so
expect "plug-in that is no shared object" 1 'text\.so' "${run[@]}" -s ./text.so
expect "plug-in that is not there" 2 'absent\.so' "${run[@]}" -s ./absent.so
echo 'int nothing;' >nosymbol.c
cat >oldabi.c <<'C'
#include <coxswain/plugin.h>
static struct cx_vcpu *pick(struct cx_policy *policy, struct cx_pcpu *pcpu, struct cx_pick *p)
{
	return p->prev;
}
__attribute__((visibility("default"))) const struct cx_plugin coxswain_plugin = {
	.abi = (CX_PLUGIN_ABI_MAJOR + 1) << 16, .struct_size = sizeof(struct cx_plugin),
	.name = "oldabi", .pick = pick };
C
for f in nosymbol oldabi; do
	gcc -std=gnu11 -fPIC -shared -I"$TOP/core/include" -o $f.so $f.c
	expect "plug-in refused: $f" 1 "$f.so.*rebuild" "${run[@]}" -s ./$f.so
done
expect "a refused plug-in, asked about" 1 'rebuild' "$COXSWAIN" schedulers ./oldabi.so
expect "schedulers lists the installed" 0 '^credit ' "$COXSWAIN" schedulers
expect "schedulers lists the baseline" 0 '^linux ' "$COXSWAIN" schedulers
expect "schedulers NAME shows parameters" 0 'tslice = 30ms' "$COXSWAIN" schedulers credit
expect "schedulers: unknown name" 2 'not found' "$COXSWAIN" schedulers nobody
expect "topology" 0 '.' "$COXSWAIN" topology

# --- scenarios ---------------------------------------------------------------------------
expect "missing scenario: the shipped are named" 2 'no-such: no such scenario.*two-weights' "$COXSWAIN" run no-such
expect "a scenario's name with a slip of the pen" 2 'two-weigths: no such scenario \(did you mean "two-weights"\?\)' "$COXSWAIN" run two-weigths
expect "a folder is no scenario" 2 '^coxswain: /tmp: a folder, no scenario' "$COXSWAIN" run /tmp
expect "a parameter without its unit" 2 'tslice: found "5", allowed .*with its unit' "$COXSWAIN" run two-weights -s credit -p tslice=5
expect "missing file" 2 './no-such.yaml: no such scenario' "$COXSWAIN" run ./no-such.yaml
expect "folder to analyze is missing" 2 'no such folder' "$COXSWAIN" analyze ./no-such
expect "events are no report" 2 'excludes --out and --json' "$COXSWAIN" analyze . --events --json

# bad NAME LINE PATTERN: standard input is a scenario whose line LINE is wrong.
bad() {
	cat >"$1.yaml"
	expect "bad scenario: $1" 2 "^coxswain: ([^ ]*/)?$1\.yaml:$2: .*$3" "$COXSWAIN" run "$1.yaml"
}
bad unknown-key 3 'wight' <<'Y'
name: a
domains:
  - {name: x, wight: 3, workload: {name: hog}}
Y
bad no-unit 2 'duration' <<'Y'
name: a
duration: 10
domains:
  - {name: x, workload: {name: hog}}
Y
bad two-spellings 4 'shares' <<'Y'
name: a
domains:
  - {name: y, workload: {name: hog}}
  - {name: x, weight: 3, shares: 1000, workload: {name: hog}}
Y
bad duplicate 4 'x' <<'Y'
name: a
domains:
  - {name: x, workload: {name: hog}}
  - {name: x, workload: {name: hog}}
Y
bad workload 3 'pig' <<'Y'
name: a
domains:
  - {name: x, workload: {name: pig}}
Y
bad not-yaml 3 '' <<'Y'
name: a
domains: [
Y
bad no-such-cpu 3 'pcpus' <<'Y'
name: a
# More than any host has.
pcpus: "0-1023"
domains:
  - {name: x, workload: {name: hog}}
Y
bad nowhere-to-run 4 'domain x: cpus' <<'Y'
name: a
domains:
  - name: x
    cpus: "1023"
    workload: {name: hog}
Y
bad wrong-param 2 'tslice' <<'Y'
name: a
scheduler: {name: credit, params: {tslice: 1ns}}
domains:
  - {name: x, workload: {name: hog}}
Y
expect "what only a run can tell is told before the first one too" 2 'nowhere-to-run.yaml:4' \
	"$COXSWAIN" compare "$two" nowhere-to-run.yaml --out both
expect "one bad scenario stops all of them before they start" 2 'unknown-key.yaml:3' \
	"$COXSWAIN" compare "$two" unknown-key.yaml --out both
[ ! -e both ] && pass "nothing is left of what was not started" || fail "nothing is left of what was not started" "$(find both)"
