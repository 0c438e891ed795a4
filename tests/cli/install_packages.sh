# SPDX-License-Identifier: BSD-2-Clause
# scripts/install-packages, with stand-ins for apt-get, sudo and id: nothing is installed.
. "$(dirname "$0")/lib.sh"

mkdir -p tree/scripts bin
cp "$TOP/scripts/install-packages" tree/scripts/
install=$TMP/tree/scripts/install-packages
for program in bash env dirname mktemp rm tail cat; do
	ln -s "$(command -v $program)" bin/
done
list() {
	printf '%s\n' "$@" >tree/packages.txt
}
# stand_in NAME BODY
stand_in() {
	printf '#!/bin/bash\n%s\n' "$2" >"bin/$1"
	chmod +x "bin/$1"
}
try() { # NAME STATUS PATTERN ARGUMENTS
	local name=$1 want=$2 pattern=$3
	shift 3
	expect "$name" "$want" "$pattern" env PATH="$TMP/bin" bash "$install" "$@"
}

list 'bash build cmd:bash # there' 'other dev cmd:not-there # not asked for'
out=$(PATH=$TMP/bin bash "$install" build run test 2>&1)
[ $? -eq 0 ] && [ -z "$out" ] && pass "silent when all is there" || fail "silent when all is there" "$out"

list '# a comment' '' 'wanted run cmd:wanted # why'
try "says what is missing" 1 '^missing packages: wanted$' --check
list 'engine fuzz clang:-fsome-engine # why'
try "no compiler for an option" 1 '^missing packages: engine$' --check fuzz
stand_in clang '[ "$1" = -fsome-engine ]'
try "a compiler that has it" 0 '^$' --check fuzz
stand_in clang 'exit 1'
try "a compiler that has it not" 1 '^missing packages: engine$' --check fuzz
list 'wanted run cmd:wanted # why'
try "no apt-get" 1 'missing packages: wanted, and there is no apt-get'
stand_in apt-get 'echo "E: Unable to locate package wanted"; exit 100'
stand_in id 'echo 1000'
try "no root, no sudo" 1 'neither root nor sudo'
stand_in id 'echo 0'
try "no network" 1 'apt-get update failed'
stand_in apt-get 'case "$*" in *update*) exit 0 ;; esac; echo "E: Unable to locate package wanted"; exit 100'
try "a package that cannot be had" 1 'Unable to locate package wanted'
try "and what to do then" 1 'install by hand what provides: wanted'

stand_in apt-get 'echo "apt-get $*" >>'"$TMP"'/calls; case "$*" in *install*) cp '"$TMP"'/bin/id '"$TMP"'/bin/wanted ;; esac'
ln -s "$(command -v cp)" bin/
stand_in id 'echo 1000'
stand_in sudo 'echo sudo >>'"$TMP"'/calls; exec "$@"'
try "installs through sudo" 0 '^installing: wanted$'
check "with one call each" diff -u - calls <<C
sudo
apt-get -q -y install --no-install-recommends wanted
C
out=$(PATH=$TMP/bin bash "$install" 2>&1)
[ $? -eq 0 ] && [ -z "$out" ] && pass "silent afterwards" || fail "silent afterwards" "$out"
