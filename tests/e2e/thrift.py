# SPDX-License-Identifier: Apache-2.0

"""Thrift's compact protocol, read and written without a schema.

A struct is a dict from field number to value, a list is a list; what the numbers mean is said by
parquet.thrift and by who calls this. For writing, a field's type is told by its value: bool, int
(zigzag, 64 bits), Small (32 bits), Short, Byte, bytes, Double (its 8 bytes), dict, list. What was
read is written as it was.
"""

BOOLEAN_TRUE, BOOLEAN_FALSE, BYTE, I16, I32, I64 = range(1, 7)
DOUBLE, BINARY, LIST, SET, MAP, STRUCT = range(7, 13)


class Small(int):
    """An i32 on the wire."""


class Short(int):
    """An i16."""


class Byte(int):
    """An i8."""


class Double(bytes):
    """A double, as its bytes."""


NUMBERS = {BYTE: Byte, I16: Short, I32: Small, I64: int}


class Reader:
    def __init__(self, data, at=0):
        self.data = data
        self.at = at

    def byte(self):
        value = self.data[self.at]
        self.at += 1
        return value

    def varint(self):
        value = shift = 0
        while True:
            byte = self.byte()
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
            shift += 7

    def signed(self):
        value = self.varint()
        return (value >> 1) ^ -(value & 1)

    def take(self, count):
        value = self.data[self.at : self.at + count]
        if len(value) != count:
            raise ValueError("the data end inside a value")
        self.at += count
        return bytes(value)

    def value(self, kind):
        if kind in (BOOLEAN_TRUE, BOOLEAN_FALSE):
            return self.byte() == BOOLEAN_TRUE
        if kind == BYTE:
            return Byte(self.byte())
        if kind in (I16, I32, I64):
            return NUMBERS[kind](self.signed())
        if kind == DOUBLE:
            return Double(self.take(8))
        if kind == BINARY:
            return self.take(self.varint())
        if kind in (LIST, SET):
            head = self.byte()
            count = head >> 4 if head >> 4 != 15 else self.varint()
            return [self.value(head & 15) for _ in range(count)]
        if kind == STRUCT:
            return self.struct()
        raise ValueError(f"type {kind}")

    def struct(self):
        fields = {}
        number = 0
        while True:
            head = self.byte()
            if head == 0:
                return fields
            number = number + (head >> 4) if head >> 4 else self.signed()
            kind = head & 15
            if kind in (BOOLEAN_TRUE, BOOLEAN_FALSE):
                fields[number] = kind == BOOLEAN_TRUE
            else:
                fields[number] = self.value(kind)


def varint(value):
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def zigzag(value):
    return varint((value << 1) ^ (value >> 63) if value < 0 else value << 1)


def kind_of(value):
    if isinstance(value, bool):
        return BOOLEAN_TRUE if value else BOOLEAN_FALSE
    for kind, of in NUMBERS.items():
        if type(value) is of:
            return kind
    if isinstance(value, Double):
        return DOUBLE
    if isinstance(value, bytes):
        return BINARY
    if isinstance(value, list):
        return LIST
    return STRUCT


def emit(value):
    if isinstance(value, bool):
        return bytes([kind_of(value)])
    if isinstance(value, Byte):
        return bytes([value])
    if isinstance(value, int):
        return zigzag(value)
    if isinstance(value, Double):
        return bytes(value)
    if isinstance(value, bytes):
        return varint(len(value)) + value
    if isinstance(value, list):
        # Nobody asks for the type of what is not there.
        kind = kind_of(value[0]) if value else STRUCT
        is_short = len(value) < 15
        head = bytes([(len(value) if is_short else 15) << 4 | kind])
        count = b"" if is_short else varint(len(value))
        return head + count + b"".join(emit(item) for item in value)
    out = bytearray()
    last = 0
    for number, item in sorted(value.items()):
        step = number - last
        out += bytes([(step if step < 16 else 0) << 4 | kind_of(item)])
        out += zigzag(number) if step >= 16 else b""
        last = number
        if not isinstance(item, bool):
            out += emit(item)
    return bytes(out) + b"\x00"
