# SPDX-License-Identifier: Apache-2.0

"""Reads what the footer of a file says, and changes it."""

import struct

import thrift


def footer_of(data):
    """(footer, where it begins)."""
    (size,) = struct.unpack("<I", data[-8:-4])
    begin = len(data) - 8 - size
    return thrift.Reader(data, begin).struct(), begin


def with_footer(body, footer):
    """A file of the bytes before the footer, and of it."""
    encoded = thrift.emit(footer)
    return body + encoded + struct.pack("<I", len(encoded)) + b"PAR1"


def edit_footer(path, change):
    """Calls change(footer), which alters it in place, and writes the file with what came of it."""
    data = path.read_bytes()
    footer, begin = footer_of(data)
    change(footer)
    path.write_bytes(with_footer(data[:begin], footer))
