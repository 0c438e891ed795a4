# SPDX-License-Identifier: BSD-2-Clause
# Every scenario printed in the documentation works: a block that opens with ```yaml is a
# whole scenario that loads and runs; after ```yaml wrong comes one that is refused, and
# the block after it is what is said about it (with FILE for the file's name).  After
# ```yaml plan comes the plan of a sweep.  After ```sh example come commands, one a line, which
# succeed where the page's scenarios lie under their names (name: first is first.yaml).
. "$(dirname "$0")/lib.sh"

# blocks FILE: writes each to NAME.N.yaml, what a wrong one is told to NAME.N.says.
blocks() {
	awk -v base="$(basename "$1" .md)" '
	/^```/ && inside { inside = 0; close(out); next }
	/^```yaml wrong$/ { inside = 1; n++; says = 1; out = base "." n ".yaml"; next }
	/^```yaml plan$/ { inside = 1; n++; says = 0; out = base "." n ".plan"; next }
	/^```sh example$/ { inside = 1; says = 0; out = base ".commands"; next }
	/^```yaml$/ { inside = 1; n++; says = 0; out = base "." n ".yaml"; next }
	/^```/ { inside = 1; out = says ? base "." n ".says" : "/dev/null"; says = 0; next }
	inside { print >>out }
	' "$1"
}
for doc in "$TOP"/README.md "$TOP"/docs/*.md; do
	blocks "$doc"
done

found=0
for scenario in *.yaml; do
	[ -e "$scenario" ] || continue
	found=$((found + 1))
	says=${scenario%.yaml}.says
	out=$("$COXSWAIN" run "$scenario" --duration 200ms --quiet 2>&1)
	status=$?
	if [ -e "$says" ]; then
		want=$(sed "s|FILE|$scenario|g" "$says")
		if [ $status -ne 2 ]; then
			fail "$scenario is refused" "status $status: $out"
		elif [ "$(printf '%s' "$out" | tr -s ' \n' ' ')" != "$(printf '%s' "$want" | tr -s ' \n' ' ')" ]; then
			fail "$scenario is refused" "says '$out', the documentation '$want'"
		else
			pass "$scenario is refused"
		fi
	elif [ $status -eq 0 ]; then
		pass "$scenario runs"
	elif [ $status -ne 2 ] && ! have_kvm; then
		skip "$scenario runs" "it loads, but there is no /dev/kvm here"
	else
		fail "$scenario runs" "status $status: $(printf '%s' "$out" | tail -n 4 | tr '\n' '|')"
	fi
done
[ $found -gt 0 ] || fail "scenarios in the documentation" "none found"
# The commands, for a short time each.
mkdir bin
cat >bin/coxswain <<-'EOF'
	#!/bin/sh
	case $1 in
	run | compare) exec "$COXSWAIN" "$@" --duration 200ms ;;
	*) exec "$COXSWAIN" "$@" ;;
	esac
EOF
chmod +x bin/coxswain
export COXSWAIN
for commands in *.commands; do
	[ -e "$commands" ] || continue
	page=${commands%.commands}
	mkdir "$page"
	for scenario in "$page".*.yaml; do
		[ -e "$scenario" ] && [ ! -e "${scenario%.yaml}.says" ] || continue
		cp "$scenario" "$page/$(sed -n 's/^name: *//p' "$scenario").yaml"
	done
	while IFS= read -r line; do
		check "$page: $line" env PATH="$TMP/bin:$PATH" sh -c "cd '$page' && $line" </dev/null
	done <"$commands"
done
for plan in *.plan "$TOP"/workloads/plans/*.yaml; do
	expect "the plan ${plan##*/} has points" 0 '^[1-9][0-9]* points$' "$COXSWAIN" sweep "$plan" --dry-run
done

# The page on scenarios names every parameter of every workload.
page=$TOP/docs/writing-a-scenario.md
for source in "$TOP"/workloads/*/table.h; do
	workload=$(basename "$(dirname "$source")")
	missing=
	for name in $(tr -d '\n\t' <"$source" | grep -oE 'CX_(INT|DURATION|SIZE|BOOL)\( *"[a-z_]+"' | grep -oE '"[a-z_]+"' | tr -d '"'); do
		grep -qE "^\| \`$workload\` .*\`$name\`" "$page" || missing+=" $name"
	done
	grep -q '^CX_WORKLOAD' "$source" || continue
	[ -z "$missing" ] && pass "parameters of $workload" || fail "parameters of $workload" "not on the page:$missing"
done
