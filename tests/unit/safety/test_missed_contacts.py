"""Bursts that end without a contact of their leg."""

import pytest

from fes_ctrl.model import LEFT, BurstEnd, Fault
from fes_ctrl.safety.missed_contacts import BURSTS_WITHOUT_CONTACT, MissedContacts
from fes_ctrl.units import NEVER_US

MISSED = "burst ended by its time-out, no contact since"


def end(t_us: int, ended_by: str = "time_out", contact_us: int = NEVER_US) -> BurstEnd:
    return BurstEnd(t_us, LEFT, 0, ended_by, 0, contact_us)


def inhibiting() -> MissedContacts:
    contacts = MissedContacts(LEFT)
    for t_us in (10, 20, 30):
        contacts.burst_ended(end(t_us))
    assert contacts.inhibit is True
    return contacts


def test_three_are_the_most() -> None:
    assert BURSTS_WITHOUT_CONTACT == 3


def test_the_first_is_told_of_and_the_third_inhibits() -> None:
    contacts = MissedContacts(LEFT)
    assert contacts.inhibit is False
    assert contacts.burst_ended(end(10)) == [Fault(10, "F02", "warn", LEFT, MISSED)]
    assert contacts.burst_ended(end(20)) == []
    assert contacts.inhibit is False
    inhibits = Fault(30, "F10", "inhibit", LEFT, "3 bursts without a contact")
    assert contacts.burst_ended(end(30)) == [inhibits]
    assert contacts.inhibit is True
    assert contacts.burst_ended(end(40)) == []
    assert contacts.inhibit is True


@pytest.mark.parametrize(
    "first", [end(10, "initial_contact", 5), end(10, "sensor"), end(10, "time_out", 5)]
)
def test_only_a_time_out_without_a_contact_begins_the_count(first: BurstEnd) -> None:
    contacts = MissedContacts(LEFT)
    for _ in range(3):
        assert contacts.burst_ended(first) == []
    assert contacts.inhibit is False
    assert contacts.contact(20) == []


def test_once_it_has_begun_any_end_counts() -> None:
    contacts = MissedContacts(LEFT)
    contacts.burst_ended(end(10))
    assert contacts.burst_ended(end(20, "sensor")) == []
    (fault,) = contacts.burst_ended(end(30, "operator"))
    assert fault.id == "F10"


def test_a_contact_clears_what_was_told_of_and_the_count_begins_anew() -> None:
    contacts = inhibiting()
    assert contacts.contact(50) == [
        Fault(50, "F10", "cleared", LEFT, "contact"),
        Fault(50, "F02", "cleared", LEFT, "contact"),
    ]
    assert contacts.inhibit is False
    assert contacts.contact(60) == []
    assert contacts.burst_ended(end(70)) == [Fault(70, "F02", "warn", LEFT, MISSED)]
    assert contacts.burst_ended(end(80)) == []
    assert contacts.contact(90) == [Fault(90, "F02", "cleared", LEFT, "contact")]


def test_a_contact_where_none_is_owed_clears_nothing() -> None:
    assert MissedContacts(LEFT).contact(10) == []
