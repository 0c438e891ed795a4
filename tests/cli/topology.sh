# SPDX-License-Identifier: BSD-2-Clause
# coxswain topology: hosts that one does not have, and what is said of those that cannot be.
. "$(dirname "$0")/lib.sh"

# --- hosts in files, and what they are to look like ----------------------------------------
cd "$TOP/tests/topology" || exit 1
files=0
for f in *.xml; do
	files=$((files + 1))
	"$COXSWAIN" topology --topology "$f" 2>&1 | cmp -s - "${f%.xml}.txt" && pass "$f" ||
		fail "$f" "$("$COXSWAIN" topology --topology "$f" 2>&1 | diff - "${f%.xml}.txt" | head -n 5 | tr '\n' '|')"
done
[ "$files" -ge 7 ] && pass "there are files" || fail "there are files" "$files"
diff <(tail -n +2 two-sockets.txt) <(tail -n +2 format-v1.txt) >"$TMP/diff" && pass "both formats say the same" ||
	fail "both formats say the same" "$(head -n 5 "$TMP/diff" | tr '\n' '|')"
cd "$TMP" || exit 1

# --- hosts in a line ---------------------------------------------------------------------------
topology() { # NAME STATUS PATTERN WHAT
	expect "$1" "$2" "$3" "$COXSWAIN" topology --topology "$4"
}
topology "this host by its name" 0 'Linux' host
"$COXSWAIN" topology >here
"$COXSWAIN" topology --topology host | cmp -s - here && pass "and without" || fail "and without" "they differ"
topology "a description" 0 '^synthetic, 1024 CPUs, 8 packages, 8 NUMA nodes$' 'pack:8 [numa] l3:1 core:64 pu:2'
topology "the largest" 0 '^synthetic, 65534 CPUs' 'pu:65534'
uname=$(uname -r)
"$COXSWAIN" topology --topology 'pack:2 pu:2' | grep -qF "$uname" && fail "no word of this host" "the kernel is named" ||
	pass "no word of this host"

# --- neither -------------------------------------------------------------------------------------
topology "nothing" 2 "^coxswain: --topology: found ''; allowed" ''
topology "no description" 2 '^coxswain: topology "many cores": character 1: found "many", allowed' 'many cores'
topology "0 CPUs" 2 'character 4: found "0", allowed a count from 1 to 65534' pu:0
topology "10 million CPUs" 2 'character 4: found "10000000", allowed a count that makes at most 65534 in all' pu:10000000
topology "a negative count" 2 'character 6: found "-2", allowed a count' 'pack:-2 pu:1'
topology "a missing file" 2 '^coxswain: absent.xml: cannot open it: No such file' absent.xml
topology "a folder" 2 'is a directory; name an XML file' ./
topology "a file that cannot be read" 2 'cannot read it' /proc/self/mem
mkfifo fifo
topology "a FIFO" 2 'fifo: is no regular file' fifo
: >empty.xml
topology "an empty file" 2 'empty.xml: is empty' empty.xml
echo 'pack:2 core:2 pu:2' >text
topology "no XML" 2 'text:1: column 1: no XML' text
head -c 3000 "$TOP/tests/topology/asymmetric.xml" >short.xml
topology "cut short" 2 'short.xml:[0-9]+: ' short.xml
sed 's/type="PU" os_index="0"/type="PU" os_index="10000000"/' "$TOP/tests/topology/vm-2-cpus.xml" >far.xml
topology "a CPU too far" 2 'far.xml:[0-9]+: "object": os_index: found "10000000", allowed 0 to 65533' far.xml
head -c 100000 "$COXSWAIN" >noise.xml
topology "noise" 2 "noise.xml:1: column 1: no XML" noise.xml
truncate -s 1G large.xml
topology "1 GiB" 2 'large.xml: is larger than 64MiB' large.xml

# --- quiet, whatever the environment asks of hwloc ----------------------------------------------
export HWLOC_HIDE_ERRORS=0 HWLOC_XML_VERBOSE=1 HWLOC_SYNTHETIC_VERBOSE=1 HWLOC_COMPONENTS_VERBOSE=1 \
	HWLOC_XMLFILE=/nowhere.xml HWLOC_SYNTHETIC=pu:3 HWLOC_DEBUG_CHECK=1
"$COXSWAIN" topology 2>&1 | cmp -s - here && pass "this host, whatever HWLOC_XMLFILE says" ||
	fail "this host, whatever HWLOC_XMLFILE says" "$("$COXSWAIN" topology 2>&1 | diff - here | head -n 5 | tr '\n' '|')"
sed 's/ cpuset="[^"]*"//' "$TOP/tests/topology/vm-2-cpus.xml" >setless.xml
for f in "$TOP/tests/topology/sparse.xml" setless.xml 'pack:2 pu:2'; do
	"$COXSWAIN" topology --topology "$f" 2>said >/dev/null
	lines=$(grep -vc '^coxswain: ' said)
	[ "$lines" -eq 0 ] && pass "hwloc says nothing itself: ${f##*/}" ||
		fail "hwloc says nothing itself: ${f##*/}" "$(head -n 3 said | tr '\n' '|')"
done
