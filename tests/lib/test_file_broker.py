"""The embedded broker hands out whole messages, and nothing else."""

from __future__ import annotations

from pathlib import Path
from queue import Empty

import pytest
from kombu import Connection

from cxportal.lib import file_broker


@pytest.fixture
def queue(tmp_path):
    """A queue of this test alone: kombu remembers for the whole process which ones it bound."""
    file_broker.use()
    folder = tmp_path / "queue"
    folder.mkdir()
    options = {"data_folder_in": str(folder), "data_folder_out": str(folder)}
    options["control_folder"] = str(tmp_path / "control")
    with Connection("filesystem://", transport_options=options) as connection:
        yield connection.SimpleQueue(tmp_path.name), folder


def test_a_message_arrives_as_it_was_sent(queue):
    bells, folder = queue
    bells.put({"task": "learn"})
    message = bells.get(timeout=1)
    assert message.payload == {"task": "learn"}
    message.ack()
    assert list(folder.iterdir()) == []


def test_a_message_has_no_name_before_it_is_whole(queue, monkeypatch):
    bells, folder = queue
    monkeypatch.setattr(Path, "replace", lambda self, target: self)
    bells.put({"task": "learn"})
    (unfinished,) = folder.iterdir()
    assert unfinished.name.startswith(".")
    with pytest.raises(Empty):
        bells.get(timeout=0.1)


def test_an_empty_file_stops_nobody(queue, tmp_path):
    bells, folder = queue
    (folder / f"1_empty.{tmp_path.name}.msg").touch()
    bells.put({"task": "learn"})
    assert bells.get(timeout=1).payload == {"task": "learn"}
