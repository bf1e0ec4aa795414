"""The firmware of firmware/feslink, compiled and driven in virtual time through ctypes."""

import ctypes
import os
import shutil
import subprocess
from pathlib import Path
from typing import Final

import pytest

from firmware_sim.devices.feslink_account import Table
from firmware_sim.output import Points

SOURCE: Final = Path(__file__).resolve().parents[2] / "firmware" / "feslink"
NEVER_US: Final = (1 << 64) - 1

_ROOM = 1 << 16
_PULSES = 1024

Given = tuple[int, int, Points]
"""Instant, channel, duration and current of each phase."""


def build(target: str, folder: Path) -> Path:
    """Make a target of the firmware's Makefile in a folder; skip where there is no compiler."""
    compiler = os.environ.get("CC", "cc")
    for tool in (compiler, "make"):
        if shutil.which(tool) is None:
            pytest.skip(f"no {tool}: the firmware in C cannot be built")
    made = folder / target
    done = subprocess.run(
        ["make", "-s", "-C", str(SOURCE), f"OUT={folder}", f"CC={compiler}", str(made)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return made


def _fields_of(layout: str) -> list[tuple[str, type]]:
    kinds = {
        "1": ctypes.c_uint8,
        "2": ctypes.c_uint16,
        "4": ctypes.c_uint32,
        "8": ctypes.c_uint64,
        "b": ctypes.c_bool,
    }
    return [(item.split(":")[0], kinds[item.split(":")[1]]) for item in layout.split()]


class _Limits(ctypes.Structure):
    _fields_ = _fields_of(
        "current_steps:2 width_us:2 charge_nc:2 interval_us:2 burst_ms:2 start_steps:2 "
        "level_steps:2 ramp_ms:2 rms_steps:2 dose_100mc:2 session_min:2"
    )


class _Table(ctypes.Structure):
    _fields_ = [
        *_fields_of(
            "channels:1 waveforms:1 current_step_ua:2 current_max_steps:2 width_step_us:1 "
            "width_min_us:2 width_max_us:2 min_interval_us:2 dead_man_min_ms:1 dead_man_max_ms:1 "
            "queue:1 detection_steps:2 clock_ppm:2"
        ),
        ("limits", _Limits),
    ]


class _Pulse(ctypes.Structure):
    _fields_ = _fields_of(
        "at_us:8 sequence:4 current_ua:4 second_current_ua:4 width_us:4 second_width_us:4 "
        "channel:1 inverted:b"
    )


class _VirtualPulse(ctypes.Structure):
    _fields_ = [("begun_us", ctypes.c_uint64), ("pulse", _Pulse)]


def _table_of(table: Table) -> _Table:
    found = _Table()
    for name, value in table._asdict().items():
        if name in {field[0] for field in _Limits._fields_}:
            setattr(found.limits, name, value)
        elif name != "compliance_v":
            setattr(found, name, value)
    return found


def load(library: Path) -> ctypes.CDLL:
    """Load the shared library and say what its functions take."""
    lib = ctypes.CDLL(str(library))
    bench, u64 = ctypes.c_void_p, ctypes.c_uint64
    text, truth, u32 = ctypes.c_char_p, ctypes.c_bool, ctypes.c_uint32
    lib.virtual_size.restype = ctypes.c_size_t
    lib.virtual_start.argtypes = [bench, ctypes.POINTER(_Table), text, u64, truth]
    lib.virtual_nonce.argtypes = [bench, u32]
    lib.virtual_stage.argtypes = [bench, u32, u32, truth, u32]
    lib.virtual_advance.argtypes = [bench, u64]
    lib.virtual_tick_late.argtypes = [bench, u64]
    lib.virtual_receive.argtypes = [bench, u64, text, ctypes.c_size_t]
    lib.virtual_button.argtypes = [bench, u64, truth]
    lib.virtual_take_out.argtypes = [bench, ctypes.c_char_p]
    lib.virtual_take_out.restype = ctypes.c_size_t
    lib.virtual_take_pulses.argtypes = [bench, ctypes.POINTER(_VirtualPulse)]
    lib.virtual_take_pulses.restype = ctypes.c_size_t
    for name in ("virtual_state", "virtual_fault"):
        getattr(lib, name).argtypes = [bench]
        getattr(lib, name).restype = ctypes.c_uint8
    lib.virtual_wake_us.argtypes = [bench]
    lib.virtual_wake_us.restype = u64
    return lib


class Firmware:
    """One device in C, with the surface of ``FeslinkCore``; its timer is never late.

    Parameters
    ----------
    lib : CDLL
        What ``load`` returned.
    table : Table
        What it can do and what it refuses.
    serial : bytes
        Eight characters.
    boot_us : int
        Its clock when the power came.
    self_test_passed : bool
        What its hardware says of itself.
    """

    def __init__(
        self,
        lib: ctypes.CDLL,
        table: Table,
        serial: bytes,
        boot_us: int = 0,
        *,
        self_test_passed: bool = True,
    ) -> None:
        self._lib = lib
        self._bench = ctypes.create_string_buffer(lib.virtual_size() + 16)
        self._at = (ctypes.addressof(self._bench) + 15) & ~15
        self._out = ctypes.create_string_buffer(_ROOM)
        self._pulses = (_VirtualPulse * _PULSES)()
        self._compliance_v = table.compliance_v
        lib.virtual_start(
            self._at, ctypes.byref(_table_of(table)), serial, boot_us, self_test_passed
        )
        self.load(1000)

    def offer(self, nonce: int) -> None:
        """Let the next offer be this number, after those before it."""
        self._lib.virtual_nonce(self._at, nonce)

    def load(self, ohm: int, *, fails: bool = False, lacks_ua: int = 0) -> None:
        """Change the electrodes, or the output stage, for the pulses that begin from now on."""
        self._lib.virtual_stage(self._at, ohm, self._compliance_v, fails, lacks_ua)

    def tick(self, clock_us: int) -> None:
        """Let time pass; what is due on the way happens at its instant."""
        self._lib.virtual_advance(self._at, clock_us)

    def tick_late(self, clock_us: int) -> None:
        """Let time pass without a timer: what was due on the way is found late."""
        self._lib.virtual_tick_late(self._at, clock_us)

    def button(self, clock_us: int, *, pressed: bool) -> None:
        """Press the button at the device, or let go of it."""
        self._lib.virtual_button(self._at, clock_us, pressed)

    def receive(self, clock_us: int, data: bytes) -> bytes:
        """Let it have bytes; return its answers."""
        self._lib.virtual_receive(self._at, clock_us, data, len(data))
        length = self._lib.virtual_take_out(self._at, self._out)
        return self._out.raw[:length]

    def given(self) -> list[Given]:
        """Return the pulses that began since they were asked for last, at when they did."""
        found: list[Given] = []
        for index in range(self._lib.virtual_take_pulses(self._at, self._pulses)):
            pulse = self._pulses[index].pulse
            sign = -1 if pulse.inverted else 1
            points = (
                (pulse.width_us, sign * pulse.current_ua),
                (pulse.second_width_us, -sign * pulse.second_current_ua),
            )
            found.append((self._pulses[index].begun_us, pulse.channel, points))
        return found

    @property
    def state(self) -> int:
        """The state's number."""
        return int(self._lib.virtual_state(self._at))

    @property
    def fault(self) -> int:
        """The fault's number."""
        return int(self._lib.virtual_fault(self._at))

    @property
    def wake_us(self) -> int:
        """When the next thing is due; ``NEVER_US`` where nothing is."""
        return int(self._lib.virtual_wake_us(self._at))
