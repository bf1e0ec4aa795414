import asyncio
import contextlib
import math
import os
import signal
import threading
from collections.abc import AsyncIterator, Callable, Coroutine

import pytest

from fes_ctrl.runtime.clock import ORDER_CONTROLLER, ORDER_SENSOR
from fes_ctrl.runtime.realtime import real_time_loop
from fes_ctrl.runtime.virtual import (
    DeadlockError,
    NotVirtualError,
    VirtualLoop,
    run,
    virtual_clock,
)


def run_and_clear_up(main: Coroutine[None, None, None]) -> None:
    """Run what is broken off with tasks still waiting; they are cancelled here, on purpose."""
    loop = VirtualLoop()
    try:
        loop.run_until_complete(main)
    finally:
        for task in asyncio.all_tasks(loop):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                loop.run_until_complete(task)
        loop.close()


def test_an_hour_passes_in_whole_microseconds_without_waiting() -> None:
    async def main() -> int:
        for _ in range(3600):
            await asyncio.sleep(0.1)
            await asyncio.sleep(0.9)
        return virtual_clock().now_us()

    assert run(main()) == 3_600_000_000


def test_a_task_finishes_what_a_timer_began_before_the_next_timer_of_that_instant() -> None:
    heard: list[str] = []

    async def main() -> None:
        loop = virtual_clock()
        queue: asyncio.Queue[str] = asyncio.Queue()
        answered = asyncio.Event()

        async def reader() -> None:
            heard.append(await queue.get())
            answered.set()

        async def behind() -> None:
            await answered.wait()
            heard.append("consequence of the consequence")

        async with asyncio.TaskGroup() as group:
            group.create_task(reader())
            group.create_task(behind())
            loop.call_at_us(10, ORDER_CONTROLLER, heard.append, "controller")
            loop.call_at_us(10, ORDER_SENSOR, queue.put_nowait, "sample")
        await asyncio.sleep(1)

    run(main())
    assert heard == ["sample", "consequence of the consequence", "controller"]


def test_a_nap_of_less_than_a_microsecond_does_not_hold_time_still() -> None:
    async def main() -> int:
        for _ in range(5):
            await asyncio.sleep(1e-9)
        return virtual_clock().now_us()

    assert run(main()) == 5


@pytest.mark.asyncio
async def test_a_time_out_strikes_on_the_microsecond() -> None:
    loop = virtual_clock()
    await asyncio.sleep(1.1)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await asyncio.Event().wait()
    assert loop.now_us() == 1_200_000


@pytest.mark.asyncio
async def test_what_takes_less_than_its_time_out_is_not_disturbed_later() -> None:
    async with asyncio.timeout(0.1):
        await asyncio.sleep(0.05)
    await asyncio.sleep(0.2)
    assert virtual_clock().now_us() == 250_000


def test_waiting_for_what_cannot_come_is_an_error_that_names_who_waits() -> None:
    async def main() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(asyncio.Event().wait(), name="left detector")
            group.create_task(asyncio.sleep(math.inf), name="endless sleeper")

    with pytest.raises(DeadlockError, match="endless sleeper, left detector"):
        run_and_clear_up(main())


def test_a_timer_that_was_taken_back_does_not_move_time() -> None:
    async def main() -> None:
        virtual_clock().call_later(5.0, print).cancel()
        await asyncio.get_running_loop().create_future()

    with pytest.raises(DeadlockError, match=r"at 0\.000000 s"):
        run_and_clear_up(main())


def test_one_round_of_a_stopped_loop_lets_no_time_pass() -> None:
    loop = VirtualLoop()
    loop.call_at_us(10, 0, print)
    loop.stop()
    loop.run_forever()
    assert loop.now_us() == 0
    loop.close()


def test_what_a_clock_callback_raises_reaches_the_caller() -> None:
    def broken() -> None:
        raise ZeroDivisionError

    async def main() -> None:
        virtual_clock().call_at_us(10, 0, broken)
        await asyncio.sleep(1)

    with pytest.raises(ZeroDivisionError):
        run_and_clear_up(main())


def test_an_interrupt_ends_the_run_at_once() -> None:
    async def main() -> None:
        virtual_clock().call_at_us(10, 0, os.kill, os.getpid(), signal.SIGINT)
        await asyncio.sleep(1)
        pytest.fail("it went on")

    with pytest.raises(KeyboardInterrupt):
        run(main())


async def _connect() -> None:
    await asyncio.open_connection("localhost", 1)


async def _listen() -> None:
    await asyncio.start_server(lambda _r, _w: None, "localhost", 0)


async def _process() -> None:
    await asyncio.create_subprocess_exec("true")


async def _shell() -> None:
    await asyncio.create_subprocess_shell("true")


async def _thread() -> None:
    await asyncio.to_thread(print)


async def _look_up() -> None:
    await asyncio.get_running_loop().getaddrinfo("localhost", 1)


async def _read() -> None:
    asyncio.get_running_loop().add_reader(0, print)


async def _write() -> None:
    asyncio.get_running_loop().add_writer(1, print)


async def _signal() -> None:
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, print)


@pytest.mark.parametrize(
    "real",
    [_connect, _listen, _process, _shell, _thread, _look_up, _read, _write, _signal],
)
def test_nothing_real_gets_into_virtual_time(
    real: Callable[[], Coroutine[None, None, None]],
) -> None:
    with pytest.raises(NotVirtualError, match="virtual"):
        run(real())


def test_a_call_from_another_thread_is_refused() -> None:
    caught: list[BaseException] = []

    async def main() -> None:
        loop = asyncio.get_running_loop()

        def elsewhere() -> None:
            try:
                loop.call_soon_threadsafe(print)
            except NotVirtualError as error:
                caught.append(error)

        thread = threading.Thread(target=elsewhere)
        thread.start()
        thread.join()

    run(main())
    assert len(caught) == 1


def test_a_real_loop_is_not_taken_for_a_virtual_one() -> None:
    async def main() -> None:
        virtual_clock()

    with (
        asyncio.Runner(loop_factory=real_time_loop) as runner,
        pytest.raises(NotVirtualError),
    ):
        runner.run(main())


def _order_of_tasks(seed: int | None) -> list[int]:
    heard: list[int] = []

    async def part(number: int) -> None:
        await asyncio.sleep(0)
        heard.append(number)

    async def main() -> None:
        async with asyncio.TaskGroup() as group:
            for number in range(8):
                group.create_task(part(number))

    run(main(), jitter_seed=seed)
    return heard


def test_a_jitter_seed_shuffles_tasks_repeatably_and_none_keeps_their_order() -> None:
    orders = [_order_of_tasks(seed) for seed in range(5)]
    assert _order_of_tasks(None) == list(range(8))
    assert orders == [_order_of_tasks(seed) for seed in range(5)]
    assert len({tuple(order) for order in orders}) > 1
    assert all(sorted(order) == list(range(8)) for order in orders)


def test_jitter_leaves_plain_callbacks_in_the_order_that_asyncio_promises() -> None:
    async def main() -> list[int]:
        heard: list[int] = []
        for number in range(20):
            asyncio.get_running_loop().call_soon(heard.append, number)
        await asyncio.sleep(1)
        return heard

    assert all(run(main(), jitter_seed=seed) == list(range(20)) for seed in range(5))


def test_a_race_that_the_usual_order_hides_is_found_by_some_seed() -> None:
    async def reads_what_the_other_was_lucky_to_write_first() -> bool:
        written: list[int] = []

        async def writer() -> None:
            written.append(1)

        async def reader() -> bool:
            return bool(written)

        async with asyncio.TaskGroup() as group:
            group.create_task(writer())
            read = group.create_task(reader())
        return read.result()

    assert run(reads_what_the_other_was_lucky_to_write_first())
    found = [
        run(reads_what_the_other_was_lucky_to_write_first(), jitter_seed=seed) for seed in range(8)
    ]
    assert False in found


def test_asynchronous_generators_are_closed_with_the_loop() -> None:
    closed: list[bool] = []
    held: list[AsyncIterator[int]] = []

    async def numbers() -> AsyncIterator[int]:
        try:
            while True:
                yield 1
        finally:
            closed.append(True)

    async def main() -> None:
        # Held beyond the end of the run, so that nobody but the loop can close it.
        held.append(numbers())
        async for _ in held[0]:
            break

    run(main())
    assert closed == [True]


def test_debug_mode_works() -> None:
    async def main() -> int:
        await asyncio.sleep(0.5)
        return virtual_clock().now_us()

    with asyncio.Runner(debug=True, loop_factory=VirtualLoop) as runner:
        assert runner.run(main()) == 500_000
