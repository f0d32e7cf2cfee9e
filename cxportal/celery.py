"""The Celery app and the whole schedule.

Broker messages only ring the bell: every task below finds its work in rows, may run twice, and loses
nothing when a message is lost. Beat ticks in UTC; local mornings are computed from rows.
Ticks expire before the next one, so that they do not pile up while no worker runs.
"""

from __future__ import annotations

import os
from pathlib import Path

from celery import Celery
from celery.signals import worker_init
from django.conf import settings

from cxportal.lib import file_broker

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cxportal.settings")

file_broker.use()
app = Celery("cxportal")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.update(
    timezone="UTC",
    task_ignore_result=True,
    task_serializer="json",
    accept_content=["json"],
    worker_prefetch_multiplier=1,
    task_acks_late=False,  # the lease on the row brings work back, whatever became of the message
    task_publish_retry=False,
    broker_connection_retry_on_startup=True,
    task_soft_time_limit=50 * 60,
    task_time_limit=55 * 60,
    worker_hijack_root_logger=False,
)
app.autodiscover_tasks()


def _tick(task: str, seconds: float) -> dict[str, object]:
    return {"task": task, "schedule": seconds, "options": {"expires": seconds}}


app.conf.beat_schedule = {
    # A purchase changes its customer's habits within seconds.
    "learn": _tick("profiles.learn_habits", 5.0),
    # What all customers share is fitted anew once a week; the tick asks whether it is time.
    "refit": _tick("profiles.refit_rhythms", 600.0),
    # Probable duplicates, once a night; the tick asks whether it is time.
    "suspect": _tick("profiles.suspect_duplicates", 600.0),
    # What is wrong in customers' data, once a night; the tick asks whether it is time.
    "clean": _tick("profiles.find_unclean", 600.0),
    # What was written for a customer in the very moment in which they were merged.
    "settle": _tick("profiles.settle_merges", 60.0),
    # Whoever asks for their data, or to be erased, is in front of the page.
    "exports": _tick("profiles.write_exports", 10.0),
    "mail_exports": _tick("campaigns.mail_exports", 15.0),
    "erase": _tick("profiles.erase_people", 10.0),
    # What is older than its rule is let go of by and by.
    "let_go": _tick("profiles.let_go", 3600.0),
    # Events come with a bell of their own; this tick catches a lost one, and bells that rang too soon.
    "events": _tick("profiles.process_events", 2.0),
    # A file uploaded in the browser starts at once; this tick catches a lost bell or a dead worker.
    "imports": _tick("profiles.run_imports", 10.0),
    # Folders and addresses of schedules; a file that may still be written is looked at again after a minute.
    "look_for_files": _tick("profiles.look_for_files", 15.0),
    "rehearsals": _tick("campaigns.run_rehearsals", 10.0),
    # Uploads whose columns were never confirmed: they hold personal data.
    "sweep": _tick("campaigns.sweep_uploads", 3600.0),
    # An order that nobody fetched for two days is given up; an hour more or less is no matter.
    "lapse": _tick("profiles.lapse_pickups", 3600.0),
    # Each company-local morning is planned once, whenever the first tick after it comes.
    "plan": _tick("campaigns.plan_morning", 60.0),
    # Events of this moment ring a bell of their own; this tick catches a lost one.
    "react": _tick("campaigns.react", 2.0),
    # What is due leaves within half a minute; leases that ran out are settled before each batch.
    "deliver": _tick("campaigns.deliver_due", 15.0),
    # Whoever said yes looks into their mailbox at once.
    "confirm": _tick("campaigns.ask_confirmations", 15.0),
    "award": _tick("loyalty.award_purchases", 10.0),
    "invite": _tick("feedback.invite_after_purchases", 60.0),
}


@worker_init.connect
def _make_broker_folders(**_: object) -> None:
    make_broker_folders()


def make_broker_folders() -> None:
    """Create the folders of the file-system broker, which kombu expects to exist."""
    options = getattr(settings, "CELERY_BROKER_TRANSPORT_OPTIONS", {})
    for name in ("data_folder_in", "control_folder"):
        if name in options:
            Path(options[name]).mkdir(parents=True, exist_ok=True)


make_broker_folders()
