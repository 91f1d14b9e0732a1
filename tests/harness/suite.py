# SPDX-License-Identifier: BSD-3-Clause
"""The tests of another project, on this machine and in a guest.

What passes here and not in the guest is a failure, unless the suite's
differences.list names it: lines `PATTERN reason`, PATTERN a shell pattern for
names of tests.  What is on the list and passes is told.
"""

import fnmatch
import sys


def read_differences(path):
    """[(pattern, reason)] of a differences.list."""
    rows = []
    with open(path, encoding="utf-8") as file:
        for line in file:
            words = line.split(None, 1)
            if not words or words[0].startswith("#"):
                continue
            if len(words) < 2:
                sys.exit(f"{path}: no reason: {line}")
            rows.append((words[0], words[1].strip()))
    return rows


class Comparison:
    """Counts what passed as on the host, what did not, what is known."""

    def __init__(self, differences):
        self.differences = differences
        self.passed = self.failed = self.known = 0
        self.seen = set()  # patterns for which something differed
        self.hit = set()   # patterns that named a test that was run

    def reason(self, test):
        for pattern, reason in self.differences:
            if fnmatch.fnmatchcase(test, pattern):
                self.hit.add(pattern)
                return pattern, reason
        return None, None

    def add(self, title, host, guest, report=None):
        """Compares {test: verdict} of both; "ok" has passed.  `report` gives
        the text of a test that failed."""
        passed = lost = 0
        for test in (t for t, verdict in host.items() if verdict == "ok"):
            got = guest.get(test, "not run")
            pattern, reason = self.reason(test)
            if got == "ok":
                passed += 1
            elif reason:
                self.seen.add(pattern)
                self.known += 1
                print(f"known: {test}: {got}: {reason}")
            else:
                self.failed += 1
                lost += got == "not run"
                if got != "not run" or lost <= 3:
                    print(f"FAILED {test}: {got}", flush=True)
                    if report is not None:
                        print(report(test))
        if lost > 3:
            print(f"{lost} tests were not run: the guest ended early")
        self.passed += passed
        print(f"{title}: {passed} of "
              f"{sum(v == 'ok' for v in host.values())} as on the host",
              flush=True)

    def close(self):
        """Prints the last lines; returns the exit status."""
        for pattern, _ in self.differences:
            if pattern in self.hit and pattern not in self.seen:
                print(f"no difference any more: {pattern}")
        print(f"{self.known} known differences")
        print(f"{self.passed} passed, {self.failed} failed")
        return 1 if self.failed else 0
