# SPDX-License-Identifier: BSD-3-Clause
"""The launcher's ends of the program's standard streams.

Each has a bounded queue.  A stream of a file descriptor is written when poll
says so, at most CHUNK bytes at once (a pipe then never blocks); a capturing
one keeps everything, up to CAPTURE_MAX.
"""

import os

CHUNK = 4096         # PIPE_BUF: what a writable pipe takes without blocking
QUEUE_MAX = 1 << 18
CAPTURE_MAX = 256 << 20


class FdOutput:
    """Output to a descriptor."""

    def __init__(self, descriptor):
        self.descriptor = descriptor
        self.queue = bytearray()
        self.broken = False

    def write(self, data):
        if not self.broken:
            self.queue += data

    def has_room(self):
        return len(self.queue) < QUEUE_MAX

    def flush_some(self):
        """Called when the descriptor is writable."""
        try:
            count = os.write(self.descriptor, self.queue[:CHUNK])
            del self.queue[:count]
        except BlockingIOError:
            pass
        except OSError:
            self.broken = True
            self.queue.clear()


class CapturedOutput:
    """Output into memory."""

    descriptor = None
    broken = False
    queue = b""

    def __init__(self):
        self.data = bytearray()

    def write(self, data):
        if len(self.data) < CAPTURE_MAX:
            self.data += data

    def has_room(self):
        return True


class FdInput:
    """Input from a descriptor."""

    def __init__(self, descriptor):
        self.descriptor = descriptor
        self.ended = False

    def read(self, size):
        try:
            data = os.read(self.descriptor, size)
        except BlockingIOError:
            return b""
        except OSError:
            data = b""
        self.ended = not data
        return data


class BytesInput:
    """Input from memory."""

    descriptor = None

    def __init__(self, data):
        self.data = data
        self.ended = False

    def read(self, size):
        part, self.data = self.data[:size], self.data[size:]
        self.ended = not part
        return part
