# SPDX-License-Identifier: BSD-3-Clause
"""The host side of Linnet: making images, launching, looking inside.

Start at cli.py (verbs) or run.py (what `linnet run` does, in order).
"""
