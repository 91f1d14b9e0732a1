# SPDX-License-Identifier: BSD-3-Clause
"""Boots guests for tests.

    import sys; sys.path.insert(0, "tests")
    from harness import run_guest, run_host, run_table

See guest.py for what they take and give.
"""

from harness.guest import Result, run_guest, run_host  # noqa: F401
from harness.table import run_table  # noqa: F401
