"""Left-over uploads: files whose columns nobody confirmed, or whose worker died at the very end."""

from __future__ import annotations

from datetime import datetime, timedelta

from campaigns.models import Rehearsal
from campaigns.rules.codes import RunState
from cxportal.lib import uploads
from profiles.models import ImportJob
from profiles.rules.names import JobState

#: As long as somebody may take to confirm the columns of a file.
KEPT = timedelta(days=1)


def sweep_uploads(*, now: datetime) -> int:
    """Remove uploads older than a day that no import and no rehearsal is still to read; return how many."""
    waiting = [JobState.PARKED, JobState.QUEUED, JobState.RUNNING]
    imports = ImportJob.objects.filter(state__in=waiting)
    rehearsals = Rehearsal.objects.filter(state__in=[RunState.QUEUED, RunState.RUNNING])
    needed = {
        *imports.values_list("path", flat=True),
        *rehearsals.values_list("path", flat=True),
    }
    return uploads.forget_left(before=now - KEPT, needed=needed)
