# SPDX-License-Identifier: BSD-2-Clause
# Help, manual page and completion: made from one table, so that they agree, and sound.
. "$(dirname "$0")/lib.sh"

commands="run compare analyze schedulers topology version help sweep"

expect "no command is told what to try first" 2 'First things to try' "$COXSWAIN"
expect "--help says what it is" 0 'hypervisor built around its CPU scheduler' "$COXSWAIN" --help
expect "--help says what to try first" 0 '^First things to try:' "$COXSWAIN" --help
"$COXSWAIN" help >help.txt
"$COXSWAIN" --help | cmp -s - help.txt && pass "help and --help are one" || fail "help and --help are one" "they differ"
for c in $commands; do
	expect "$c --help teaches by examples" 0 '^Examples:' "$COXSWAIN" "$c" --help
	grep -qE "^  $c " help.txt && pass "the overview names $c" || fail "the overview names $c" "not in --help"
done
long=$(COLUMNS=60 "$COXSWAIN" compare --help | awk 'length > 60' | grep -cv "^  ")
[ "$long" -eq 0 ] && pass "help keeps to the width" || fail "help keeps to the width" "$long lines are wider than 60"
expect "version" 0 '^coxswain [0-9]+\.[0-9]+\.[0-9]+' "$COXSWAIN" --version
expect "a full standard output is told" 1 'No space left' sh -c '"$0" help >/dev/full' "$COXSWAIN"

# Every long option of any command is in its help and in the manual page.
"$COXSWAIN" help --man >coxswain.1
"$COXSWAIN" help --completion >coxswain.bash
options=$(for c in $commands; do "$COXSWAIN" "$c" --help; done | grep -oE '^  (-[a-z], )?--[a-z]+' | grep -oE -- '--[a-z]+' | sort -u)
missing=
for o in $options; do
	grep -qF -- "\\-\\-${o#--}" coxswain.1 || missing+=" $o(man)"
	grep -qF -- "$o" coxswain.bash || missing+=" $o(completion)"
done
[ -n "$options" ] && [ -z "$missing" ] && pass "man page and completion know every option" ||
	fail "man page and completion know every option" "missing:$missing of: $options"
for s in NAME SYNOPSIS DESCRIPTION COMMANDS OPTIONS EXAMPLES "EXIT STATUS" ENVIRONMENT FILES; do
	grep -qF ".SH \"$s\"" coxswain.1 || missing+=" $s"
done
[ -z "$missing" ] && pass "the man page has its sections" || fail "the man page has its sections" "missing:$missing"
if command -v groff >/dev/null; then
	said=$(groff -man -Tutf8 -ww -rLL=78n coxswain.1 2>&1 >page.txt)
	[ -z "$said" ] && grep -q 'First things to try' page.txt && pass "groff renders the man page" ||
		fail "groff renders the man page" "$said"
else
	skip "groff renders the man page" "no groff here"
fi

# complete WORD...: what bash offers for the last word, one a line.
complete_words() {
	bash -c '
	. ./coxswain.bash || exit 1
	COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
	_coxswain && printf "%s\n" "${COMPREPLY[@]}"' bash "$COXSWAIN" "$@"
}
# offers NAME WANTED WORD...
offers() {
	local name=$1 wanted=$2 got
	shift 2
	got=$(complete_words "$@" 2>&1)
	grep -qxF -- "$wanted" <<<"$got" && pass "$name" || fail "$name" "no '$wanted' in: $(tr '\n' ' ' <<<"$got")"
}
check "bash reads the completion script" bash -n coxswain.bash
offers "completion of a command" compare com
offers "completion of an option" --duration run --du
offers "completion of a machine" kvm run x --machine k
offers "completion of a scheduler" credit run x --scheduler c
offers "completion of a scheduler after -s" rr run x -s r
offers "completion of a list of schedulers" linux,credit compare x --schedulers linux,cr
offers "completion of a scenario" two-weights run two-w
touch own.yaml own.xml
offers "completion of a host" host topology --topology h
offers "completion of a host's file" own.xml run x --topology ow
offers "completion of a scenario's file" own.yaml compare ow
offers "completion of a plan" slices sweep sli
offers "completion of a way to other hosts" parallel sweep x --via p
got=$(complete_words topology --sch)
[ -z "$got" ] && pass "no completion where there is nothing" || fail "no completion where there is nothing" "$got"
