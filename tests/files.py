"""Small files of each kind, made here: what a customer or an agent may attach, and what nobody may."""

import struct
import zlib

from playwright.async_api import FilePayload


def _part(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


PNG = (
    b"\x89PNG\r\n\x1a\n"
    + _part(b"IHDR", struct.pack(">IIBBBBB", 8, 8, 8, 2, 0, 0, 0))
    + _part(b"IDAT", zlib.compress((b"\0" + b"\xc0\x40\x40" * 8) * 8))
    + _part(b"IEND", b"")
)
"""A red square."""

JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01" + bytes(40) + b"\xff\xd9"
GIF = b"GIF89a\x01\x00\x01\x00\x80\x00\x00" + bytes(30)
WEBP = b"RIFF\x24\x00\x00\x00WEBPVP8 " + bytes(30)
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF\n"
MP3 = b"\xff\xfb\x90\x64" + bytes(40)
MP4 = b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isomiso2" + bytes(20)
OGG = b"OggS\x00\x02" + bytes(20) + b"\x01\x13OpusHead" + bytes(20)
EXECUTABLE = b"MZ\x90\x00" + bytes(56) + b"\x80\x00\x00\x00" + bytes(64) + b"PE\x00\x00"


def chosen(name: str, content: bytes) -> FilePayload:
    """A file as somebody chooses it in a browser."""
    return {"name": name, "mimeType": "application/octet-stream", "buffer": content}
