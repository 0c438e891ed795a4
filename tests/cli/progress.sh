# SPDX-License-Identifier: BSD-2-Clause
# Progress shows on a terminal, and only there.
. "$(dirname "$0")/lib.sh"

if ! command -v script >/dev/null; then
	skip "progress" "no script(1) here to make a terminal with"
	exit 0
fi
# on_terminal COMMAND: what a terminal of 80 columns sees.
on_terminal() {
	TERM=xterm script -qec "stty cols 80; $1" /dev/null </dev/null | tr '\r' '\n'
}

printf 'duration: 2s\nscenarios: [two-weights]\nschedulers: [rr]\nseeds: 1-20\n' >plan.yaml
seen=$(on_terminal "'$COXSWAIN' sweep plan.yaml --out sweep")
grep -qE '^.?.?.?plan  points 0/20  \[\.+\]  \? s left' <<<"$seen" && grep -qE 'plan  points 20/20  \[#+\]  0 s left' <<<"$seen" &&
	pass "progress of a sweep" || fail "progress of a sweep" "$(head -c 400 <<<"$seen")"
seen=$("$COXSWAIN" sweep plan.yaml --out again 2>&1)
grep -q 's left' <<<"$seen" && fail "no progress of a sweep without a terminal" "$(head -c 400 <<<"$seen")" || pass "no progress of a sweep without a terminal"

if ! have_kvm; then
	skip "progress" "no /dev/kvm here"
	exit 0
fi
compare="'$COXSWAIN' compare '$TOP/workloads/scenarios/two-weights.yaml' -s rr,credit -d 500ms"

seen=$(on_terminal "$compare")
grep -qE '^.?.?.?two-weights  rr 1/2  \[[#.]+\]  [0-9]+ s left' <<<"$seen" && pass "progress on a terminal" ||
	fail "progress on a terminal" "$(head -c 400 <<<"$seen")"
grep -q 'credit 2/2' <<<"$seen" && pass "for every run" || fail "for every run" "$(head -c 400 <<<"$seen")"
wide=$(grep 's left' <<<"$seen" | sed 's/\x1b\[K//g' | awk 'length > 79' | wc -l)
[ "$wide" -eq 0 ] && pass "within the terminal's width" || fail "within the terminal's width" "$wide lines"
for option in --quiet --json; do
	seen=$(on_terminal "$compare $option")
	grep -q 's left' <<<"$seen" && fail "none with $option" "$(head -c 400 <<<"$seen")" || pass "none with $option"
done
seen=$(eval "$compare" 2>&1)
grep -q 's left' <<<"$seen" && fail "none without a terminal" "$(head -c 400 <<<"$seen")" || pass "none without a terminal"
