# SPDX-License-Identifier: BSD-2-Clause
# The test runner counts what happened: a failure, a crash, a hang and a test that says
# nothing are failures, and only what passed has passed.
. "$(dirname "$0")/lib.sh"

mkdir -p tree/tests/unit tree/tests/cli tree/build/tests
cp "$TOP/tests/run" tree/tests/
cat >tree/tests/tests.cfg <<'C'
unit test_hangs 2 -
unit * 60 -
asan * off -
cli * 60 -
C

# unit NAME BODY: a test program that prints BODY as cmocka would.
unit() {
	touch "tree/tests/unit/$1.c"
	printf '#!/bin/bash\n%s\n' "$2" >"tree/build/tests/$1"
	chmod +x "tree/build/tests/$1"
}
# run_tests: the runner in the made-up tree; its output in $out, its status in $status.
run_tests() {
	out=$(tree/tests/run "$@" 2>&1)
	status=$?
}
# says NAME STATUS TOTALS [PATTERN]
says() {
	if [ $status -eq "$2" ] && [ "$(tail -n 1 <<<"$out")" = "$3" ] && grep -qE -- "${4:-.}" <<<"$out"; then
		pass "$1"
	else
		fail "$1" "status $status, said: $(tr '\n' '|' <<<"$out")"
	fi
}

run_tests
says "nothing to run is a failure" 1 "0 passed, 0 failed, 0 skipped"

unit test_good $'echo 1..2; echo "ok 1 - a"; echo "ok 2 - b"'
run_tests
says "tests of a program are counted one by one" 0 "2 passed, 0 failed, 0 skipped"

unit test_skips $'echo 1..2; echo "ok 1 - a"; echo "not ok 2 # SKIP b"'
run_tests 'unit/test_s*'
says "a skipped test is not a passed one" 0 "1 passed, 0 failed, 1 skipped" "SKIP unit/test_skips: b"

unit test_only_skips $'echo 1..1; echo "not ok 1 # SKIP b"'
run_tests -v unit/test_good unit/test_only_skips
says "a program that passed is named with -v" 0 "2 passed, 0 failed, 1 skipped" "^PASS unit/test_good: 2 tests"
grep -q '^PASS unit/test_only_skips' <<<"$out" && fail "one that only skipped has not passed" "$out" ||
	pass "one that only skipped has not passed"

unit test_fails $'echo 1..2; echo "not ok 1 - a"; echo "# 1 != 2"; echo "ok 2 - b"; exit 1'
run_tests unit/test_fails
says "a failure is told with its reason" 1 "1 passed, 1 failed, 0 skipped" "FAIL unit/test_fails: a: 1 != 2"

unit test_dies $'echo 1..3; echo "ok 1 - a"; kill -SEGV $$'
run_tests unit/test_dies
says "a program that dies has failed" 1 "1 passed, 1 failed, 0 skipped" "status 139"

unit test_leaks $'echo 1..1; echo "ok 1 - a"; echo "==1==ERROR: LeakSanitizer: detected memory leaks"; exit 99'
run_tests unit/test_leaks
says "a status other than 0 after good tests is a failure" 1 "1 passed, 1 failed, 0 skipped" "LeakSanitizer"

unit test_silent 'true'
run_tests unit/test_silent
says "a program without a test has failed" 1 "0 passed, 1 failed, 0 skipped" "ran no test"

unit test_hangs $'echo 1..1; sleep 300 & echo $! >"$0.pid"; sleep 300'
run_tests unit/test_hangs
says "a test past its limit has failed" 1 "0 passed, 1 failed, 0 skipped" "not done after 2 s"
child=$(cat tree/build/tests/test_hangs.pid)
lives() {
	grep -qsE '^State:[[:space:]]+[^ZX[:space:]]' "/proc/$child/status"
}
for _ in {1..100}; do # it has been told to end, and does when it has a CPU
	lives || break
	sleep 0.1
done
if [ -z "$child" ]; then
	fail "and its children are ended" "it had none"
elif lives; then
	fail "and its children are ended" "$child lives"
else
	pass "and its children are ended"
fi

echo 'echo PASS a; echo FAIL b: why; echo SKIP c: because' >tree/tests/cli/lines.sh
run_tests cli
says "lines of a script are counted" 1 "1 passed, 1 failed, 1 skipped" "FAIL cli/lines: b: why"

rm tree/build/tests/test_good
run_tests unit/test_good
says "a test that was not built has failed" 1 "0 passed, 1 failed, 0 skipped"

echo 'echo "SKIP a: no /dev/kvm here"' >tree/tests/cli/lines.sh
run_tests cli
if [ -e /dev/kvm ]; then
	says "a test that skips for want of KVM where it is has failed" 1 "0 passed, 1 failed, 0 skipped"
else
	says "a test that needs KVM may be skipped without it" 1 "0 passed, 0 failed, 1 skipped"
fi
