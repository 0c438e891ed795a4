# SPDX-License-Identifier: BSD-2-Clause
# gnuplot or the session daemon missing: told, and everything else is done.
. "$(dirname "$0")/lib.sh"
mark_processes

two=$TOP/workloads/scenarios/two-weights.yaml
if ! have_kvm; then
	skip "without gnuplot" "no /dev/kvm here"
	exit 0
fi
nowhere=(env PATH="$TMP/nowhere")

expect "no gnuplot: told, with what to install" 0 'gnuplot' "${nowhere[@]}" "$COXSWAIN" run "$two" -s rr -d 300ms --out bare
for f in report.html report.txt summary.json data; do
	[ -s bare/$f ] && pass "no gnuplot: $f is there" || fail "no gnuplot: $f is there" "$(ls bare)"
done
expect "no session daemon: told, with what to install" 1 'lttng-(sessiond|tools)' \
	"${nowhere[@]}" "$COXSWAIN" run "$two" -s rr -d 300ms --trace --out traced
[ ! -e traced ] && pass "no session daemon: nothing is made" || fail "no session daemon: nothing is made" "$(find traced)"
mkdir -p lib/coxswain && ln -s "$BUILD/lib/coxswain/payloads" lib/coxswain/ && cp "$COXSWAIN" alone
expect "a program without its policies says so" 2 'not found in' ./alone run "$two" -s rr -d 300ms
nothing_left "nothing is left behind"
