# SPDX-License-Identifier: BSD-2-Clause
# The same plan through GNU parallel over ssh and as a Slurm job array: a real sshd, munged,
# slurmctld and slurmd on loopback, each with keys, ports and folders of this test's own.
. "$(dirname "$0")/lib.sh"
mark_processes
PATH=$PATH:/usr/sbin:/sbin

sweep=("$COXSWAIN" sweep)
unset PARALLEL_HOME XDG_CACHE_HOME
outside=$TMP/outside # where nothing may be: neither here nor on the hosts that points are dealt to
here_only=(env "TMPDIR=$outside" "HOME=$outside" "${sweep[@]}")
# PORT and the next two are free, and below those that the kernel gives to anybody who asks.
taken() {
	(: <"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}
for _ in {1..20}; do
	PORT=$((20000 + RANDOM % 12000))
	taken $PORT || taken $((PORT + 1)) || taken $((PORT + 2)) || break
done

cat >plan.yaml <<'Y'
# Question: is it all the same where it runs?
name: plan
duration: 5s
scenarios: [sleepers-and-hogs]
schedulers: [rr, credit]
params: {slice: [2ms, 10ms], tslice: [5ms, 30ms]}
seeds: 1-4
Y
POINTS=16
"${sweep[@]}" plan.yaml --out here --quiet >/dev/null
[ "$(ls here/points | wc -l)" -eq $POINTS ] && pass "the same plan on this host" || fail "the same plan on this host" "$(ls here/points)"

# same NAME DIR: DIR has the tables of the sweep on this host, byte for byte.
same() {
	local f differ=
	for f in points domains workloads means; do
		cmp -s "here/$f.csv" "$2/$f.csv" || differ+=" $f.csv"
	done
	[ -z "$differ" ] && pass "$1" || fail "$1" "differ:$differ; $(ls "$2/points" | wc -l) points; $(tail -n 3 "$2"/log/*.log)"
}
# started DIR: how often each point was begun, "NUMBER TIMES" each.
started() {
	awk '$2 == "start" { n[$1]++ } END { for (i in n) print i, n[i] }' "$1"/log/*.log | sort -n
}
once() {
	[ "$(started "$2" | awk '$2 == 1' | wc -l)" -eq $POINTS ] && pass "$1" || fail "$1" "$(started "$2" | tr '\n' ';')"
}
# until_some DIR: wait until some points are finished.
until_some() {
	for _ in {1..2400}; do
		[ "$(ls "$1/points" 2>/dev/null | wc -l)" -ge 3 ] && return
		sleep 0.05
	done
}
# for_a_while COMMAND...: until it succeeds, or for two minutes.
for_a_while() {
	for _ in {1..600}; do
		"$@" >/dev/null 2>&1 && return
		sleep 0.2
	done
	return 1
}

# --- programs that are not there -------------------------------------------------------------
expect "no GNU parallel: told, with what to install" 1 'GNU parallel; is it installed.*apt-get install parallel' \
	env PATH="$TMP/nowhere" "${sweep[@]}" plan.yaml --out none --via parallel --quiet
expect "no Slurm: told, with what to install" 1 "Slurm's client installed.*apt-get install slurm-client" \
	env PATH="$TMP/nowhere" "${sweep[@]}" plan.yaml --out none --via slurm --quiet
[ -z "$(ls none/points)" ] && "${sweep[@]}" plan.yaml --out none --quiet >/dev/null && same "and the folder can be gone on with here" none

# --- what a killed program leaves --------------------------------------------------------------
# In the place of GNU parallel: its temporary files stay, as when it is killed before it removes them.
mkdir stand-in && cat >stand-in/parallel <<'S'
#!/bin/sh
while [ $# -gt 0 ]; do
	[ "$1" != --tmpdir ] || TMPDIR=$2
	shift
done
cache=${XDG_CACHE_HOME:-$HOME/.cache}/parallel/tmp/sshlogin/here
mkdir -p "$cache" && : >"$cache/linelen$$" && : >"${TMPDIR:-/tmp}/par$$.par" && echo $$ >../begun
[ -n "$AT_ONCE" ] || exec sleep 100
S
chmod +x stand-in/parallel
# of_its_own DIR: what is in the sweep's folder under names that begin with a dot.
of_its_own() {
	find "$1" -name '.*' -print
}
with_stand_in() {
	local dir=$1
	PATH=$TMP/stand-in:$PATH HOME=$TMP/home "${sweep[@]}" plan.yaml --out "$dir" --via parallel --quiet >/dev/null 2>&1 &
	pid=$!
	for_a_while test -s "$dir/begun" || fail "$dir: the stand-in was started" "$(ls -A "$dir")"
}
nothing_outside() {
	local files
	files=$(find "$TMPDIR" "$TMP/home" -mindepth 1 2>/dev/null)
	[ -z "$files" ] && pass "$1" || fail "$1" "$files"
	rm -rf "${TMPDIR:?}"/* "$TMP/home"
}
with_stand_in left.killed
kill -9 $pid
wait $pid 2>/dev/null
for_a_while sh -c '! kill -0 "$1"' sh "$(cat left.killed/begun)"
nothing_outside "GNU parallel, killed: nothing is left outside the folder"
: >left.killed/.new-here-1-tasks && : >left.killed/scenarios/.new-here-1-a.yaml
"${sweep[@]}" plan.yaml --out left.killed --points 1 --quiet >/dev/null 2>&1
[ -e left.killed/.new-here-1-tasks ] && pass "a part of the sweep leaves it to the whole to clean up" || fail "a part of the sweep leaves it to the whole to clean up" ""
"${sweep[@]}" plan.yaml --out left.killed --quiet >/dev/null 2>&1
[ -z "$(of_its_own left.killed)" ] && pass "gone on with: nothing is left in the folder" || fail "gone on with: nothing is left in the folder" "$(of_its_own left.killed)"
same "gone on with: the same tables" left.killed
with_stand_in left.stopped
kill -INT $pid
wait $pid
[ -z "$(of_its_own left.stopped)" ] && pass "GNU parallel, stopped: nothing is left in the folder" || fail "GNU parallel, stopped: nothing is left in the folder" "$(of_its_own left.stopped)"
nothing_outside "GNU parallel, stopped: nothing is left outside the folder"
AT_ONCE=yes PATH=$TMP/stand-in:$PATH HOME=$TMP/home "${sweep[@]}" plan.yaml --out left.ended --via parallel --quiet >/dev/null 2>&1
[ -e left.ended/begun ] && [ -z "$(of_its_own left.ended)" ] && pass "GNU parallel, ended: nothing is left in the folder" || fail "GNU parallel, ended: nothing is left in the folder" "$(of_its_own left.ended)"
nothing_outside "GNU parallel, ended: nothing is left outside the folder"

# --- GNU parallel over ssh -------------------------------------------------------------------
start_sshd() {
	mkdir ssh && ssh-keygen -q -t ed25519 -N '' -f ssh/host && ssh-keygen -q -t ed25519 -N '' -f ssh/user || return
	cat >ssh/sshd_config <<C
Port $PORT
ListenAddress 127.0.0.1
HostKey $TMP/ssh/host
AuthorizedKeysFile $TMP/ssh/user.pub
PidFile $TMP/ssh/sshd.pid
StrictModes no
SetEnv TMPDIR=$outside
UsePAM no
C
	cat >ssh/config <<C
Host one two
  HostName 127.0.0.1
Host gone
  HostName 127.0.0.1
  Port 1
Host *
  Port $PORT
  IdentityFile $TMP/ssh/user
  IdentitiesOnly yes
  UserKnownHostsFile $TMP/ssh/known
  StrictHostKeyChecking accept-new
  BatchMode yes
  LogLevel ERROR
C
	if [ "$(id -u)" -eq 0 ]; then # it wants a folder of its own in /run
		unshare -m sh -c 'mount -t tmpfs none /run && mkdir -m 755 /run/sshd && exec "$@"' sh \
			"$(command -v sshd)" -D -f "$TMP/ssh/sshd_config" -E "$TMP/ssh/log" &
	else
		"$(command -v sshd)" -D -f "$TMP/ssh/sshd_config" -E "$TMP/ssh/log" &
	fi
	sshd=$!
	export PARALLEL_SSH="ssh -F $TMP/ssh/config"
	for_a_while $PARALLEL_SSH one true
}
over_ssh() {
	"${here_only[@]}" plan.yaml --out "ssh both #1" --via parallel --hosts one,two --quiet >/dev/null 2>ssh.err
	status=$?
	[ $status -eq 0 ] && pass "GNU parallel over ssh" || fail "GNU parallel over ssh" "status $status: $(cat ssh.err)"
	same "GNU parallel over ssh: the same tables" "ssh both #1"
	once "GNU parallel over ssh: each point was begun once" "ssh both #1"
	grep -q 'Accepted publickey' ssh/log && pass "it was ssh indeed" || fail "it was ssh indeed" "$(tail -n 3 ssh/log)"

	"${here_only[@]}" plan.yaml --out ssh.gone --via parallel --hosts gone --quiet >/dev/null 2>ssh.err
	status=$?
	[ $status -eq 1 ] && grep -q 'Connection refused' ssh.err && grep -q "$POINTS of $POINTS points have no result; see ssh.gone/log" ssh.err &&
		pass "a host that is not there: told" || fail "a host that is not there: told" "status $status: $(cat ssh.err)"

	"${here_only[@]}" plan.yaml --out ssh.killed --via parallel --hosts one,two --jobs 1 --quiet >/dev/null 2>&1 &
	pid=$!
	until_some ssh.killed
	kill -9 $pid
	wait $pid 2>/dev/null
	"${here_only[@]}" plan.yaml --out ssh.killed --via parallel --hosts one --quiet >/dev/null 2>ssh.err || fail "GNU parallel, killed and gone on with" "$(cat ssh.err)"
	same "GNU parallel, killed and gone on with: the same tables" ssh.killed
	# On each host one was under way: it finished that, unless it was slow to.
	[ "$(started ssh.killed | awk '$2 == 2' | wc -l)" -le 2 ] && [ "$(started ssh.killed | awk '$2 <= 2' | wc -l)" -eq $POINTS ] &&
		pass "GNU parallel, killed and gone on with: only what was under way was begun twice" || fail "GNU parallel, killed and gone on with: only what was under way was begun twice" "$(started ssh.killed | tr '\n' ';')"

	"${here_only[@]}" plan.yaml --out ssh.stopped --via parallel --hosts one,two --jobs 1 --quiet >/dev/null 2>ssh.err &
	pid=$!
	until_some ssh.stopped
	kill -INT $pid
	wait $pid
	status=$?
	[ $status -eq 1 ] && grep -q 'the same command goes on' ssh.err && pass "GNU parallel, stopped: says how to go on" || fail "GNU parallel, stopped: says how to go on" "status $status: $(cat ssh.err)"
	"${here_only[@]}" plan.yaml --out ssh.stopped --quiet >/dev/null
	same "GNU parallel, stopped, gone on with here: the same tables" ssh.stopped
	files=$(find ssh.* "ssh both #1" -name '.*' -print)
	[ -z "$files" ] && pass "GNU parallel: nothing is left in the folders" || fail "GNU parallel: nothing is left in the folders" "$files"
	files=$(ls -A "$outside" 2>&1)
	[ ! -e "$outside" ] && pass "GNU parallel: nothing outside of the folders, neither here nor there" || fail "GNU parallel: nothing outside of the folders, neither here nor there" "$files"
	kill $sshd
	wait $sshd 2>/dev/null
}
missing=
for program in parallel sshd ssh ssh-keygen; do
	command -v $program >/dev/null || missing+=" $program"
done
if [ -n "$missing" ]; then
	skip "GNU parallel over ssh" "not installed:$missing"
elif ! start_sshd; then
	fail "an sshd on loopback" "$(cat ssh/log)"
else
	over_ssh
fi

# --- Slurm -------------------------------------------------------------------------------------
stop_slurm() {
	local f pids=
	for f in slurm/ctld.pid slurm/slurmd.pid slurm/munged.pid; do
		[ -s "$TMP/$f" ] && pids+=" $(cat "$TMP/$f")"
	done
	# shellcheck disable=SC2086
	[ -z "$pids" ] || kill $pids 2>/dev/null
}
trap 'stop_slurm; rm -rf "$TMP"' EXIT
start_slurm() {
	local host s=$TMP/slurm
	host=$(uname -n)
	host=${host%%.*}
	mkdir -p "$s/state" "$s/spool" && chmod 700 "$s"
	head -c 1024 /dev/urandom >"$s/key" && chmod 400 "$s/key"
	munged --force --key-file="$s/key" --socket="$s/munge" --pid-file="$s/munged.pid" --log-file="$s/munged.log" \
		--seed-file="$s/seed" --num-threads=2 || return
	cat >"$s/slurm.conf" <<C
ClusterName=test
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$((PORT + 1))
SlurmdPort=$((PORT + 2))
SlurmUser=$(id -un)
SlurmdUser=$(id -un)
AuthType=auth/munge
AuthInfo=socket=$s/munge
CredType=cred/munge
StateSaveLocation=$s/state
SlurmdSpoolDir=$s/spool
SlurmctldPidFile=$s/ctld.pid
SlurmdPidFile=$s/slurmd.pid
SlurmctldLogFile=$s/ctld.log
SlurmdLogFile=$s/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
SchedulerType=sched/builtin
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
ReturnToService=2
KillWait=2
NodeName=$host NodeAddr=127.0.0.1 CPUs=$(nproc) State=UNKNOWN
PartitionName=main Nodes=$host Default=YES MaxTime=INFINITE State=UP
C
	export SLURM_CONF=$s/slurm.conf
	slurmctld -f "$SLURM_CONF" && slurmd -f "$SLURM_CONF" && for_a_while sh -c 'sinfo -h -o %T | grep -q idle'
}
as_array() {
	"${sweep[@]}" plan.yaml --out slurm.array --via slurm --jobs 4 --quiet >/dev/null 2>slurm.err
	status=$?
	[ $status -eq 0 ] && pass "a Slurm job array" || fail "a Slurm job array" "status $status: $(cat slurm.err)"
	same "a Slurm job array: the same tables" slurm.array
	once "a Slurm job array: each point was begun once" slurm.array
	grep -q "JobId=1_3(4)\|_slurm_rpc_submit_batch_job: JobId=1" slurm/ctld.log && [ ! -e slurm.array/slurm.job ] &&
		pass "it was Slurm indeed" || fail "it was Slurm indeed" "$(tail -n 3 slurm/ctld.log)"

	"${sweep[@]}" plan.yaml --out slurm.killed --via slurm --jobs 2 --quiet >/dev/null 2>&1 &
	pid=$!
	until_some slurm.killed
	kill -9 $pid
	wait $pid 2>/dev/null
	"${sweep[@]}" plan.yaml --out slurm.killed --via slurm --quiet >/dev/null 2>slurm.err || fail "Slurm, killed and gone on with" "$(cat slurm.err)"
	same "Slurm, killed and gone on with: the same tables" slurm.killed
	once "Slurm, killed and gone on with: what its array still ran was left to it" slurm.killed

	"${sweep[@]}" plan.yaml --out slurm.stopped --via slurm --jobs 1 --quiet >/dev/null 2>slurm.err &
	pid=$!
	until_some slurm.stopped
	kill -INT $pid
	wait $pid
	status=$?
	[ $status -eq 1 ] && grep -q 'the same command goes on' slurm.err && [ ! -e slurm.stopped/slurm.job ] &&
		for_a_while sh -c '[ -z "$(squeue -h)" ]' && pass "Slurm, stopped: the array is cancelled" || fail "Slurm, stopped: the array is cancelled" "status $status: $(cat slurm.err; squeue)"
	"${sweep[@]}" plan.yaml --out slurm.stopped --quiet >/dev/null
	same "Slurm, stopped, gone on with here: the same tables" slurm.stopped
	SBATCH_PARTITION=none expect "what sbatch refuses is told" 1 'sbatch: .*[Pp]artition' "${sweep[@]}" plan.yaml --out slurm.none --via slurm --quiet
}
missing=
for program in munged slurmctld slurmd sbatch squeue scancel; do
	command -v $program >/dev/null || missing+=" $program"
done
if [ -n "$missing" ]; then
	skip "a Slurm job array" "not installed:$missing"
elif ! start_slurm; then
	fail "Slurm on loopback" "$(tail -n 2 slurm/*.log | tr '\n' '|')"
else
	as_array
fi
stop_slurm
nothing_left "nothing is left behind"
