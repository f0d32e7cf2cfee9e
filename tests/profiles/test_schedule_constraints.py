"""What the database refuses of schedules, past all Python."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction

from cxportal.lib.errors import violated_constraint
from profiles.models import ImportJob, ImportLook, ImportSchedule, ScheduledFile
from tests.factories.schedules import ImportScheduleFactory

pytestmark = pytest.mark.django_db


def refused(act) -> str:
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        act()
    return violated_constraint(caught.value)


@pytest.mark.parametrize(
    ("values", "name"),
    [
        ({"address": "https://a.example.com"}, "one_place"),
        ({"pattern": ""}, "one_place"),
        ({"whence": "address"}, "one_place"),
        ({"whence": "address", "folder": "", "pattern": ""}, "one_place"),
        ({"whence": "elsewhere"}, "one_place"),
        ({"rhythm": "weekly"}, "rhythm"),
        ({"every_minutes": 4}, "rhythm"),
        ({"every_minutes": 1441}, "rhythm"),
        ({"next_due_at": None}, "active_is_due"),
    ],
)
def test_a_schedule_that_could_not_be_looked_by_is_refused(values, name):
    ImportScheduleFactory()
    assert (
        refused(lambda: ImportSchedule.objects.update(**values))
        == f"profiles_importschedule_{name}"
    )


def test_a_name_is_given_once_whatever_its_letters():
    ImportScheduleFactory(name="Night")
    twin = ImportScheduleFactory.build(name="NIGHT", source=ImportSchedule.objects.get().source)
    assert (
        refused(lambda: ImportSchedule.objects.bulk_create([twin]))
        == "profiles_importschedule_name"
    )


def file(schedule, now, **values) -> ScheduledFile:
    given = {"name": "a.csv", "size": 1, "state": "taken", "sha256": "x", "seen_at": now} | values
    return ScheduledFile(schedule=schedule, **given)


@pytest.mark.parametrize("state", ["taken", "empty"])
def test_the_same_content_is_taken_once(state, now):
    schedule = ImportScheduleFactory()
    ScheduledFile.objects.bulk_create([file(schedule, now), file(schedule, now, state="known")])
    again = file(schedule, now, name="b.csv", state=state)
    assert refused(lambda: ScheduledFile.objects.bulk_create([again])) == (
        "profiles_scheduledfile_taken_once"
    )
    ScheduledFile.objects.bulk_create([file(ImportScheduleFactory(), now)])


def test_a_file_arrives_once(now):
    schedule = ImportScheduleFactory()
    twins = [file(schedule, now, state="arriving", sha256="") for _ in range(2)]
    assert refused(lambda: ScheduledFile.objects.bulk_create(twins)) == (
        "profiles_scheduledfile_arrives_once"
    )


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (lambda s, now: file(s, now, state="gone"), "profiles_scheduledfile_state"),
        (
            lambda s, now: ImportLook(
                schedule=s, outcome="odd", times=1, first_at=now, last_at=now
            ),
            "profiles_importlook_outcome",
        ),
        (
            lambda s, now: ImportLook(
                schedule=s, outcome="taken", times=0, first_at=now, last_at=now
            ),
            "profiles_importlook_outcome",
        ),
        (
            lambda s, now: ImportJob(
                source=s.source, file_name="a", path="", sha256="", time_zone="UTC", state="odd"
            ),
            "profiles_importjob_state",
        ),
    ],
)
def test_states_that_there_are_not_are_refused(make, name, now):
    row = make(ImportScheduleFactory(), now)
    assert refused(lambda: type(row).objects.bulk_create([row])) == name
