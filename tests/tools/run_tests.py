#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Runs the tests of tools/linnet; closes with "N passed, N failed".

usage: tests/tools/run_tests.py [-v] [NAME]...
"""

import os
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))


def main():
    sys.path.insert(0, HERE)
    words = [w for w in sys.argv[1:] if w != "-v"]
    loader = unittest.TestLoader()
    suite = loader.loadTestsFromNames(words) if words else \
        loader.discover(HERE)
    runner = unittest.TextTestRunner(
        stream=sys.stdout, verbosity=2 if "-v" in sys.argv else 1)
    result = runner.run(suite)
    failed = len(result.failures) + len(result.errors) + \
        len(result.unexpectedSuccesses)
    passed = result.testsRun - failed - len(result.skipped)
    print(f"{passed} passed, {failed} failed")
    return 0 if failed == 0 and passed > 0 else 1


if __name__ == "__main__":
    sys.exit(main())
