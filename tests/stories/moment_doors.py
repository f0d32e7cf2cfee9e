"""How managers write moments of their own and what is said in them, as a browser does."""

from __future__ import annotations

from django.test import Client

USUAL = {
    "lasts": "2", "unit": "days", "again": "day", "chance": "half", "join": "all",
    "how_1": "is", "how_2": "is", "how_3": "is", "save": "yes",
}  # fmt: skip


def written_moment(manager: Client, said: dict[str, str], begins: str = "event") -> str:
    """Fill the page of a new moment in and save it; its page's address."""
    answer = manager.post(f"/moments/new/?begins={begins}", USUAL | said)
    assert answer.status_code == 302, answer.content.decode()
    return answer.url


def answered_moment(
    manager: Client, said: dict[str, str], purpose: str, words: str, begins: str = "event"
) -> str:
    """Write a moment, the words for it, and switch it on; its page's address."""
    there = written_moment(manager, said, begins)
    named = {"name": said["name"], "purpose": purpose}
    editor = manager.post(f"{there}answer/", named).url
    parts = {"subject": words, "text": words, "html": f"<p>{words}</p>"}
    assert manager.post(editor, parts).status_code == 302
    manager.post(f"{there}switch/", {"to": "on-all-the-same"})
    return there
