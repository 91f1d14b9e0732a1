# SPDX-License-Identifier: BSD-3-Clause
"""The control channel's frames (include/drivers/control.h).

    frame = type (u8), length (u16, little endian, <= 4096), payload
"""

import struct

FRAME_MAX = 4096
WINDOW = 65536
VERSION = 3
STDIN_CHUNK = 1024
REQUEST_MAX = 128 << 10  # a request for a program, in all its pieces
NEW_TERMINAL, NEW_MORE = 1, 2  # flags of a piece
SESSIONS_MAX = 8      # programs of linnet exec at once
OUTPUT_WINDOW = 32768  # of each


def frame(kind, payload=b""):
    return kind + struct.pack("<H", len(payload)) + payload


class Reader:
    """Cuts a byte stream into frames."""

    def __init__(self):
        self.buffer = bytearray()

    def feed(self, data):
        """Yields (type, payload); a frame of excessive length is an error."""
        self.buffer += data
        while len(self.buffer) >= 3:
            length = self.buffer[1] | self.buffer[2] << 8
            if length > FRAME_MAX:
                raise ValueError(f"control frame of {length} bytes")
            if len(self.buffer) < 3 + length:
                return
            kind = bytes(self.buffer[:1])
            payload = bytes(self.buffer[3:3 + length])
            del self.buffer[:3 + length]
            yield kind, payload


def shell_status(wait_status):
    """The exit status that a shell shows for a wait status."""
    signal = wait_status & 0x7f
    return 128 + signal if signal else wait_status >> 8 & 0xff
