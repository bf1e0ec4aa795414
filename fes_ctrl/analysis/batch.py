"""Our causal detectors as gaitmap's users know event detection: data in, a stride list out.

The detectors see one reading after the other, as in a walk, and never look ahead; only what
``strides`` adds to their events comes from the whole signal.
"""

import inspect
import math
import sys
from collections.abc import Hashable, Mapping
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from fes_ctrl.analysis.frames import source_columns
from fes_ctrl.analysis.strides import (
    LONGEST_S,
    MIN_VEL,
    WINDOW_MS,
    StrideList,
    nearest_rows,
    stride_list,
)
from fes_ctrl.gait import FOOT, DetectorConfig, make_detector, read_by, sensors_of
from fes_ctrl.model import (
    FOOT_IMU,
    LEFT,
    LEG_NAMES,
    SENSOR_CHANNELS,
    GaitEvent,
    Sample,
)

Signal = NDArray[np.float64]


class CausalEventDetection:
    """Gait events as they would have been told at the time, and the strides made of them.

    It follows tpcp: parameters in the constructor, one action (``detect``), results that end in
    an underscore, ``get_params``, ``set_params`` and ``clone``. It inherits from nothing of
    theirs; ``class Ours(CausalEventDetection, tpcp.Algorithm)`` makes it one of theirs. Unlike
    gaitmap's own event detections it segments by itself and takes no stride list.

    Parameters
    ----------
    detector : str
        ``foot-imu``, or ``heel`` where the data also have a column ``heel`` or ``heel_n``
        (and ``fore`` or ``fore_n``, without which a heel tells no toe-off and makes no strides).
    stride_type : str
        ``segmented``, ``min_vel`` or ``ic``, see ``strides.stride_list``.
    frame : str
        ``sensor`` (gaitmap's FSF, or the raw data of any right-handed mounting: our detectors
        need no alignment), ``body`` (FBF), or ``any``: what the columns say.
    side : str or None
        ``left`` or ``right``; by default what the name of a sensor says. The body frame needs it.
    min_vel_search_win_size_ms : float
        Length of the window in which the foot is stillest.
    max_stride_s : float
        The longest stride.
    config : DetectorConfig
        The dials of the detectors.

    Attributes
    ----------
    stride_list_
        ``s_id, start, end, ic, tc, min_vel`` and for ``min_vel`` strides ``pre_ic``, in samples.
    events_
        ``t_emit_s, t_event_s, event, sample, confidence``: when each event could be known, when
        it was, and the sample nearest to that. ``t_emit_s - t_event_s`` is the detector's latency.

    Notes
    -----
    Results are of the kind of the data: data frames for data frames (``s_id`` is the index),
    dictionaries of arrays for dictionaries of arrays. Of several sensors, a dictionary by name or
    a data frame with two levels of columns, they are dictionaries by name.

    Examples
    --------
    >>> found = CausalEventDetection().detect(data, sampling_rate_hz=204.8)  # doctest: +SKIP
    >>> found.stride_list_["left_sensor"]  # doctest: +SKIP
    """

    _action_methods = ("detect",)

    data: Any
    sampling_rate_hz: float
    stride_list_: Any
    events_: Any

    def __init__(
        self,
        detector: str = FOOT,
        stride_type: str = MIN_VEL,
        *,
        frame: str = "any",
        side: str | None = None,
        min_vel_search_win_size_ms: float = WINDOW_MS,
        max_stride_s: float = LONGEST_S,
        config: DetectorConfig = DetectorConfig(),
    ) -> None:
        self.detector = detector
        self.stride_type = stride_type
        self.frame = frame
        self.side = side
        self.min_vel_search_win_size_ms = min_vel_search_win_size_ms
        self.max_stride_s = max_stride_s
        self.config = config

    def detect(self, data: Any, *, sampling_rate_hz: float) -> Self:
        """Find the events and strides of one or several feet.

        Parameters
        ----------
        data
            Columns ``acc_x..gyr_z`` or ``acc_pa..gyr_si``, m/s2 and deg/s: a data frame or a
            mapping of arrays, or several of them by name. Rows that are not finite are no
            readings.
        sampling_rate_hz : float
            Rows per second; recordings with time stamps of their own go through
            ``fes-ctrl detect --strides``.

        Raises
        ------
        ValueError
            If a parameter makes no sense or columns are missing.
        """
        if not (math.isfinite(sampling_rate_hz) and 0.0 < sampling_rate_hz <= 1e6):
            message = f"sampling_rate_hz {sampling_rate_hz:g}: give rows per second, above 0"
            raise ValueError(message)
        if self.side not in (None, *LEG_NAMES):
            message = f"side {self.side!r}: say left or right, or leave it out"
            raise ValueError(message)
        self.data = data
        self.sampling_rate_hz = sampling_rate_hz
        several = _by_name(data)
        if several is None:
            self.stride_list_, self.events_ = self._detect_one(data, None)
            return self
        found = {name: self._detect_one(one, name) for name, one in several.items()}
        self.stride_list_ = {name: strides for name, (strides, _) in found.items()}
        self.events_ = {name: events for name, (_, events) in found.items()}
        return self

    def get_params(self, deep: bool = True) -> dict[str, Any]:  # noqa: ARG002, FBT001, FBT002 - tpcp calls it so
        """Return the parameters by name."""
        names = list(inspect.signature(type(self).__init__).parameters)[1:]
        return {name: getattr(self, name) for name in names}

    def set_params(self, **params: Any) -> Self:
        """Set parameters by name.

        Raises
        ------
        ValueError
            If there is no such parameter.
        """
        known = self.get_params()
        for name, value in params.items():
            if name not in known:
                message = f"{name} is no parameter; there are {', '.join(known)}"
                raise ValueError(message)
            setattr(self, name, value)
        return self

    def clone(self) -> Self:
        """Return a new object with the same parameters and without results."""
        return type(self)(**self.get_params())

    def _detect_one(self, data: Any, name: Hashable | None) -> tuple[Any, Any]:
        leg = _leg_of(self.side, name)
        where = "" if name is None else f"{name}: "
        columns = [str(column) for column in data]
        try:
            signs = source_columns(columns, self.frame, leg)
            streams = _streams(self.detector, data, columns, signs)
        except ValueError as error:
            message = f"{where}{error}"
            raise ValueError(message) from None
        imu = streams[FOOT_IMU]
        stamps_us = np.rint(np.arange(len(imu)) * (1e6 / self.sampling_rate_hz)).astype(np.int64)
        told = _events(self.detector, self.config, LEFT if leg is None else leg, stamps_us, streams)
        strides = stride_list(
            told,
            stamps_us,
            imu[:, 3:],
            self.stride_type,
            window_ms=self.min_vel_search_win_size_ms,
            longest_s=self.max_stride_s,
        )
        events = _table(told, stamps_us)
        if _is_frame(data):
            return as_frame(strides), as_frame(events)
        return strides, events


def as_frame(columns: StrideList | Mapping[str, NDArray[Any]]) -> Any:
    """Return columns as a pandas data frame, by ``s_id`` where there is one.

    Raises
    ------
    ModuleNotFoundError
        If pandas is missing; the message names the extra that brings it.
    """
    try:
        import pandas as pd
    except ModuleNotFoundError:
        message = "data frames need pandas: pip install 'fes-ctrl[gaitmap]'"
        raise ModuleNotFoundError(message) from None
    frame = pd.DataFrame(dict(columns))
    return frame.set_index("s_id") if "s_id" in columns else frame


def _is_frame(data: Any) -> bool:
    # Whoever hands over a data frame has imported pandas; we do not, for everybody else.
    pandas: Any = sys.modules.get("pandas")
    return pandas is not None and isinstance(data, pandas.DataFrame)


def _by_name(data: Any) -> dict[Hashable, Any] | None:
    """Return the sensors of several by name, or ``None`` where the data are of one."""
    if _is_frame(data):
        if data.columns.nlevels == 1:
            return None
        return {name: data[name] for name in data.columns.get_level_values(0).unique()}
    if not isinstance(data, Mapping):
        message = (
            f"data of type {type(data).__name__}: give columns by name, or sensors by name; "
            f"a data frame or a dictionary"
        )
        raise ValueError(message)  # noqa: TRY004 - whatever is wrong with data, callers catch one kind
    nested = [isinstance(one, Mapping) or _is_frame(one) for one in data.values()]
    if not any(nested):
        return None
    if not all(nested):
        message = "columns beside sensors in one dictionary; give one or the other"
        raise ValueError(message)
    return dict(data)


def _leg_of(side: str | None, name: Hashable | None) -> int | None:
    if side is not None:
        return LEG_NAMES.index(side)
    said = [leg for leg, word in enumerate(LEG_NAMES) if word in str(name).lower()]
    return said[0] if len(said) == 1 else None


def _streams(
    detector: str, data: Any, columns: list[str], signs: Mapping[str, int]
) -> dict[str, Signal]:
    """Return what the detector reads, and the foot's motion, which the strides need anyway."""
    kinds = read_by(detector)
    streams: dict[str, Signal] = {}
    for kind in kinds:
        channels = SENSOR_CHANNELS[kind]
        if len(channels) == 1 and channels[0] in columns:
            streams[kind] = _numbers(data, {channels[0]: 1})
    streams[FOOT_IMU] = _numbers(data, signs)
    wanted = sensors_of(detector)
    if not any(kind in streams for kind in wanted):
        names = " or ".join(" ".join(SENSOR_CHANNELS[kind]) for kind in wanted)
        message = f"detector {detector} needs {names}; choose another detector or add the column"
        raise ValueError(message)
    return streams


def _numbers(data: Any, signs: Mapping[str, int]) -> Signal:
    parts = [sign * np.asarray(data[name], dtype=np.float64) for name, sign in signs.items()]
    lengths = {part.shape for part in parts}
    if len(lengths) > 1 or len(parts[0].shape) != 1:
        message = f"columns {' '.join(signs)} are not of one length"
        raise ValueError(message)
    return np.column_stack(parts)


def _events(
    name: str,
    config: DetectorConfig,
    leg: int,
    stamps_us: NDArray[np.int64],
    streams: Mapping[str, Signal],
) -> list[GaitEvent]:
    """Hand one reading after the other to a detector; each arrives when it is measured."""
    detector = make_detector(name, config, leg)
    read = read_by(name)
    rows = [(kind, values.tolist()) for kind, values in streams.items() if kind in read]
    told: list[GaitEvent] = []
    for seq, t_us in enumerate(stamps_us.tolist()):
        for kind, values in rows:
            told += detector.update(Sample(t_us, t_us, seq, leg, kind, tuple(values[seq])))
    return told


def _table(told: list[GaitEvent], stamps_us: NDArray[np.int64]) -> dict[str, NDArray[Any]]:
    t_event_us = np.array([event.t_event_us for event in told], dtype=np.int64)
    t_emit_us = np.array([event.t_emit_us for event in told], dtype=np.int64)
    return {
        "t_emit_s": t_emit_us / 1e6,
        "t_event_s": t_event_us / 1e6,
        "event": np.array([event.kind for event in told], dtype=str),
        "sample": nearest_rows(stamps_us, t_event_us.tolist()),
        "confidence": np.array([event.confidence for event in told], dtype=np.float64),
    }
