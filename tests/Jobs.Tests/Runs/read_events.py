"""Reads a TensorBoard event file as the formats' texts say, and writes its records as JSON, one a line.

TFRecord: uint64 length, uint32 masked CRC-32C of the length, the bytes, uint32 masked CRC-32C of the bytes, all little-endian.
Event: wall_time = 1 (double), step = 2 (int64), file_version = 3 (string), summary = 5; Summary: value = 1;
Value: tag = 1 (string), simple_value = 2 (float). Protocol buffers' wire format: varint 0, 64 bits 1, bytes 2, 32 bits 5.
"""
import json
import struct
import sys


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def masked(data):
    crc = crc32c(data)
    return (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF


def records(content):
    at = 0
    while at < len(content):
        length, = struct.unpack_from("<Q", content, at)
        assert struct.unpack_from("<I", content, at + 8)[0] == masked(content[at:at + 8]), f"length's checksum at {at}"
        data = content[at + 12:at + 12 + length]
        assert len(data) == length, f"record at {at} is cut short"
        assert struct.unpack_from("<I", content, at + 12 + length)[0] == masked(data), f"data's checksum at {at}"
        yield data
        at += 16 + length


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at


def fields(data):
    at = 0
    while at < len(data):
        key, at = varint(data, at)
        number, wire = key >> 3, key & 7
        if wire == 0:
            value, at = varint(data, at)
        elif wire == 1:
            value, at = struct.unpack_from("<d", data, at)[0], at + 8
        elif wire == 2:
            length, at = varint(data, at)
            value, at = data[at:at + length], at + length
        elif wire == 5:
            value, at = struct.unpack_from("<f", data, at)[0], at + 4
        else:
            raise AssertionError(f"wire type {wire}")
        yield number, value


assert crc32c(b"123456789") == 0xE3069283  # RFC 3720's check value
for record in records(open(sys.argv[1], "rb").read()):
    event = {"wall_time": 0.0, "step": 0, "values": {}}
    for number, value in fields(record):
        if number == 1:
            event["wall_time"] = value
        elif number == 2:
            event["step"] = value
        elif number == 3:
            event["file_version"] = value.decode()
        elif number == 5:
            for _, one in fields(value):
                parts = dict(fields(one))
                event["values"][parts[1].decode()] = parts.get(2, 0.0)
    print(json.dumps(event))
