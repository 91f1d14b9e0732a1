# SPDX-License-Identifier: BSD-3-Clause
"""A program on a pseudo terminal, driven like a person would: wait for text,
type, wait for the answer."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time


class Terminal:
    """argv runs on a terminal of rows x columns."""

    def __init__(self, argv, rows=30, columns=100, limit=120):
        self.deadline = time.monotonic() + limit
        self.seen = b""    # not matched yet
        self.everything = b""
        self.pid, self.descriptor = pty.fork()
        if self.pid == 0:
            try:
                self._set_size(0, rows, columns)
                os.execvp(argv[0], argv)
            finally:
                os._exit(127)

    @staticmethod
    def _set_size(descriptor, rows, columns):
        fcntl.ioctl(descriptor, termios.TIOCSWINSZ,
                    struct.pack("HHHH", rows, columns, 0, 0))

    def resize(self, rows, columns):
        self._set_size(self.descriptor, rows, columns)

    def _read(self):
        """False: the program has closed its end, or time is up."""
        left = self.deadline - time.monotonic()
        if left <= 0 or not select.select([self.descriptor], [], [], left)[0]:
            return False
        try:
            data = os.read(self.descriptor, 4096)
        except OSError:
            return False
        self.seen += data
        self.everything += data
        return bool(data)

    def expect(self, pattern):
        """Waits for a regular expression (bytes) and takes what is up to its
        end; AssertionError when it does not come."""
        while True:
            match = re.search(pattern, self.seen)
            if match:
                self.seen = self.seen[match.end():]
                return match
            if not self._read():
                raise AssertionError(f"{pattern} did not come, but "
                                     f"{self.seen}")

    def send(self, data):
        os.write(self.descriptor, data)

    def finish(self):
        """Reads to the end; the exit status as subprocess has it."""
        while self._read():
            pass
        if time.monotonic() >= self.deadline:
            os.kill(self.pid, signal.SIGKILL)
        os.close(self.descriptor)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
