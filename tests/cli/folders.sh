# SPDX-License-Identifier: BSD-2-Clause
# Where results go: folders that are there, that cannot be written, a disk that is full.
# What was measured is printed whatever happens to the folder.
. "$(dirname "$0")/lib.sh"

two=$TOP/workloads/scenarios/two-weights.yaml
if ! have_kvm; then
	skip "folders of a report" "no /dev/kvm here"
	exit 0
fi
run=("$COXSWAIN" run "$two" -s rr -d 300ms)

mkdir full empty
echo mine >full/file
expect "a folder that holds something is refused" 2 'full: is there already and not empty.*--out' \
	"${run[@]}" --out full
[ "$(cat full/* | md5sum)" = "$(echo mine | md5sum)" ] && pass "and left as it is" || fail "and left as it is" "$(ls full)"
expect "an empty folder is taken" 0 '^Report: empty/report.html$' "${run[@]}" --out empty
expect "parents are made" 0 '^Report: a/b/c/report.html$' "${run[@]}" --out a/b/c
expect "a file in the way" 1 'full/file.*Not a directory.*--out' "${run[@]}" --out full/file
expect "a file among the parents" 1 'full/file.*Not a directory.*--out' "${run[@]}" --out full/file/x
out=$("${run[@]}" --out last | tail -n 1)
[ "$out" = "Report: last/report.html" ] && pass "where the report lies is said last" || fail "where the report lies is said last" "$out"
for f in report.html report.txt summary.json data plots; do
	[ -s last/$f ] || fail "the report has $f" "$(ls last)"
done
"${run[@]}" >/dev/null && [ ! -e coxswain-out ] && pass "run writes no folder unasked" || fail "run writes no folder unasked" "$(ls)"
for _ in 1 2; do
	"$COXSWAIN" compare "$two" -s rr -d 200ms -q >/dev/null
done
n=$(find coxswain-out -name report.html | wc -l)
[ "$n" -eq 2 ] && pass "compare makes a new folder each time" || fail "compare makes a new folder each time" "$(find coxswain-out)"
expect "several scenarios" 0 '^Report: both/report.html$' "$COXSWAIN" compare "$two" \
	"$TOP/workloads/scenarios/cap.yaml" -s rr -d 200ms --out both
[ -s both/report.html ] && [ -s both/two-weights/report.html ] && [ -s both/cap/report.html ] &&
	grep -q 'two-weights/report.html' both/report.html && pass "a folder for each scenario, and an index" ||
	fail "a folder for each scenario, and an index" "$(find both -name report.html | tr '\n' ' ')"

# --- what cannot be written ---------------------------------------------------------------
# in_mounts COMMAND: a shell command with mounts of its own.
in_mounts() {
	if [ "$(id -u)" -eq 0 ]; then
		unshare -m sh -c "$1"
	else
		unshare -rm sh -c "$1"
	fi
}
quoted=$(printf '%q ' "${run[@]}")
if ! in_mounts true 2>/dev/null; then
	skip "folders that cannot be written" "mounts of one's own are not permitted here"
	exit 0
fi
mkdir mnt
expect "a read-only file system" 1 'mnt/x: cannot .*Read-only file system.*--out' \
	in_mounts "mount -t tmpfs -o ro none mnt && $quoted --out mnt/x"
expect "a disk that is full: before it starts" 1 'mnt/x.*No space left on device.*make room' \
	in_mounts "mount -t tmpfs -o size=32k none mnt && $quoted --out mnt/x"
filling=$(in_mounts "mount -t tmpfs -o size=96k none mnt && $quoted --out mnt/x" 2>&1)
status=$?
[ $status -eq 1 ] && grep -q 'No space left' <<<"$filling" && pass "a disk that fills while the report is written" ||
	fail "a disk that fills while the report is written" "status $status: $filling"
grep -q light <<<"$filling" && pass "its figures are printed all the same" || fail "its figures are printed all the same" "$filling"
filling=$(in_mounts "mount -t tmpfs -o size=256k none mnt && $quoted -d 2s -p slice=100us --trace --out mnt/x" 2>&1)
status=$?
[ $status -eq 1 ] && grep -qE 'No space left|full|room' <<<"$filling" && pass "a disk that is too small for a trace" ||
	fail "a disk that is too small for a trace" "status $status: $filling"
