#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""A stand-in for QEMU that plays the guest's half of the control protocol.

Takes QEMU's command line, finds the two chardevs, and does what FAKE_GUEST
says, one word after another:

    out:TEXT err:TEXT log:TEXT panic:TEXT   send (with \\n etc. unescaped)
    early:TEXT      console text before 'R'
    ready           send 'R'
    cat             copy standard input to output until its end
    raw:N           copy N bytes of the console back (terminal mode)
    signal          wait for 'S', print its number
    window          wait for 'W', print rows and columns
    line            print the kernel's command line
    big:N           write N bytes of output
    exit:N kill:N   report the wait status
    end:N           end with this status (default 33)
    hang            sleep for ever
    fail:TEXT       print on QEMU's own standard error
"""

import os
import re
import struct
import sys
import time


class Port:
    """The far end of a serial port: two named pipes."""

    def __init__(self, name):
        self.input = open(name + ".in", "r+b", buffering=0)
        self.output = open(name + ".out", "r+b", buffering=0)

    def sendall(self, data):
        while data:
            data = data[self.output.write(data):]

    def recv(self, size):
        return self.input.read(size)


class Guest:
    """The far ends of COM1 and COM2."""

    def __init__(self, arguments):
        self.line = arguments[arguments.index("-append") + 1]
        ends = {}
        for word in arguments:
            match = re.fullmatch(r"pipe,path=(.*),id=(\w+)", word)
            if match:
                ends[match[2]] = Port(match[1])
        self.console, self.control = ends["console"], ends["control"]
        self.buffer = b""
        self.unread = 0

    def send(self, kind, payload=b""):
        self.control.sendall(kind + struct.pack("<H", len(payload)) + payload)

    def frame(self):
        """The next frame from the launcher."""
        while len(self.buffer) < 3 or len(self.buffer) < 3 + \
                struct.unpack_from("<H", self.buffer, 1)[0]:
            data = self.control.recv(65536)
            if not data:
                sys.exit(1)
            self.buffer += data
        size = 3 + struct.unpack_from("<H", self.buffer, 1)[0]
        frame, self.buffer = self.buffer[:size], self.buffer[size:]
        return frame[:1], frame[3:]

    def wait_for(self, kind):
        while True:
            got, payload = self.frame()
            if got == kind:
                return payload

    def cat(self):
        while True:
            kind, payload = self.frame()
            if kind == b"Z":
                return
            if kind == b"I":
                self.console.sendall(payload)
                self.unread += len(payload)
                assert self.unread <= 65536
                if self.unread >= 16384:
                    self.send(b"C", struct.pack("<I", self.unread))
                    self.unread = 0

    def act(self, word):
        name, _, text = word.partition(":")
        data = text.encode().decode("unicode_escape").encode("latin-1")
        frames = {"err": b"E", "log": b"L", "panic": b"P"}
        if name in frames:
            for i in range(0, len(data), 1024):
                self.send(frames[name], data[i:i + 1024])
        elif name in ("out", "early"):
            self.console.sendall(data)
        elif name == "ready":
            self.send(b"R", b"\x01")
        elif name == "cat":
            self.cat()
        elif name == "raw":
            left = int(text)
            while left:
                got = self.console.recv(left)
                self.console.sendall(got)
                left -= len(got)
        elif name == "signal":
            self.console.sendall(b"%d\n" % self.wait_for(b"S")[0])
        elif name == "window":
            self.console.sendall(b"%d %d\n" % struct.unpack(
                "<HH", self.wait_for(b"W")))
        elif name == "line":
            self.console.sendall(os.fsencode(self.line))
        elif name == "big":
            self.console.sendall(b"x" * int(text))
        elif name == "exit":
            self.send(b"X", struct.pack("<I", int(text) << 8))
        elif name == "kill":
            self.send(b"X", struct.pack("<I", int(text)))
        elif name == "fail":
            os.write(2, data)
        elif name == "hang":
            time.sleep(1000)
        elif name == "end":
            sys.exit(int(text))


def main():
    guest = Guest(sys.argv[1:])
    for word in os.environ["FAKE_GUEST"].split(" "):
        guest.act(word)
    sys.exit(33)


if __name__ == "__main__":
    main()
