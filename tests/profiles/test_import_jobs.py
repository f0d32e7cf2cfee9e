"""Import jobs: claimed once, killed at any point, and that nothing is lost or doubled."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection

from profiles.models import (
    Customer,
    ImportJob,
    ImportReject,
    Profile,
    Purchase,
    PurchaseLine,
)
from profiles.queries.company import company
from profiles.rules.names import JobState
from profiles.services import importing, order_rows, order_staging
from tests.profiles.files import GOOD, MAPPING, NOTHING, order_file, stored

pytestmark = pytest.mark.django_db


class Killed(BaseException):
    """What the end of a process looks like from inside."""


def test_a_job_is_claimed_once_and_run(tmp_path, queued, now):
    job = queued(order_file(tmp_path, *GOOD))
    claimed = importing.claim_next(now=now)
    assert claimed is not None
    assert (claimed.pk, claimed.state, claimed.attempt) == (job.pk, JobState.RUNNING, 1)
    assert importing.claim_next(now=now) is None
    done = importing.run_import(job_id=job.pk, now=now, attempt=claimed.attempt)
    assert (done.state, done.finished_at, done.lease_until) == (JobState.DONE, now, None)
    assert done.done_bytes == done.total_bytes
    assert importing.claim_next(now=now) is None


def test_a_job_that_is_done_stays_so(tmp_path, queued, now):
    job = importing.run_import(job_id=queued(order_file(tmp_path, *GOOD)).pk, now=now)
    again = importing.run_import(job_id=job.pk, now=now + timedelta(days=1))
    assert (again.state, again.finished_at, again.attempt) == (JobState.DONE, now, 1)


def test_a_job_that_runs_elsewhere_is_left_alone(tmp_path, queued, now):
    job = queued(order_file(tmp_path, *GOOD))
    importing.claim_next(now=now)
    with pytest.raises(importing.ImportBusy):
        importing.run_import(job_id=job.pk, now=now)
    assert stored() == NOTHING


def many_orders(folder: Path, orders: int, name: str = "many.csv") -> Path:
    lines = [
        f"C{n % 7},O{n},2026-01-05T07:30:00Z,P{line},Beans,Coffee,1,1.00,Main Street"
        for n in range(orders)
        for line in (1, 2, 2)
    ]
    return order_file(folder, "broken", *lines, name=name)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kill_at", [1, 2, 3, 5, 8])
def test_a_run_killed_at_any_point_loses_and_doubles_nothing(
    tmp_path, queued, now, monkeypatch, kill_at
):
    monkeypatch.setattr(order_staging, "_CHUNK_LINES", 40)
    monkeypatch.setattr(order_rows, "_BATCH_LINES", 30)
    job = queued(many_orders(tmp_path, 40))
    calls = 0

    def kill(_job: ImportJob) -> None:
        nonlocal calls
        calls += 1
        if calls == kill_at:
            raise Killed

    with pytest.raises(Killed):
        importing.run_import(job_id=job.pk, now=now, progress=kill)
    assert importing.claim_next(now=now) is None
    ImportJob.objects.update(lease_until=now - timedelta(days=365))
    claimed = importing.claim_next(now=now)
    assert claimed is not None
    done = importing.run_import(job_id=job.pk, now=now, attempt=claimed.attempt)
    assert (done.state, done.attempt, done.rows_read, done.rows_rejected) == ("done", 2, 121, 1)
    assert (Purchase.objects.count(), PurchaseLine.objects.count()) == (40, 120)
    assert Profile.objects.count() == Customer.objects.count() == 7
    assert ImportReject.objects.count() == 1
    for purchase in Purchase.objects.all():
        assert sorted(purchase.lines.values_list("product__code", "source_line")) == [
            ("P1", 1),
            ("P2", 1),
            ("P2", 2),
        ]


@pytest.mark.django_db(transaction=True)
def test_half_an_order_is_never_seen(tmp_path, queued, now, monkeypatch):
    monkeypatch.setattr(order_rows, "_BATCH_LINES", 30)
    another = connection.copy()
    halves = "SELECT count(*) FROM profiles_purchase p WHERE (SELECT count(*)"
    halves += " FROM profiles_purchaseline WHERE purchase_id = p.id) <> 3"
    inside, outside = [], []
    run = order_rows._Storing._run

    def look(*arguments: object, **named: object) -> int:
        done = run(*arguments, **named)
        for seen, eyes in ((inside, connection), (outside, another)):
            with eyes.cursor() as cursor:
                cursor.execute(halves)
                seen.append(cursor.fetchone()[0])
        return done

    monkeypatch.setattr(order_rows._Storing, "_run", look)
    try:
        importing.run_import(job_id=queued(many_orders(tmp_path, 40)).pk, now=now)
    finally:
        another.close()
    assert outside == [0] * len(outside)
    # The import itself sees what others must not: so there was something to see.
    assert max(inside) == 10


@pytest.mark.django_db(transaction=True)
def test_files_that_overlap_may_go_in_at_the_same_time(tmp_path, source, now, monkeypatch):
    monkeypatch.setattr(order_rows, "_BATCH_LINES", 15)
    company()
    paths = [many_orders(tmp_path, number, f"{number}.csv") for number in (40, 39, 38, 40)]

    def bring(path: Path) -> importing.Counts:
        try:
            return importing.import_file(
                path=path, source=source, mapping=MAPPING, time_zone="UTC", now=now
            )
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        counts = list(pool.map(bring, paths))
    assert (Purchase.objects.count(), PurchaseLine.objects.count()) == (40, 120)
    assert Profile.objects.count() == Customer.objects.count() == 7
    assert sum(count.lines_new for count in counts) == 120
    assert sum(count.purchases_new for count in counts) == 40


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_slept_over_its_lease_changes_nothing_more(
    tmp_path, queued, now, monkeypatch
):
    monkeypatch.setattr(order_rows, "_BATCH_LINES", 30)
    job = queued(many_orders(tmp_path, 40))

    def overtake(running: ImportJob) -> None:
        if Purchase.objects.exists():
            ImportJob.objects.filter(pk=running.pk).update(attempt=9)

    with pytest.raises(importing.ImportLost):
        importing.run_import(job_id=job.pk, now=now, progress=overtake)
    stands = PurchaseLine.objects.count()
    assert 0 < stands < 120
    assert ImportJob.objects.get().state == JobState.RUNNING


def test_the_lease_is_kept_while_the_file_is_read_again_for_conflicts(
    tmp_path, queued, now, monkeypatch
):
    other = "C9,O1,2026-01-05T07:30:00Z,P7,Tea,Tea,1,4.00,Main Street"
    long_ago = now - timedelta(days=365)
    reread, leases = importing.reread, []

    def slowly(*arguments: object, **named: object):
        ImportJob.objects.update(lease_until=long_ago)
        yield from reread(*arguments, **named)
        leases.append(ImportJob.objects.get().lease_until)

    monkeypatch.setattr(importing, "reread", slowly)
    job = queued(order_file(tmp_path, *GOOD, other))
    done = importing.run_import(job_id=job.pk, now=now)
    assert (done.state, done.rows_rejected) == (JobState.DONE, 1)
    assert leases[0] > long_ago


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_lost_its_job_keeps_no_row_aside(tmp_path, queued, now, monkeypatch):
    monkeypatch.setattr(order_staging, "_CHUNK_LINES", 2)
    job = queued(order_file(tmp_path, *GOOD, "broken", *GOOD, "broken", *GOOD))

    def overtake(running: ImportJob) -> None:
        ImportJob.objects.filter(pk=running.pk).update(attempt=9)

    with pytest.raises(importing.ImportLost):
        importing.run_import(job_id=job.pk, now=now, progress=overtake)
    assert not ImportReject.objects.exists()


def test_a_worker_that_lost_its_job_at_the_start_takes_no_row_away(tmp_path, queued, now):
    job = queued(order_file(tmp_path, *GOOD))
    claimed = importing.claim_next(now=now)
    assert claimed is not None
    ImportReject.objects.create(job=job, line_number=2, reason="nul", raw="")
    late = importing._Work(claimed, None)
    ImportJob.objects.update(attempt=2)
    with pytest.raises(importing.ImportLost):
        late.run(now)
    assert ImportReject.objects.count() == 1


@pytest.mark.parametrize("end", ["done", "failed", "given up"])
def test_an_upload_is_removed_however_its_import_ends(tmp_path, queued, now, settings, end):
    settings.UPLOAD_DIR = tmp_path
    path = order_file(tmp_path, *GOOD)
    job = queued(path)
    if end == "failed":
        path.write_text("no orders at all")
    if end == "given up":
        ImportJob.objects.update(state=JobState.RUNNING, attempt=5, lease_until=None)
    importing.run_import(job_id=job.pk, now=now)
    assert not path.exists()


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_lost_its_job_at_the_end_leaves_the_upload(
    tmp_path, queued, now, settings, monkeypatch
):
    settings.UPLOAD_DIR = tmp_path
    path = order_file(tmp_path, *GOOD)
    job = queued(path)
    whole = importing.import_file

    def overtaken(**values: object) -> importing.Counts:
        counts = whole(**values)
        ImportJob.objects.update(attempt=9)
        return counts

    monkeypatch.setattr(importing, "import_file", overtaken)
    with pytest.raises(importing.ImportLost):
        importing.run_import(job_id=job.pk, now=now)
    assert path.exists()
    assert ImportJob.objects.get().state == JobState.RUNNING


def test_a_job_that_kills_its_workers_is_given_up(tmp_path, queued, now):
    queued(order_file(tmp_path, *GOOD))
    ImportJob.objects.update(state=JobState.RUNNING, attempt=5, lease_until=None)
    given_up = importing.claim_next(now=now)
    assert given_up is not None
    assert (given_up.state, given_up.finished_at) == (JobState.FAILED, now)
    assert "five times" in given_up.error
    assert importing.claim_next(now=now) is None


def test_a_file_that_is_gone_fails_the_job_with_a_reason(tmp_path, queued, now):
    path = order_file(tmp_path, *GOOD)
    job = queued(path)
    path.unlink()
    failed = importing.run_import(job_id=job.pk, now=now)
    assert failed.state == JobState.FAILED
    assert failed.error.startswith("The file orders.csv cannot be opened")


def test_staging_leaves_nothing_behind(tmp_path, bring):
    bring(order_file(tmp_path, *GOOD))
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_class WHERE relname LIKE 'import\\_%%'")
        assert cursor.fetchone() == (0,)
