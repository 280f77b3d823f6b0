# SPDX-License-Identifier: GPL-2.0-or-later
"""A capture of a vsock, as vsockmon would show a master on the host and an agent in a guest."""
import random
import socket
import struct
import threading
import time

import protocol

MASTER, AGENT = (2, 1024), (3, 7700)
REQUEST, RESPONSE, SHUTDOWN, RW = 1, 2, 4, 5
MONITOR_OPS = {REQUEST: 1, RESPONSE: 1, SHUTDOWN: 2, RW: 4}


class Pcap:
    """Packets between MASTER and AGENT, in nanoseconds."""

    def __init__(self):
        self.data = struct.pack("<IHHiIII", 0xa1b23c4d, 2, 4, 0, 0, 1 << 18, 271)
        self.sent = {MASTER: 0, AGENT: 0}
        self.lock = threading.Lock()

    def packet(self, src, op, payload=b"", flags=0):
        with self.lock:
            dst = MASTER if src == AGENT else AGENT
            virtio = struct.pack("<QQIIIHHIII", src[0], dst[0], src[1], dst[1], len(payload), 1,
                                 op, flags, 1 << 18, self.sent[dst])
            frame = struct.pack("<QQIIHHHH", src[0], dst[0], src[1], dst[1], MONITOR_OPS[op], 2,
                                len(virtio), 0) + virtio + payload
            seconds, ns = divmod(time.time_ns(), 10 ** 9)
            self.data += struct.pack("<IIII", seconds, ns, len(frame), len(frame)) + frame
            self.sent[src] += len(payload)


class Relay:
    """Passes one connection on to @address, in pieces."""

    def __init__(self, path, address):
        self.pcap = Pcap()
        self.streams = {MASTER: b"", AGENT: b""}
        self.chance = random.Random(1)
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen(1)
        self.address = address
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        master, _ = self.listener.accept()
        agent = protocol.connect(self.address).socket
        agent.settimeout(None)
        self.pcap.packet(MASTER, REQUEST)
        self.pcap.packet(AGENT, RESPONSE)
        back = threading.Thread(target=self.pass_on, args=(agent, master, AGENT))
        back.start()
        self.pass_on(master, agent, MASTER)
        back.join()
        for sock in (self.listener, master, agent):
            sock.close()

    def pass_on(self, source, to, end):
        while True:
            data = source.recv(65536)
            self.streams[end] += data
            if not data:
                self.pcap.packet(end, SHUTDOWN, flags=2)
                to.shutdown(socket.SHUT_WR)
                return
            while data:
                size = self.chance.choice((16, 100, 3000))
                self.pcap.packet(end, RW, data[:size])
                to.sendall(data[:size])
                data = data[size:]
