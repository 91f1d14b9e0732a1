#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""A stand-in for QEMU that plays the guest's half of the control protocol.

Takes QEMU's command line, finds the two chardevs, and does what FAKE_GUEST
says, one word after another:

    out:TEXT err:TEXT log:TEXT notice:TEXT panic:TEXT   send (with \\n etc. unescaped)
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
    die:N           end by this signal
    hang            sleep for ever
    serve:N         say 'R' of version 3 (serve2: 2) and serve N sessions (class Sessions)
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


class Sessions:
    """The guest's half of linnet exec: programs that do as their names say.

    echo            output is input
    show            prints flags, window, folder, arguments, variables
    window signal   print the next one
    big N           writes N bytes, within the credit
    length          prints how long its arguments are
    exit N          ends with it; sh: ends with 6
    refuse N        is not started; bash: is not found
    hold            stays until the client has left
    """

    def __init__(self, guest):
        self.guest = guest
        self.names = {}   # number -> name of what runs
        self.unread = {}  # number -> bytes of input not credited
        self.left = {}    # number -> bytes still to write
        self.credit = {}
        self.count = 0    # of sessions that have ended
        self.whole = b""  # pieces of a request

    def serve(self, count):
        while self.count < count:
            kind, payload = self.guest.frame()
            if kind.islower():
                number, rest = payload[0], payload[1:]
                if kind in (b"n", b"m"):
                    self.add_piece(kind, number, rest)
                else:
                    assert number in self.names, (kind, number)
                    self.take(kind, number, rest)

    def send(self, kind, number, rest=b""):
        self.guest.send(kind, bytes([number]) + rest)

    def end(self, number, status=0):
        self.send(b"x", number, struct.pack("<I", status))
        del self.names[number]
        self.count += 1

    def add_piece(self, kind, number, rest):
        self.whole = rest if kind == b"n" else self.whole + rest[1:]
        if rest[0] & 2:
            self.send(b"a", number)
        else:
            self.start(number, self.whole)

    def start(self, number, rest):
        assert number not in self.names
        flags, rows, columns, argc, envc = struct.unpack_from("<BHHHH", rest)
        folder, *strings = rest[9:].decode().split("\0")[:-1]
        assert len(strings) == argc + envc
        name = strings[0]
        if name in ("sh", "bash"):
            strings = ["exit", "6"] if name == "sh" else ["refuse", "2"]
            name = strings[0]
        if name == "refuse":
            self.send(b"f", number, struct.pack("<I", int(strings[1])))
            self.count += 1
            return
        self.names[number] = name
        self.unread[number] = self.left[number] = 0
        self.credit[number] = 32768
        self.send(b"c", number, struct.pack("<I", 8192))
        if name == "show":
            text = f"{flags} {rows} {columns} {folder} {strings}"
            self.send(b"o", number, b"\x01" + text.encode())
            self.end(number)
        elif name == "length":
            text = f"{[len(s) for s in strings[1:]]}"
            self.send(b"o", number, b"\x01" + text.encode())
            self.end(number)
        elif name == "exit":
            self.send(b"o", number, b"\x02error")
            self.end(number, int(strings[1]) << 8)
        elif name == "big":
            self.left[number] = int(strings[1])
            self.write(number)
        elif name in ("signal", "hold", "window"):
            self.send(b"o", number, b"\x01up\n")

    def write(self, number):
        while self.left[number] and self.credit[number]:
            size = min(1024, self.left[number], self.credit[number])
            self.send(b"o", number, b"\x01" + b"x" * size)
            self.left[number] -= size
            self.credit[number] -= size
        if not self.left[number]:
            self.end(number)

    def take(self, kind, number, rest):
        name = self.names[number]
        if kind == b"i":
            self.unread[number] += len(rest)
            assert self.unread[number] <= 8192
            if name == "echo":
                self.credit[number] -= len(rest)
                self.send(b"o", number, b"\x01" + rest)
            if name != "hold":
                self.send(b"c", number,
                          struct.pack("<I", self.unread[number]))
                self.unread[number] = 0
        elif kind == b"z" and name == "echo":
            self.end(number)
        elif kind == b"c":
            self.credit[number] += struct.unpack("<I", rest)[0]
            assert self.credit[number] <= 32768
            if name == "big":
                self.write(number)
        elif kind == b"s" and name == "signal":
            self.send(b"o", number, b"\x01%d\n" % rest[0])
            self.end(number, 5 << 8)
        elif kind == b"w" and name == "window":
            self.send(b"o", number, b"\x01%d %d\n" % struct.unpack(
                "<HH", rest))
            self.end(number)
        elif kind == b"q":
            self.guest.console.sendall(b"%s has left\n" % name.encode())
            self.end(number, 1)


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
        frames = {"err": b"E", "log": b"L", "notice": b"N", "panic": b"P"}
        if name in frames:
            for i in range(0, len(data), 1024):
                self.send(frames[name], data[i:i + 1024])
        elif name in ("out", "early"):
            self.console.sendall(data)
        elif name == "ready":
            self.send(b"R", b"\x01")
        elif name == "cat":
            self.cat()
        elif name in ("serve", "serve2"):
            self.send(b"R", b"\x02" if name == "serve2" else b"\x03")
            Sessions(self).serve(int(text))
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
        elif name == "die":
            os.kill(os.getpid(), int(text))
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
