# SPDX-License-Identifier: BSD-2-Clause
#
# A recorded comparison over all pCPUs of the host: no event is lost, and what is read from the
# trace is what the program counted.  The traces and the reports are kept with the results.
. "$(dirname "$0")/../../cli/lib.sh"
mark_processes
RESULTS=${CX_RESULTS:-$TMP/results}
DURATION=1s
WATCHDOG=60s

if ! have_kvm; then
	skip "a trace of the whole host" "no /dev/kvm here"
	exit 0
fi
mkdir -p "$RESULTS"
schedulers=$("$COXSWAIN" schedulers | awk '{ print $1 }' | paste -sd,)
sed -E "s/^pcpus: .*/pcpus: \"0-$(($(nproc) - 1))\"/" "$TOP/workloads/scenarios/mixed.yaml" >mixed.yaml
check "recorded" sh -c "'$COXSWAIN' compare mixed.yaml --schedulers $schedulers -d $DURATION --watchdog $WATCHDOG \
	--trace --json --out '$RESULTS/trace' >own.json"
check "analyzed" sh -c "'$COXSWAIN' analyze '$RESULTS/trace' --json --out '$RESULTS/trace-analyzed' >again.json"
json "every scheduler, no event is lost" own.json '([.runs[].scheduler] | join(",")) == $schedulers and
	all(.runs[]; .degraded == false and .trace.events > 0 and .trace.lost == 0 and .trace.disagreement_ns == 0)' \
	--arg schedulers "$schedulers"
same_times "run times agree within 0.1 %" own.json again.json
json "as do the moves, over every distance" own.json '
	def moves: [.runs[] | {key: .scheduler, value: [.domains[].vcpus[] | [.id, .migrations]] | sort}] | from_entries;
	moves == ($again[0] | moves)' --slurpfile again again.json
for report in "$RESULTS/trace" "$RESULTS/trace-analyzed"; do
	grep -q '<svg' "$report/report.html" 2>/dev/null && pass "${report##*/}: its report has plots" ||
		fail "${report##*/}: its report has plots" "$(ls "$report" 2>&1 | paste -sd' ')"
done
cp own.json "$RESULTS/trace.json"
nothing_left "no process is left, nor a file"
