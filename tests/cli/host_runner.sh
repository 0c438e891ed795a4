# SPDX-License-Identifier: BSD-2-Clause
# tests/host/run, with a program in QEMU's place that ends in every way a host can: what is
# said, that no wait is without bound, and that nothing is left running.
. "$(dirname "$0")/lib.sh"
mark_processes

mkdir -p tree/tests bin kernel/boot kernel/lib/modules/1.2.3
cp -r "$TOP/tests/host" tree/tests/
cp "$TOP/packages.txt" tree/
touch kernel/boot/vmlinuz-1.2.3
cat >tree/tests/host/pack <<'P'
#!/bin/bash
echo initramfs >"$3/initramfs.cpio"
P
# What QEMU would do, as $ENDS says.
cat >bin/qemu-system-x86_64 <<'Q'
#!/bin/bash
for word; do
	case $word in
	*id=said,path=*) said=${word##*path=} ;;
	*id=files,path=*) files=${word##*path=} ;;
	file:*) console=${word#file:} ;;
	esac
done
say() { echo "$*" >>"$said"; }
results() {
	mkdir -p "$TMPDIR/made/build/test-logs" "$TMPDIR/made/results"
	echo hello >"$TMPDIR/made/build/test-logs/unit-test_x.log"
	echo '{}' >"$TMPDIR/made/results/x.json"
	tar -cf "$files" -C "$TMPDIR/made" build results
	rm -r "$TMPDIR/made"
}
printf 'Linux version 1.2.3\r\nRun /init as init process\r\n' >"$console"
case $ENDS in
well | badly)
	say 'PASS unit/test_x: 3 tests in 1 s'
	[ "$ENDS" = well ] || say 'FAIL unit/test_y: it is 3, not 4'
	results
	[ "$ENDS" = well ] && say '3 passed, 0 failed, 1 skipped' || say '3 passed, 1 failed, 0 skipped'
	say done
	;;
panics) printf '[    1.0] Kernel panic - not syncing: no working init\r\n' >>"$console" ;;
hangs) say 'PASS unit/test_x: 3 tests in 1 s' && exec sleep 1000 ;;
never_boots) exec sleep 1000 ;;
talks_for_ever) while :; do say 'PASS again'; sleep 0.2; done ;;
refuses) echo 'qemu: cannot set up guest memory' >&2 && exit 1 ;;
crashes) kill -SEGV $$ ;;
early) say 'PASS unit/test_x: 3 tests in 1 s' ;;
runs_nothing) results && say done ;;
loses_results) say '3 passed, 0 failed, 0 skipped' && say done ;;
esac
Q
# What else a host takes may not be installed where only this test runs.
for program in busybox cpio; do
	printf '#!/bin/bash\nexit 1\n' >bin/$program
done
chmod +x bin/* tree/tests/host/pack
export CX_HOST_KERNEL=$TMP/kernel CX_HOST_SILENT=2 CX_HOST_BOOT_LIMIT=2 CX_HOST_DISK_MIB=1
host=("$TMP/tree/tests/host/run" -b "$TMP/tree/build")
run_host() { # ENDS [HOST [TEST...]]
	(cd tree && ENDS=$1 PATH=$TMP/bin:$PATH "${host[@]}" "${@:2}")
}
last_line() {
	[ "$(run_host "$1" numa 2>&1 | tail -n 1)" = "$2" ]
}

expect "a host that ends well" 0 '^3 passed, 0 failed, 1 skipped$' run_host well numa
check "its logs and results are brought back" test -s tree/build/test-host/numa/test-logs/unit-test_x.log -a \
	-s tree/build/test-host/numa/results/x.json -a -s tree/build/test-host/numa/console.log
check "the last line is the totals" last_line well '3 passed, 0 failed, 1 skipped'
expect "what the tests say is shown" 0 '^PASS unit/test_x: 3 tests' run_host well numa
expect "two hosts are added up" 0 '^6 passed, 0 failed, 2 skipped$' run_host well numa,smt
expect "a test that fails, fails the whole" 1 '^FAIL unit/test_y: it is 3, not 4' run_host badly numa
check "and is counted" last_line badly '3 passed, 1 failed, 0 skipped'
expect "a kernel that panics" 1 'FAIL numa: its kernel panicked: .*no working init' run_host panics numa
expect "its last lines are shown" 1 '\| Linux version 1\.2\.3' run_host panics numa
expect "a host that never boots" 1 'FAIL numa: did not boot in 2 s' run_host never_boots numa
expect "a host that hangs" 1 'FAIL numa: hangs: silent for 2 s' run_host hangs numa
CX_HOST_LIMIT=2 expect "a host that goes on for ever" 1 'FAIL numa: not done after 2 s' run_host talks_for_ever numa
expect "QEMU that refuses" 1 'QEMU ended with status 1: qemu: cannot set up guest memory' run_host refuses numa
expect "QEMU that crashes" 1 'QEMU ended with status 139' run_host crashes numa
expect "a host that ends early" 1 'FAIL numa: powered off before the end' run_host early numa
expect "a host that runs no test" 1 'FAIL numa: ran no test' run_host runs_nothing numa
expect "results that are lost" 1 'FAIL numa: its results did not arrive' run_host loses_results numa
expect "a host that is not known" 2 "no host 'sparc': HOST may be numa smt old new or all" run_host well sparc

# Without what it takes.
mkdir less
for program in bash dirname sed cut grep paste tr awk cat date; do
	ln -s "$(type -P $program)" less/
done
without_qemu() {
	(cd tree && PATH=$TMP/less bash "${host[@]}" numa)
}
expect "no QEMU: it says so" 0 'SKIP numa: no qemu-system-x86_64 here.*install-packages host' without_qemu
expect "no QEMU: counted as skipped, not as passed" 0 '^0 passed, 0 failed, 1 skipped$' without_qemu
printf '#!/bin/bash\nexit 100\n' >bin/apt-get
printf '#!/bin/bash\nexit 0\n' >bin/apt-cache
chmod +x bin/*
CX_HOST_KERNEL='' expect "no kernel: it says so and how to get it" 0 'SKIP numa: .*linux-image-cloud-amd64.*with a network' run_host well numa
rm bin/apt-get bin/apt-cache
CX_HOST_DISK_MIB=100000000 expect "too little room on the disk" 1 'FAIL numa: the disk of .* has [0-9]+ MiB left; .* need 100000000' run_host well numa
cp "$TOP/tests/host/pack" tree/tests/host/pack
expect "what was not built" 1 'FAIL numa: pack: ' run_host well numa

# Broken off.
chmod +x tree/tests/host/pack
printf '#!/bin/bash\necho x >"$3/initramfs.cpio"\n' >tree/tests/host/pack
for signal in TERM INT KILL; do
	(cd tree && ENDS=hangs CX_HOST_SILENT=100 PATH=$TMP/bin:$PATH exec env --default-signal=INT setsid "${host[@]}" numa) >out 2>&1 &
	for _ in {1..50}; do
		grep -q '^PASS unit/test_x' out && break
		sleep 0.1
	done
	kill -$signal $! 2>/dev/null
	wait $! 2>/dev/null
	expect "stopped with SIG$signal after it had begun" 0 "^PASS unit/test_x" cat out
done
nothing_left "nothing is left running, and no file"
