"""C3D and MCAP files read by libraries that had no part in writing them."""

import io
import warnings

import c3d
from pybag.mcap.record_reader import BaseMcapRecordReader, McapRecordReaderFactory


def open_c3d(data: bytes) -> c3d.Reader:
    """Return a reader; a file without points is one it warns of, and no fault."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="No point data found in file")
        return c3d.Reader(io.BytesIO(data))


def open_mcap(data: bytes, *, check: bool = True) -> BaseMcapRecordReader:
    """Return a reader that goes by the file's own index, and checks every sum that the file has.

    pybag parses MCAP by itself and shares no code with ``mcap``, which writes the files. Its check
    of an attachment leaves out what precedes the data, which the specification has in the sum: read
    those without ``check``.
    """
    return McapRecordReaderFactory.from_bytes(
        data, enable_crc_check=check, enable_summary_reconstruction="never"
    )
