#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Prints a manifest of a program of this machine; see --help.
here=$(dirname "$(readlink -f "$0")")
PYTHONPATH="$here/../tools${PYTHONPATH:+:$PYTHONPATH}" exec python3 -c '
import sys
from linnet import seed
sys.argv[0] = "manifest_from_host.sh"
seed.main(seed.manifest_from_host)' "$@"
