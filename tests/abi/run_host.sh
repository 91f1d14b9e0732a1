#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
#
# Run all ABI checks on this Linux host and print totals.
#
#	tests/abi/run_host.sh OUT [ARGUMENT...]
#
# OUT holds the binaries (make -C tests/abi OUT=...); arguments go to each of
# them. As root /tmp is a fresh tmpfs in a mount namespace of its own, which is
# what the guest offers; otherwise the /tmp of the host is used.

set -u
out=${1:?usage: run_host.sh OUT [ARGUMENT...]}
shift

if [ "${ABI_TMPFS:-}" = "" ] && [ "$(id -u)" = 0 ] &&
   unshare -m true 2>/dev/null; then
	ABI_TMPFS=1
	export ABI_TMPFS
	exec unshare -m sh -c 'mount -t tmpfs -o size=64m tmpfs /tmp || exit 2
		exec sh "$0" "$@"' "$0" "$out" "$@"
fi

passed=0
failed=0
for binary in "$out"/*; do
	[ -f "$binary" ] && [ -x "$binary" ] || continue
	report=$(timeout 300 "$binary" "$@" </dev/null)
	status=$?
	printf '%s\n' "$report"
	set_of=$(printf '%s\n' "$report" | grep '^done ' | tail -n 1)
	case $set_of in
	done\ *)
		passed=$((passed + $(echo "$set_of" | cut -d ' ' -f 3)))
		failed=$((failed + $(echo "$set_of" | cut -d ' ' -f 4)))
		;;
	*)
		echo "not ok $(basename "$binary"): ended with status $status"
		failed=$((failed + 1))
		;;
	esac
done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
