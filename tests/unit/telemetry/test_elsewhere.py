"""Where a process cannot be handed a socket as its standard input, it is said so."""

import asyncio

import pytest

from fes_ctrl.telemetry import process


@pytest.mark.asyncio
async def test_a_system_that_cannot_is_told_which_ones_can(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "POSIX", False)
    agent = process.AgentProcess(
        "no.such.module", {}, lambda _line: None, lambda: None, lambda: None
    )
    with pytest.raises(OSError, match="spoken to on Linux and macOS only"):
        agent.start()
    agent.close()
    await asyncio.sleep(0)
