"""Record the exchange of a short burst with the simulated P24, from handshake to silence.

    python tools/record_exchange.py tests/exchanges/p24_burst.jsonl

In real time over a pseudo-terminal, with the lateness of this machine in it, as with a real device.
"""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PATIENCE_S = 30.0
SENSOR = "metronome:?stride_s=1.0&stance=0.6"
TYPED = (('"report":"up"', "arm"), ('"report":"ready"', "level 100"), ('"kind":"written"', ""))


def main(path: str) -> int:
    """Record it."""
    serve = [sys.executable, "-m", "firmware_sim", "serve", "--device", "p24", "--pty"]
    with (
        tempfile.TemporaryDirectory() as folder,
        subprocess.Popen(serve, stdout=subprocess.PIPE, text=True) as device,
    ):
        try:
            return _run(path, Path(folder), json.loads(next(iter(device.stdout or ())))["port"])
        finally:
            device.terminate()


def _run(path: str, folder: Path, port: str) -> int:
    command = [sys.executable, "-m", "fes_ctrl", "run", "--sensor", SENSOR, "--arm-allowed"]
    options = ["bench", "--stimulator", f"p24://{port}", "--out", str(folder), "--record", path]
    with subprocess.Popen([*command, *options], stdin=subprocess.PIPE, text=True) as run:
        for awaited, typed in TYPED:
            _wait(folder / "log.jsonl", awaited)
            print(typed, file=run.stdin, flush=True)
        time.sleep(0.6)
        print("stop", file=run.stdin, flush=True)
        time.sleep(0.3)
        print("quit", file=run.stdin, flush=True)
        return run.wait(PATIENCE_S)


def _wait(log: Path, text: str) -> None:
    until_s = time.monotonic() + PATIENCE_S
    while not log.is_file() or text not in log.read_text():
        if time.monotonic() > until_s:
            raise TimeoutError(text)
        time.sleep(0.02)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
