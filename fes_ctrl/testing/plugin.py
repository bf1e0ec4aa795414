"""What pytest finds: options, markers and fixtures.

It is loaded in every project that fes-ctrl is installed beside, so it imports pytest alone.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from fes_ctrl.testing import virtual_time
from fes_ctrl.testing.bench import LinkFactory, StimulatorFactory
from fes_ctrl.testing.golden import Golden
from fes_ctrl.testing.inject import Inject
from fes_ctrl.testing.patient import PatientFactory
from fes_ctrl.testing.walk import Walk


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    group = parser.getgroup("fes-ctrl")
    group.addoption(
        "--fes-update", action="store_true", help="Rewrite golden walks instead of comparing."
    )
    group.addoption(
        "--fes-exact",
        action="store_true",
        help="Compare golden walks by their hash too, where the platform is pinned.",
    )
    parser.addini(
        virtual_time.OPTION,
        "pytest-asyncio runs tests in virtual time, but for those marked real_time.",
        type="bool",
        default=False,
    )


def pytest_configure(config: pytest.Config) -> None:
    """Add the markers, and virtual time where it is asked for."""
    virtual_time.configure(config)


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run coroutines that are marked so in virtual time."""
    __tracebackhide__ = True
    return virtual_time.run(pyfuncitem)


@pytest.fixture
def inject() -> Iterator[Inject]:
    """Let something go wrong in the next walk: ``inject("sensor_dropout", at_s=20.0)``."""
    asked = Inject()
    yield asked
    asked.close()


@pytest.fixture
def patient() -> PatientFactory:
    """Return a preset with changed values: ``patient("stroke_mild", {"mass_kg": 90.0})``."""
    return PatientFactory()


@pytest.fixture
def stimulator() -> Iterator[StimulatorFactory]:
    """Make a simulated device: ``stimulator("p24").pulses``."""
    made = StimulatorFactory()
    yield made
    made.close()


@pytest.fixture
def link() -> Iterator[LinkFactory]:
    """Make a simulated cable to a simulated device: ``link(stimulator("p24"))``."""
    made = LinkFactory()
    yield made
    made.close()


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Golden:
    """Compare a walk with the stored one: ``golden(walk())``."""
    path = Path(str(request.path))
    return Golden(
        path.parent,
        f"{path.stem}.{request.node.name}",
        update=bool(request.config.getoption("--fes-update")),
        exact=bool(request.config.getoption("--fes-exact")),
    )


@pytest.fixture
def walk(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    inject: Inject,
    golden: Golden,
) -> Walk:
    """Walk in virtual time: ``walk("standard", duration_s=12.0).summary``."""
    return Walk(request.path.parent, lambda: tmp_path_factory.mktemp("walk"), inject, golden)
