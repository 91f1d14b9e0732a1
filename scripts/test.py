#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Runs the guest tests; see scripts/test.py --help."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(
    os.path.realpath(__file__))), "tools"))

from linnet import seed, test_verb  # noqa: E402

seed.main(test_verb.test)
