"""Hashes of bytes that are the same on every machine: FarmHash's fingerprint, MurmurHash, SipHash-2-4 with a key."""

from __future__ import annotations

import struct

__all__ = ["farm_hash", "joined_hash", "murmur_hash", "sip_hash"]

_MASK = 2**64 - 1
_K0, _K1, _K2 = 0xC3A5C85C97CB3127, 0xB492B66FBE98F273, 0x9AE16A3B2F90404F


def farm_hash(data: bytes) -> int:
    """The fingerprint of G. Pike's FarmHash (2014): what TensorFlow's hash buckets are made of.

    >>> farm_hash(b"thalweg") % 1000
    465
    """
    if len(data) <= 16:
        return _short(data)
    return _middle(data) if len(data) <= 64 else _long(data)


def _at(data: bytes, place: int) -> int:
    return int.from_bytes(data[place : place + 8], "little")


def _turn(x: int, count: int) -> int:
    """The 64 bits turned to the right."""
    x &= _MASK
    return (x >> count | x << (64 - count)) & _MASK


def _shift_mix(x: int) -> int:
    return x ^ x >> 47


def _mix(u: int, v: int, factor: int) -> int:
    a = _shift_mix((u ^ v) * factor & _MASK)
    b = _shift_mix((v ^ a) * factor & _MASK)
    return b * factor & _MASK


def _short(data: bytes) -> int:
    n = len(data)
    factor = _K2 + 2 * n
    if n >= 8:
        a, b = _at(data, 0) + _K2 & _MASK, _at(data, n - 8)
        c = _turn(b, 37) * factor + a & _MASK
        return _mix(c, (_turn(a, 25) + b) * factor & _MASK, factor)
    if n >= 4:
        first, last = struct.unpack("<I", data[:4])[0], struct.unpack("<I", data[-4:])[0]
        return _mix(n + (first << 3), last, factor)
    if n:
        y, z = data[0] + (data[n >> 1] << 8), n + (data[-1] << 2)
        return _shift_mix((y * _K2 ^ z * _K0) & _MASK) * _K2 & _MASK
    return _K2


def _middle(data: bytes) -> int:
    n = len(data)
    factor = _K2 + 2 * n
    a, b = _at(data, 0) * (_K1 if n <= 32 else _K2) & _MASK, _at(data, 8)
    c, d = _at(data, n - 8) * factor & _MASK, _at(data, n - 16) * _K2 & _MASK
    y = _turn(a + b, 43) + _turn(c, 30) + d & _MASK
    z = a + _turn(b + _K2, 18) + c & _MASK
    if n <= 32:
        return _mix(y, z, factor)
    z = _mix(y, z, factor)
    e, f = _at(data, 16) * factor & _MASK, _at(data, 24)
    g, h = (y + _at(data, n - 32)) * factor & _MASK, (z + _at(data, n - 24)) * factor & _MASK
    return _mix(_turn(e + f, 43) + _turn(g, 30) + h & _MASK, e + _turn(f + a, 18) + g & _MASK, factor)


def _weak(data: bytes, place: int, a: int, b: int) -> tuple[int, int]:
    """32 bytes stirred into two numbers."""
    w, x, y, z = (_at(data, place + 8 * k) for k in range(4))
    a = a + w & _MASK
    b = _turn(b + a + z, 21)
    total = a + x + y & _MASK
    return total + z & _MASK, b + _turn(total, 44) + a & _MASK


def _long(data: bytes) -> int:
    n = len(data)
    x, y = 81, 81 * _K1 + 113 & _MASK
    z = _shift_mix(y * _K2 + 113 & _MASK) * _K2 & _MASK
    v, w = (0, 0), (0, 0)
    x = x * _K2 + _at(data, 0) & _MASK
    for s in range(0, (n - 1) // 64 * 64, 64):
        x = _turn(x + y + v[0] + _at(data, s + 8), 37) * _K1 & _MASK
        y = _turn(y + v[1] + _at(data, s + 48), 42) * _K1 & _MASK
        x ^= w[1]
        y = y + v[0] + _at(data, s + 40) & _MASK
        z = _turn(z + w[0], 33) * _K1 & _MASK
        v = _weak(data, s, v[1] * _K1, x + w[0])
        w = _weak(data, s + 32, z + w[1], y + _at(data, s + 16))
        x, z = z, x
    factor, s = _K1 + ((z & 0xFF) << 1), n - 64
    w = (w[0] + (n - 1 & 63) & _MASK, w[1])
    v = (v[0] + w[0] & _MASK, v[1])
    w = (w[0] + v[0] & _MASK, w[1])
    x = _turn(x + y + v[0] + _at(data, s + 8), 37) * factor & _MASK
    y = _turn(y + v[1] + _at(data, s + 48), 42) * factor & _MASK
    x ^= w[1] * 9 & _MASK
    y = y + v[0] * 9 + _at(data, s + 40) & _MASK
    z = _turn(z + w[0], 33) * factor & _MASK
    v = _weak(data, s, v[1] * factor, x + w[0])
    w = _weak(data, s + 32, z + w[1], y + _at(data, s + 16))
    x, z = z, x
    first = _mix(v[0], w[0], factor) + _shift_mix(y) * _K0 + z & _MASK
    return _mix(first, _mix(v[1], w[1], factor) + x & _MASK, factor)


def joined_hash(first: int, second: int) -> int:
    """One number for two hashes in order, as TensorFlow joins fingerprints.

    >>> joined_hash(1, 2) == joined_hash(2, 1)
    False
    """
    factor = 0xC6A4A7935BD1E995
    mixed = (first ^ factor ^ _shift_mix(second * factor & _MASK) * factor & _MASK) * factor & _MASK
    return _shift_mix(_shift_mix(mixed) * factor & _MASK)


def murmur_hash(data: bytes, seed: int = 0xDECAFCAFFE) -> int:
    """MurmurHash64A of A. Appleby (2008), begun with the number that TensorFlow begins with.

    >>> murmur_hash(b"hello") % 1000
    938
    """
    factor = 0xC6A4A7935BD1E995
    made, whole = seed ^ len(data) * factor & _MASK, len(data) // 8 * 8
    for place in range(0, whole, 8):
        word = _at(data, place) * factor & _MASK
        made = (made ^ (word ^ word >> 47) * factor & _MASK) * factor & _MASK
    if whole < len(data):
        made = (made ^ _at(data, whole)) * factor & _MASK
    return _shift_mix(_shift_mix(made) * factor & _MASK)


def sip_hash(data: bytes, key: tuple[int, int]) -> int:
    """SipHash-2-4 of J.-P. Aumasson and D. J. Bernstein (2012), under a key of two 64-bit numbers.

    >>> hex(sip_hash(bytes(range(15)), (0x0706050403020100, 0x0F0E0D0C0B0A0908)))
    '0xa129ca6149be45e5'
    """
    k0, k1 = (k & _MASK for k in key)
    v = [k0 ^ 0x736F6D6570736575, k1 ^ 0x646F72616E646F6D, k0 ^ 0x6C7967656E657261, k1 ^ 0x7465646279746573]
    padded = data + bytes(-(len(data) + 1) % 8) + bytes([len(data) & 0xFF])
    for place in range(0, len(padded), 8):
        word = _at(padded, place)
        v[3] ^= word
        _rounds(v, 2)
        v[0] ^= word
    v[2] ^= 0xFF
    _rounds(v, 4)
    return v[0] ^ v[1] ^ v[2] ^ v[3]


def _rounds(v: list[int], count: int) -> None:
    for _ in range(count):
        v[0] = v[0] + v[1] & _MASK
        v[1] = _turn(v[1], 51) ^ v[0]
        v[0] = _turn(v[0], 32)
        v[2] = v[2] + v[3] & _MASK
        v[3] = _turn(v[3], 48) ^ v[2]
        v[0] = v[0] + v[3] & _MASK
        v[3] = _turn(v[3], 43) ^ v[0]
        v[2] = v[2] + v[1] & _MASK
        v[1] = _turn(v[1], 47) ^ v[2]
        v[2] = _turn(v[2], 32)
