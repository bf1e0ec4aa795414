"""Whole numbers read back from a page's text, as the page's script does."""

import base64


def unpacked(text: str) -> list[int]:
    """Return what ``fes_ctrl.report.packed.packed`` made the text of."""
    values, total, value, shift = [], 0, 0, 0
    for byte in base64.b64decode(text):
        value |= (byte & 127) << shift
        shift += 7
        if not byte & 128:
            total += -((value + 1) >> 1) if value & 1 else value >> 1
            values.append(total)
            value = shift = 0
    return values
