#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Boots the image of scripts/build; see scripts/run.py --help."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(
    os.path.realpath(__file__))), "tools"))

from linnet import seed  # noqa: E402

seed.main(seed.run)
