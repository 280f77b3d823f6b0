# SPDX-License-Identifier: GPL-2.0-or-later
"""The control protocol once more, from docs/control-protocol.md alone: what the tests speak
to agents and masters, and what they check theirs by."""
import json
import socket
import struct
import zlib

HEADER = struct.Struct("<4sHHII")
VERSION = 1
TYPES = {"welcome": 1, "busy": 2, "error": 3, "hello": 4, "record": 5, "recording": 6, "job": 7,
         "prepared": 8, "clock": 9, "time": 10, "clock_result": 11, "run": 12, "progress": 13,
         "stop": 14, "results": 15, "finish": 16, "trace": 17, "finished": 18}
NAMES = {number: name for name, number in TYPES.items()}


def message(name, number=0, body=None, version=VERSION):
    if not isinstance(body, bytes):
        body = json.dumps(body or {}).encode()
    kind = TYPES.get(name, name)
    return HEADER.pack(b"FTHM", version, kind, number, len(body)) + body


def piece(data, offset=0, checksum=0):
    """The body of a message trace, and the checksum so far."""
    checksum = zlib.crc32(data, checksum)
    return struct.pack("<QI", offset, checksum) + data, checksum


class Peer:
    """One end of a connection that sends and gets whole messages."""

    def __init__(self, sock):
        self.socket = sock
        self.socket.settimeout(60)
        self.number = 0

    def send(self, name, body=None, number=None):
        self.number += 1
        self.socket.sendall(message(name, self.number if number is None else number, body))

    def _exactly(self, size):
        data = b""
        while len(data) < size:
            more = self.socket.recv(size - len(data))
            if not more:
                raise EOFError
            data += more
        return data

    def get(self):
        """The next message: its name, number and body."""
        magic, version, kind, number, size = HEADER.unpack(self._exactly(HEADER.size))
        assert (magic, version) == (b"FTHM", VERSION), (magic, version)
        body = self._exactly(size)
        return NAMES[kind], number, body if NAMES[kind] == "trace" else json.loads(body)

    def await_(self, *names):
        """The body of the next message of @names; an error ends the waiting as well."""
        while True:
            name, _, body = self.get()
            if name in names:
                return body
            assert name not in ("error", "busy"), body

    def gone(self):
        """Does the other side hang up, whatever it says before?"""
        try:
            while self.socket.recv(65536):
                pass
        except ConnectionResetError:
            pass
        return True

    def close(self):
        self.socket.close()


def connect(address):
    kind, _, rest = address.partition(":")
    if kind == "unix":
        sock = socket.socket(socket.AF_UNIX)
        sock.connect(rest)
        return Peer(sock)
    host, _, port = rest.rpartition(":")
    return Peer(socket.create_connection((host, int(port))))


def join(address):
    """A master whom the agent has welcomed and that has said hello."""
    peer = connect(address)
    peer.await_("welcome")
    peer.send("hello", {"program": "test", "session": "0123456789abcdef"})
    return peer
