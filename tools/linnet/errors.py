# SPDX-License-Identifier: BSD-3-Clause
"""What can go wrong, as one line with cause and cure, and its exit status."""

# What a shell or docker would return.
NOT_FOUND = 127
NOT_EXECUTABLE = 126
LAUNCH_FAILED = 125
TIMED_OUT = 124


class Failure(Exception):
    """A cause for the user: `cause; cure`, and the status to exit with."""

    def __init__(self, cause, cure="", status=LAUNCH_FAILED):
        super().__init__(cause)
        self.cause = cause
        self.cure = cure
        self.status = status

    def line(self):
        return f"{self.cause}; {self.cure}" if self.cure else self.cause
