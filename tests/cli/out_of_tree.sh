# SPDX-License-Identifier: BSD-2-Clause
# What is installed is enough to write a policy and a workload with: nothing of the tree
# is needed beside the program's installed files.
. "$(dirname "$0")/lib.sh"

unset MAKEFLAGS MAKELEVEL MFLAGS
dest=$TMP/dest
prefix=/opt/cx
make_there() {
	make -s -C "$TOP" B="$BUILD" PREFIX=$prefix DESTDIR="$dest" "$@"
}
installed_files() {
	(cd "$dest$prefix" && find . -type f | sort)
}

check "make install" make_there install
missing=
for file in bin/coxswain lib/coxswain/schedulers/rr.so lib/coxswain/payloads/hog.elf \
	lib/coxswain/coxswain-lttng.so lib/coxswain/coxswain-clock.so lib/pkgconfig/coxswain.pc include/coxswain/plugin.h \
	include/coxswain/list.h include/coxswain/guest_abi.h share/man/man1/coxswain.1 \
	share/bash-completion/completions/coxswain share/coxswain/guest/payload.ld; do
	[ -s "$dest$prefix/$file" ] || missing+=" $file"
done
[ -z "$missing" ] && pass "installed files" || fail "installed files" "missing:$missing"
check "completion script is sound" bash -n "$dest$prefix/share/bash-completion/completions/coxswain"
check "installed man page and program agree" grep -q "$("$dest$prefix/bin/coxswain" version | head -n 1 | grep -oE '[0-9]+\.[0-9]+\.[0-9]+')" "$dest$prefix/lib/pkgconfig/coxswain.pc"

# A package below a DESTDIR is used through pkg-config's sysroot.
export PKG_CONFIG_PATH=$dest$prefix/lib/pkgconfig PKG_CONFIG_SYSROOT_DIR=$dest
cflags=$(pkg-config --cflags coxswain)
coxswain=$dest$prefix/bin/coxswain

mkdir policy && sed 's/\.name = "rr"/.name = "mine"/' "$TOP/schedulers/rr/rr.c" >policy/mine.c
# shellcheck disable=SC2086
check "policy builds against the installed header alone" \
	gcc -std=gnu11 -Wall -Wextra -Werror -O2 -fPIC -shared $cflags -o policy/mine.so policy/mine.c
expect "its parameters are listed by path" 0 mine "$coxswain" schedulers ./policy/mine.so

guest=$dest$(pkg-config --variable=guestdir coxswain | sed "s|^$dest||")
mkdir own && cp "$TOP"/workloads/hog/{hog.c,table.h} own/
cp "$TOP/tests/guests/selfsend.c" own/ # all in one file
for name in hog selfsend; do
	# shellcheck disable=SC2086
	check "workload $name builds with the installed guest kit" \
		gcc -std=gnu11 -O2 -ffreestanding -fno-stack-protector -fno-pic -no-pie -fcf-protection=none \
		-mno-red-zone -nostdlib -static $cflags "-I$guest" "-Wl,-T,$guest/payload.ld" \
		-Wl,--build-id=none -Wl,-z,noexecstack -o own/$name.elf own/$name.c "$guest"/*.c "$guest"/*.S
done
cat >mine.yaml <<'Y'
# Does what is built outside the tree run?
name: mine
duration: 300ms
domains:
  - name: a
    workload: {name: ./own/hog.elf}
  - name: b
    workload: {name: hog}
  - name: c
    workload: {name: ./own/selfsend.elf, tokens: 2}
Y

if have_kvm; then
	expect "both run" 0 '"scheduler": *"mine"' "$coxswain" run mine.yaml -s ./policy/mine.so --json
	expect "shipped scenarios are found by name" 0 '"scheduler": *"rr"' \
		"$coxswain" run two-weights -s rr -d 300ms --json
else
	skip "both run" "no /dev/kvm here"
	skip "shipped scenarios are found by name" "no /dev/kvm here"
fi

touch "$dest$prefix/lib/coxswain/schedulers/another.so"
check "make uninstall" make_there uninstall
left=$(installed_files)
[ "$left" = ./lib/coxswain/schedulers/another.so ] && pass "uninstall leaves what others put there, and nothing else" ||
	fail "uninstall leaves what others put there, and nothing else" "$left"
rm "$dest$prefix/lib/coxswain/schedulers/another.so"
check "make uninstall again" make_there uninstall
[ ! -e "$dest$prefix/lib/coxswain" ] && [ ! -e "$dest$prefix/include/coxswain" ] && pass "and no folder of ours" ||
	fail "and no folder of ours" "$(find "$dest$prefix" -name coxswain)"
