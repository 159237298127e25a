# SPDX-License-Identifier: LGPL-2.1-or-later
"""
The other end of an emulated network: a socket that QEMU's `-netdev stream` connects to. What it sends
and expects is made here, byte by byte, and shares nothing with those who answer.

As a program it pings ADDRESS behind SOCKET and prints "ok PING: ..." or "not ok PING: ...".

usage: network.py SOCKET ADDRESS
"""
import os
import socket
import struct
import sys
import time

ARP, IP = 0x0806, 0x0800
BROADCAST = b"\xff" * 6
PAYLOADS = [0, 1, 2, 17, 18, 19, 56, 255, 256, 1000, 1471, 1472]

FLOOD = 200


class Silence(Exception):
    """Nothing came, or not what had to."""


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total ^ 0xFFFF


def with_checksum(data, offset):
    return data[:offset] + struct.pack(">H", checksum(data)) + data[offset + 2:]


def ip_packet(source, target, payload, *, protocol=1, fragment=0, size=None, options=b"", number=7):
    head = struct.pack(">BBHHHBBH4s4s", 0x45 + len(options) // 4, 0,
                       len(payload) + 20 + len(options) if size is None else size, number, fragment, 64,
                       protocol, 0, source, target) + options
    return with_checksum(head, 10) + payload


def icmp_echo(kind, identifier, sequence, payload):
    return with_checksum(struct.pack(">BBHHH", kind, 0, 0, identifier, sequence) + payload, 2)


class Network:
    """Listens at `path`; `netdev` is what QEMU is to be given. One machine is connected."""

    def __init__(self, path, address="10.0.2.2", mac="52:54:00:00:00:02"):
        self.mac, self.address = bytes.fromhex(mac.replace(":", "")), socket.inet_aton(address)
        self.peer_mac = BROADCAST
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(path))
        self.listener.listen(1)
        self.netdev = f"stream,server=off,addr.type=unix,addr.path={path},id=net"
        self.connection, self.buffer = None, b""

    def close(self):
        for end in (self.connection, self.listener):
            if end:
                end.close()

    def connect(self, seconds=20):
        self.listener.settimeout(seconds)
        self.connection, _ = self.listener.accept()

    def send(self, frame):
        frame = frame.ljust(60, b"\0")
        self.connection.sendall(struct.pack(">I", len(frame)) + frame)

    def receive(self, seconds):
        """The next frame, or None."""
        end = time.monotonic() + seconds
        while True:
            if len(self.buffer) >= 4:
                size = 4 + struct.unpack(">I", self.buffer[:4])[0]
                if len(self.buffer) >= size:
                    frame, self.buffer = self.buffer[4:size], self.buffer[size:]
                    return frame
            left = end - time.monotonic()
            if left <= 0:
                return None
            self.connection.settimeout(left)
            try:
                data = self.connection.recv(65536)
            except TimeoutError:
                return None
            if not data:
                raise Silence("the machine has closed its network")
            self.buffer += data

    def ethernet(self, kind, payload, target=None):
        return (target or self.peer_mac) + self.mac + struct.pack(">H", kind) + payload

    def expect(self, what, frame, seconds=10):
        """The next frame is just this one, padded to the least that there is."""
        came, wanted = self.receive(seconds), frame.ljust(60, b"\0")
        if came is None:
            raise Silence(f"no answer to {what} in {seconds} s")
        if came != wanted:
            raise Silence(f"{what}: {came.hex()} came, not {wanted.hex()}")

    def arp(self, address, tries=20):
        """Who has this address? Asked anew while nobody answers: the link may not be up. Its MAC."""
        target = socket.inet_aton(address)
        head = struct.pack(">HHBB", 1, IP, 6, 4)
        request = head + b"\0\1" + self.mac + self.address + b"\0" * 6 + target
        for _ in range(tries):
            self.send(self.ethernet(ARP, request, BROADCAST))
            answer = self.receive(1)
            if answer is not None:
                break
        else:
            raise Silence(f"nobody has {address}")
        mac = answer[6:12]
        wanted = self.mac + mac + struct.pack(">H", ARP) + head + b"\0\2" + mac + target + self.mac + self.address
        if answer != wanted.ljust(60, b"\0") or mac[0] & 1:
            raise Silence(f"ARP: {answer.hex()} came, not {wanted.hex()}")
        while self.receive(0.2) is not None:  # answers to what was asked too often
            pass
        self.peer_mac = mac
        return mac

    def ping(self, address, payload, identifier=0x4321, sequence=1, seconds=10):
        """An echo request: the answer has to be its echo, to the byte."""
        target = socket.inet_aton(address)
        self.send(self.ethernet(IP, ip_packet(self.address, target, icmp_echo(8, identifier, sequence, payload))))
        answer = ip_packet(target, self.address, icmp_echo(0, identifier, sequence, payload), fragment=0x4000)
        self.expect(f"ping {sequence} of {len(payload)} bytes",
                    self.mac + self.peer_mac + struct.pack(">H", IP) + answer, seconds)

    def wrong_frames(self, address):
        """What nobody may answer: name and frame."""
        target, other = socket.inet_aton(address), socket.inet_aton("10.0.2.99")
        echo = icmp_echo(8, 1, 1, b"payload")
        good = ip_packet(self.address, target, echo)
        frames = {
            "another's address": ip_packet(self.address, other, echo),
            "a fragment": ip_packet(self.address, target, echo, fragment=0x2000),
            "a last fragment": ip_packet(self.address, target, echo, fragment=3),
            "longer than its frame": ip_packet(self.address, target, echo, size=1500),
            "shorter than its headers": ip_packet(self.address, target, echo, size=27),
            "of size 0": ip_packet(self.address, target, echo, size=0),
            "with options": ip_packet(self.address, target, echo, options=b"\1\1\1\0"),
            "wrong IP checksum": good[:10] + bytes([good[10] ^ 1]) + good[11:],
            "wrong ICMP checksum": good[:22] + bytes([good[22] ^ 1]) + good[23:],
            "an answer": ip_packet(self.address, target, icmp_echo(0, 1, 1, b"payload")),
            "UDP": ip_packet(self.address, target, b"\0\7\0\7\0\x0f\0\0payload", protocol=17),
            "version 6": b"\x65" + good[1:],
            "empty": b"",
        }
        for name, packet in frames.items():
            yield name, self.ethernet(IP, packet)
        yield "to all", self.ethernet(IP, good, BROADCAST)
        yield "too large", self.ethernet(IP, good + bytes(1516 - 14 - len(good)))
        yield "to another MAC", self.ethernet(IP, good, b"\x52\x54\0\0\0\x77")
        yield "of another kind", self.ethernet(0x88B5, good)
        head = struct.pack(">HHBBH", 1, IP, 6, 4, 1)
        yield "ARP for another", self.ethernet(ARP, head + self.mac + self.address + b"\0" * 6 + other, BROADCAST)
        yield "ARP answer", self.ethernet(ARP, head[:7] + b"\2" + self.mac + self.address + b"\0" * 6 + target)
        yield "ARP of Token Ring", self.ethernet(ARP, b"\0\6" + head[2:] + self.mac + self.address + b"\0" * 6 + target)

    def try_all(self, address):
        """All of the above. Returns how many pings were answered."""
        self.arp(address)
        sequence = 0
        for size in PAYLOADS:
            sequence += 1
            self.ping(address, os.urandom(size), identifier=0x1000 + size, sequence=sequence)
        for name, frame in self.wrong_frames(address):
            self.send(frame)
            sequence += 1
            try:
                self.ping(address, name.encode(), sequence=sequence)
            except Silence as silence:
                raise Silence(f"after a frame {name}: {silence}") from None
        return sequence

    def flood(self, address, count, window=64):
        """Many pings under way, at most `window`: each answer whole, in order and once. Returns how many came."""
        target, payload = socket.inet_aton(address), bytes(range(256)) * 4
        came, sent = [], 0
        while sent < count or len(came) < sent:
            if sent < count and sent - len(came) < window:
                self.send(self.ethernet(IP, ip_packet(self.address, target, icmp_echo(8, 5, sent, payload))))
                sent += 1
                continue
            frame = self.receive(2)
            if frame is None:
                break
            came.append(struct.unpack(">H", frame[40:42])[0])
            answer = ip_packet(target, self.address, icmp_echo(0, 5, came[-1], payload), fragment=0x4000)
            if frame[14:] != answer:
                raise Silence(f"flood: {frame.hex()} came")
        if came != sorted(set(came)):
            raise Silence(f"flood: answers came as {came}")
        return len(came)


def main(path, address):
    network = Network(path)
    try:
        network.connect(600)
        pings, flood = network.try_all(address), network.flood(address, FLOOD)
        print(f"{'ok' if flood == FLOOD else 'not ok'} PING: {pings} pings, {flood} of {FLOOD} at once")
        return flood != FLOOD
    except (Silence, OSError) as failure:
        print(f"not ok PING: {failure}")
        return 1
    finally:
        network.close()


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
