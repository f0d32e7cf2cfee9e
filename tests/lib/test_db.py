"""What all models share of the database."""

from __future__ import annotations

import pytest
from django.db import connection

from cxportal.lib.db import flushed_at_the_end

pytestmark = pytest.mark.django_db


def _asked() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SHOW synchronous_commit")
        return str(cursor.fetchone()[0])


def test_commits_wait_for_the_disk_again_whatever_happens_inside():
    before = _asked()
    with flushed_at_the_end():
        assert _asked() == "off"
    assert _asked() == before
    with pytest.raises(ZeroDivisionError), flushed_at_the_end():
        raise ZeroDivisionError
    assert _asked() == before
