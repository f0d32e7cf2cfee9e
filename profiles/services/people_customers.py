"""Keeps what a file of customers says of them: names, languages, and facts where there is an attribute."""

from __future__ import annotations

from django.db import connection

from profiles.models import Attribute
from profiles.rules.names import Manner
from profiles.services import noting
from profiles.services.event_traits import keep_names
from profiles.services.people_batches import Batch


def store(batch: Batch) -> None:
    """Keep names and languages where there is none, and every fact as told, with its source and time."""
    names = {profile: row.said["name"] for row, profile in batch.rows}
    named = keep_names(names=names)
    for place, (row, profile) in enumerate(batch.rows):
        if profile in named and row.said["name"]:
            named.discard(profile)
            batch.done["names_new"] += 1
            batch.note(place, "name")
    _keep_languages(batch)
    _keep_facts(batch)
    batch.done["rows_known"] = sum(1 for place in range(len(batch.rows)) if not batch.notes[place])


def _keep_languages(batch: Batch) -> None:
    spoken = {profile: row.said["language"] for row, profile in batch.rows if row.said["language"]}
    if not spoken:
        return
    columns = [list(spoken), list(spoken.values())]
    with connection.cursor() as cursor:
        cursor.execute(_OWN_LANGUAGE, columns)
        cursor.execute(_LENT_LANGUAGE, columns)


# As with names: the customer that the profile was made with keeps it when a merge is undone.
_OWN_LANGUAGE = """
    UPDATE profiles_customer c
       SET language = n.language, borrowed = array_remove(c.borrowed, 'language')
      FROM unnest(%s::bigint[], %s::text[]) n (profile, language)
      JOIN profiles_profile p ON p.id = n.profile
     WHERE c.id = p.home_customer_id AND (c.language = '' OR 'language' = ANY (c.borrowed))
       AND c.erased_at IS NULL
"""
_LENT_LANGUAGE = """
    UPDATE profiles_customer c
       SET language = n.language, borrowed = c.borrowed || ARRAY['language']::varchar[]
      FROM unnest(%s::bigint[], %s::text[]) n (profile, language)
      JOIN profiles_profile p ON p.id = n.profile
     WHERE c.id = p.customer_id AND c.id <> p.home_customer_id AND c.language = ''
       AND c.erased_at IS NULL
"""


def _keep_facts(batch: Batch) -> None:
    said = [
        (place, profile, code, value, row.at or batch.as_of)
        for place, (row, profile) in enumerate(batch.rows)
        for code, value in row.said["facts"].items()
    ]
    if not said:
        return
    noted = noting.note_all(
        statements=[
            noting.Statement(
                profile_id=profile,
                attribute=code,
                value=value,
                manner=Manner.TOLD,
                actor=batch.actor,
                occurred_at=at,
                source_id=batch.source.pk,
            )
            for _, profile, code, value, at in said
        ],
        now=batch.now,
    )
    labels = dict(Attribute.objects.values_list("code", "name"))
    for number in sorted(noted.new):
        batch.note(said[number][0], labels[said[number][2]])
    batch.made["profiles.FactValue"] = [noted.versions[number] for number in sorted(noted.new)]
    batch.done["facts_new"] = len(noted.new)
