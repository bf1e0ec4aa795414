"""Codecs: bytes in, messages out, and back; nothing here knows time or ports."""
