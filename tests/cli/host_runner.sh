# SPDX-License-Identifier: BSD-2-Clause
# tests/host/run, with a program in QEMU's place that ends in every way a host can: what is
# said, that no wait is without bound, and that nothing is left running.
. "$(dirname "$0")/lib.sh"
mark_processes

mkdir -p tree/tests bin kernel/boot kernel/lib/modules/1.2.3
cp -r "$TOP/tests/host" "$TOP/tests/run" tree/tests/
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
	[ "${1:-}" = part ] || touch "$TMPDIR/made/all-sent"
	tar -cf "$files" -C "$TMPDIR/made" $(ls "$TMPDIR/made")
	rm -r "$TMPDIR/made"
}
printf 'Linux version 1.2.3\r\nRun /init as init process\r\n' >"$console"
case $ENDS in
well | badly)
	say 'PASS unit/test_x: 3 tests in 1 s'
	[ "$ENDS" = well ] || say 'FAIL unit/test_y: it is 3, not 4'
	results
	[ "$ENDS" = well ] && say '3 passed, 0 failed, 1 skipped' || say '3 passed, 1 failed, 0 skipped'
	[ "$ENDS" = well ] && say done 0 || say done 1
	;;
lies) results && say '3 passed, 0 failed, 0 skipped' && say done 1 ;;
denies) results && say '3 passed, 1 failed, 0 skipped' && say done 0 ;;
in_pieces)
	printf 'PASS unit/te' >>"$said" && sleep 1.2
	printf 'st_x: 3 tests in 1 s\n3 passed, 0 failed, 0 skipped\ndo' >>"$said" && sleep 1.2
	printf 'ne 0\n' >>"$said" && results
	;;
at_the_last) results && say '3 passed, 0 failed, 0 skipped' && sleep 1 && say 'SKIP unit/last: words' && say done 0 ;;
oops)
	printf '[    9.0] Oops: 0002 [#1] PREEMPT SMP NOPTI\r\n' >>"$console"
	results && say '3 passed, 0 failed, 0 skipped' && say done 0
	;;
warns)
	printf '[    9.0] hrtimer: interrupt took 22225020 ns\r\n' >>"$console"
	results && say '3 passed, 0 failed, 0 skipped' && say done 0
	;;
stops_short)
	results part
	say 'PASS unit/test_x: 3 tests in 1 s' && say 'SKIP unit/test_y: a: for a reason' && say 'FAIL cli/json: b: wrong'
	exec sleep 1000
	;;
panics) printf '[    1.0] Kernel panic - not syncing: no working init\r\n' >>"$console" ;;
hangs) say 'PASS unit/test_x: 3 tests in 1 s' && exec sleep 1000 ;;
never_boots) exec sleep 1000 ;;
talks_for_ever) while :; do say 'PASS again'; sleep 0.2; done ;;
refuses) echo 'qemu: cannot set up guest memory' >&2 && exit 1 ;;
crashes) kill -SEGV $$ ;;
early) say 'PASS unit/test_x: 3 tests in 1 s' ;;
runs_nothing) results && say '0 passed, 0 failed, 0 skipped' && say done 1 ;;
no_totals) results && say done 127 ;;
loses_results) results part && say '3 passed, 0 failed, 0 skipped' && say done 0 ;;
esac
Q
# What else a host takes may not be installed where only this test runs.
for program in busybox cpio xz dpkg-deb; do
	printf '#!/bin/bash\nexit 1\n' >bin/$program
done
chmod +x bin/* tree/tests/host/pack
# Bounds that a busy machine does not reach; and, for hosts that come to no end, some that are reached.
export CX_HOST_KERNEL=$TMP/kernel CX_HOST_SILENT=60 CX_HOST_BOOT_LIMIT=60 CX_HOST_DISK_MIB=1
SHORT=4
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
CX_HOST_BOOT_LIMIT=$SHORT expect "a host that never boots" 1 "FAIL numa: did not boot in $SHORT s" run_host never_boots numa
CX_HOST_SILENT=$SHORT expect "a host that hangs" 1 "FAIL numa: hangs: silent for $SHORT s" run_host hangs numa
expect "a failure of a host tells what room its disk has" 1 'FAIL numa: .*its disk has [0-9.]+[KMGTP]? left' run_host early numa
CX_HOST_SILENT=$SHORT expect "what it told of last is named" 1 'FAIL numa: hangs.*the last test that it told of: cli/json' run_host stops_short numa
CX_HOST_SILENT=$SHORT check "what came before counts" last_line stops_short '3 passed, 2 failed, 1 skipped'
check "and what it had sent is there" test -s tree/build/test-host/numa/test-logs/unit-test_x.log
CX_HOST_LIMIT=2 expect "a host that goes on for ever" 1 'FAIL numa: not done after 2 s' run_host talks_for_ever numa
expect "QEMU that refuses" 1 'QEMU ended with status 1: qemu: cannot set up guest memory' run_host refuses numa
expect "QEMU that crashes" 1 'QEMU ended with status 139' run_host crashes numa
expect "a host that ends early" 1 'FAIL numa: powered off before the end' run_host early numa
expect "a host that runs no test" 1 'FAIL numa: ran no test' run_host runs_nothing numa
expect "a host that counts none" 1 'FAIL numa: ran no test' run_host no_totals numa
expect "tests that fail without a count" 1 'FAIL numa: its tests ended with status 1, .*3 passed, 0 failed' run_host lies numa
expect "tests that deny their failures" 1 'FAIL numa: its tests ended with status 0, .*3 passed, 1 failed' run_host denies numa
expect "a kernel that breaks" 1 'FAIL numa: its kernel is in trouble: .*Oops: 0002' run_host oops numa
expect "a kernel that only warns" 0 '^3 passed, 0 failed, 0 skipped$' run_host warns numa
expect "lines that come in pieces" 0 '^PASS unit/test_x: 3 tests in 1 s$' run_host in_pieces numa
run_host in_pieces numa 2>&1 | grep -vE '^(==|PASS unit/test_x: 3 tests in 1 s$|hosts numa|3 passed)' >more
[ ! -s more ] && pass "and nothing that is not for the reader" || fail "and nothing that is not for the reader" "$(paste -sd'|' more)"
expect "the last words before the end" 0 '^SKIP unit/last: words$' run_host at_the_last numa
expect "results that are lost" 1 'FAIL numa: its results did not arrive' run_host loses_results numa
expect "a host that is not known" 2 "no host 'sparc': HOST may be numa smt old new or all" run_host well sparc
expect "nor one that only looks like it" 2 "no host '....'" run_host well '....'
expect "a host among the tests" 2 "HOST=numa,smt" run_host well numa smt

# Without what it takes.
mkdir less
for program in bash dirname sed cut grep paste tr awk cat date df tail; do
	ln -s "$(type -P $program)" less/
done
with_less() {
	(cd tree && PATH=$TMP/less bash "${host[@]}" numa)
}
# From the first that it takes to the last, each is what is missing.
for program in qemu-system-x86_64 busybox cpio xz setpriv setsid dpkg-deb; do
	CX_HOST_KERNEL='' expect "no $program: it says so" 0 "SKIP numa: no $program here.*install-packages host" with_less
	printf '#!/bin/bash\nexit 1\n' >less/$program && chmod +x less/$program
done
rm less/qemu-system-x86_64
expect "no QEMU: counted as skipped, not as passed" 0 '^0 passed, 0 failed, 1 skipped$' with_less

# Its kernel.  fetch APT-GET APT-CACHE: scripts in their places.
fetch() {
	printf '#!/bin/bash\n%s\n' "$1" >bin/apt-get
	printf '#!/bin/bash\n%s\n' "$2" >bin/apt-cache
	printf '#!/bin/bash\n[ "$1" != -n ] || shift\nexec "$@"\n' >bin/sudo # no command of this test changes this machine
	chmod +x bin/*
}
export CX_HOST_KERNEL=
image=linux-image-6.1.0-1-cloud-amd64
fetch 'exit 100' 'exit 0'
expect "no kernel: it says so and how to get it" 0 'SKIP numa: .*index for linux-image-cloud-amd64.*to get it: .*CX_HOST_KERNEL=FOLDER' run_host well numa
fetch 'exit 0' 'exit 0'
expect "an archive without one" 0 'SKIP numa: .*have no linux-image-cloud-amd64.*to get it: .*bookworm-security' run_host well numa
fetch 'echo "E: Failed to fetch: no route"; exit 100' "echo Depends: $image"
expect "no network" 0 'SKIP numa: .*no route.*to get it: ' run_host well numa
fetch 'echo "E: Write error - write (28: No space left on device)"; exit 100' "echo Depends: $image"
expect "a disk that fills while it is fetched" 1 'FAIL numa: .*No space left on device' run_host well numa
fetch 'for word; do :; done; touch "${word}_1_amd64.deb"' "echo Depends: $image"
expect "a package that cannot be unpacked" 1 'FAIL numa: kernel: cannot unpack .*its disk has ' run_host well numa
printf '#!/bin/bash\nmkdir -p "$3/boot" "$3/lib/modules/6.1.0-1-cloud-amd64" && touch "$3/boot/vmlinuz-6.1"\n' >bin/dpkg-deb
expect "one that can" 0 '^3 passed, 0 failed, 1 skipped$' run_host well numa
expect "of the release that a host is to have" 0 '^3 passed, 0 failed, 1 skipped$' run_host well old
expect "of another release" 0 'SKIP new: is to have kernel 6.12, and .* is 6\.1\.0-1-.*CX_HOST_KERNEL' run_host well new
export CX_HOST_KERNEL=$TMP/nowhere
expect "a folder that holds no kernel" 1 'FAIL numa: CX_HOST_KERNEL: .*nowhere holds no boot/vmlinuz' run_host well numa
export CX_HOST_KERNEL=$TMP/kernel
rm bin/apt-get bin/apt-cache
CX_HOST_DISK_MIB=100000000 expect "too little room on the disk" 1 'FAIL numa: the disk of .* has [0-9]+ MiB left; .* need 100000000' run_host well numa
cp tree/tests/host/pack pack
cp "$TOP/tests/host/pack" tree/tests/host/pack
expect "what was not built" 1 'FAIL numa: pack: .*its disk has' run_host well numa
expect "a test that there is not" 1 'FAIL numa: pack: tests/host/tests.cfg has no test called unit/typo ' run_host well numa unit/typo
cp pack tree/tests/host/pack

# The list that goes with the host: what was named, or all, or all but what is for a full run.
# listed [NAME...]: packed as far as to the list.
listed() {
	mkdir -p packed
	bash "$TOP/tests/host/pack" "$TMP/nothing-built" "$TMP/kernel" "$TMP/packed" - "$@" >packed.log 2>&1
	awk '{ print $1 "/" $2 }' packed/tests.cfg packed/root/coxswain/tests/host/tests.cfg 2>/dev/null
}
check "all that the list has" test "$(listed | wc -l)" -eq "$(grep -c '^[^#]' "$TOP/tests/host/tests.cfg")"
check "what is named" test "$(listed unit/test_vmm 'host/t*' | paste -sd' ')" = 'unit/test_vmm host/topology host/trace'
check "without what is for a full run" test \
	"$(CX_HOST_QUICK=1 listed | paste -sd' ')" = "$(awk '/^[^#]/ && $4 !~ /full/ { print $1 "/" $2 }' "$TOP/tests/host/tests.cfg" | paste -sd' ')"
check "unless it is named" test "$(CX_HOST_QUICK=1 listed cli/interrupt)" = cli/interrupt

# On a host that has no KVM, seen from within.
cat >no_kvm <<'N'
mount -t tmpfs none /dev && touch /dev/null && exec bash tests/host/inside
N
in_mounts=(unshare -m)
[ "$(id -u)" -eq 0 ] || in_mounts=(unshare -rm)
if "${in_mounts[@]}" true 2>/dev/null; then
	without_kvm() {
		(cd tree && "${in_mounts[@]}" sh "$TMP/no_kvm")
	}
	expect "a host without KVM fails" 1 '^FAIL host/kvm: no /dev/kvm' without_kvm
	expect "and is counted" 1 '^0 passed, 1 failed, 0 skipped$' without_kvm
else
	skip "a host without KVM fails" "mounts of one's own are not permitted here"
fi

# Broken off, while it runs and while it is packed.
printf '#!/bin/bash\n[ "$ENDS" != packs ] || { mkdir -p "$3/root/x" && echo >"$3/root/packing" && sleep 1000; }\necho x >"$3/initramfs.cpio"\n' >tree/tests/host/pack
# broken_off ENDS SIGNAL COMMAND...: after the command succeeds; its output in out, its status in $status.
broken_off() {
	rm -rf tree/build/test-host out
	(cd tree && ENDS=$1 CX_HOST_SILENT=100 PATH=$TMP/bin:$PATH exec env --default-signal=INT setsid "${host[@]}" numa) >out 2>&1 &
	for _ in {1..600}; do
		"${@:3}" 2>/dev/null && break
		sleep 0.1
	done
	kill -"$2" $! 2>/dev/null
	wait $! 2>/dev/null
	status=$?
}
for signal in TERM INT HUP KILL; do
	broken_off hangs $signal grep -q '^PASS unit/test_x' out
	expect "SIG$signal: it had begun" 0 "^PASS unit/test_x" cat out
	[ $signal != KILL ] || continue
	[ $status -eq 1 ] && [ "$(tail -n 1 out)" = stopped ] && pass "SIG$signal: stops it, and it says so" ||
		fail "SIG$signal: stops it, and it says so" "status $status: $(paste -sd'|' out)"
	[ ! -e tree/build/test-host/numa/initramfs.cpio ] && pass "SIG$signal: what was packed is gone" ||
		fail "SIG$signal: what was packed is gone" "$(ls tree/build/test-host/numa)"
done
broken_off packs TERM test -e tree/build/test-host/numa/root/packing
[ $status -eq 1 ] && [ "$(tail -n 1 out)" = stopped ] && pass "stopped while it packs" || fail "stopped while it packs" "status $status: $(paste -sd'|' out)"
[ ! -e tree/build/test-host/numa/root ] && pass "what was half packed is gone" || fail "what was half packed is gone" "$(ls tree/build/test-host/numa)"
nothing_left "nothing is left running, and no file"
