# SPDX-License-Identifier: BSD-2-Clause
#
# The emulated host's packages, cores, threads and nodes, as the program sees them, are
# those that QEMU was asked for: every distance between two pCPUs.
. "$(dirname "$0")/../../cli/lib.sh"

if [ -z "${CX_HOST_CPUS:-}" ]; then
	skip "topology" "nobody says what this host is to be (CX_HOST_CPUS)"
	exit 0
fi
IFS=',=' read -r cpus _ packages _ cores _ threads <<<"$CX_HOST_CPUS"
"$COXSWAIN" topology >said || fail "topology" "status $?"
s() {
	[ "$1" -eq 1 ] || echo s
}
expect "$cpus CPUs, $packages packages, $CX_HOST_NODES nodes" 0 \
	", $cpus CPUs, $packages package$(s "$packages"), $CX_HOST_NODES NUMA node$(s "$CX_HOST_NODES")," head -n 1 said
expect "each package has its own last-level cache" 0 "^$packages$" grep -c 'L3 cache' said
expect "every node has memory" 0 "^$CX_HOST_NODES$" grep -cE 'node [0-9]+: memory [0-9.]+[MG]iB' said

# QEMU counts threads within cores within packages; a package is a cache and, where there are
# several nodes, a node.
[ "$CX_HOST_NODES" -gt 1 ] && across=remote || across=node
wanted() {
	awk -v n="$cpus" -v threads="$threads" -v package=$((cores * threads)) -v across=$across '
	function distance(i, j) {
		if (i == j)
			return "self"
		if (int(i / threads) == int(j / threads))
			return "SMT"
		return int(i / package) == int(j / package) ? "LLC" : across
	}
	BEGIN {
		for (i = 0; i < n; i++) {
			line = i
			for (j = 0; j < n; j++)
				line = line " " distance(i, j)
			print line
		}
	}'
}
sed '1,/^Distances/d; /CPU/d' said | tr -s ' ' | sed 's/^ //; s/ $//' >seen
wanted >wanted
check "every distance" diff wanted seen
[ "$threads" -gt 1 ] && near=SMT || near=LLC
[ "$packages" -gt 1 ] && far=$across || far=LLC
check "some of each kind that it was made for" sh -c "grep -q $near seen && grep -q $far seen"
