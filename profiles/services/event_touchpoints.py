"""Writes events into the timeline."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.db import connection

from profiles.models import Product
from profiles.queries.own_moments import awaited_events
from profiles.rules.at_hand import is_fresh
from profiles.rules.events import KIND, EventType, text
from profiles.rules.shop_events import Article, article_of, is_order
from profiles.services.event_orders import known_products, places_named
from profiles.services.event_rows import Row
from profiles.services.event_traits import Untold

_PLACES = ("store", "store_id", "storeId", "place", "place_id", "placeId", "store_name")


def store(*, rows: Sequence[Row], untold: Untold, now: datetime) -> None:
    """Write the touchpoints of events, but for orders: those stand in the timeline as purchases.

    ``untold`` are facts that were not kept, with why. Runs in the transaction of its caller.
    """
    seen = [row for row in rows if not is_order(row.payload)]
    if not seen:
        return
    codes = _product_codes(seen)
    places = _places(seen)
    columns: list[list[Any]] = [
        [row.customer_id for row in seen],
        [row.profile_id for row in seen],
        [row.source_id for row in seen],
        [places.get(row.id) for row in seen],
        [str(KIND[row.event.type]) for row in seen],
        [row.event.name for row in seen],
        [json.dumps(_data(row, codes, untold)) for row in seen],
        [_origin(row) for row in seen],
        [row.event.occurred_at for row in seen],
    ]
    awaited = awaited_events()
    is_now = [
        is_fresh(kind, name, now - at, awaited, has_place=place is not None)
        for place, kind, name, at in zip(*columns[3:6], columns[8], strict=True)
    ]
    with connection.cursor() as cursor:
        for statement, wanted in ((_INSERT, False), (_INSERT_AT_HAND, True)):
            if wanted in is_now:
                some = [
                    [
                        value
                        for value, at_hand in zip(column, is_now, strict=True)
                        if at_hand == wanted
                    ]
                    for column in columns
                ]
                cursor.execute(statement, [now, *some])


_INSERT = """
    INSERT INTO profiles_touchpoint (recorded_at, customer_id, origin_profile_id, source_id, place_id,
                                     kind, name, data, origin_url, occurred_at)
    SELECT %s, t.customer, t.profile, t.source, t.place, t.kind, t.name, t.data::jsonb, t.url, t.at
      FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::text[], %s::text[],
                  %s::text[], %s::text[], %s::timestamptz[])
           t (customer, profile, source, place, kind, name, data, url, at)
"""


# What the customer is in the middle of is decided about at once.
_INSERT_AT_HAND = f"""
    WITH kept AS ({_INSERT} RETURNING id)
    INSERT INTO profiles_freshtouch (touchpoint_id) SELECT id FROM kept
"""


def _data(row: Row, codes: Mapping[Article, str], untold: Untold) -> dict[str, Any]:
    """What the timeline keeps of an event: properties; of a person's traits only which were told."""
    event = row.event
    if event.type in {EventType.IDENTIFY, EventType.GROUP}:
        said = event.traits if event.type == EventType.IDENTIFY else row.payload.get("traits")
        told: dict[str, Any] = {"traits": sorted(said) if isinstance(said, dict) else []}
        if event.type == EventType.GROUP and row.payload.get("groupId"):
            told["group"] = str(row.payload["groupId"])
        if refused := untold.get(row.id):
            told["not_kept"] = refused
        return told
    data = dict(event.properties)
    if (article := article_of(data)) and "product" not in data and event.type == EventType.TRACK:
        data["product"] = codes.get(article, article.codes[0])
    if isinstance(campaign := event.context.get("campaign"), dict) and campaign:
        data.setdefault("campaign", campaign)
    return data


def _product_codes(rows: Sequence[Row]) -> dict[Article, str]:
    """The catalogue's own code of each product that events name."""
    articles = {
        article
        for row in rows
        if row.event.type == EventType.TRACK and (article := article_of(row.event.properties))
    }
    found = known_products(articles)
    codes = dict(Product.objects.filter(pk__in=found.values()).values_list("pk", "code"))
    return {article: codes[product] for article, product in found.items()}


def _places(rows: Sequence[Row]) -> dict[int, int]:
    """The places of events whose customers agreed to be located: others name none any more."""
    named = {}
    for row in rows:
        if any(key in row.event.properties for key in _PLACES):
            said = (text(row.event.properties.get(key), 120) for key in _PLACES)
            if place := next(filter(None, said), ""):
                named[row.id] = place
    found = places_named(set(named.values()))
    return {key: found[place] for key, place in named.items() if place in found}


def _origin(row: Row) -> str:
    """The page on which it happened, without what is asked of it: that may name the person."""
    page = row.event.context.get("page")
    stated = (row.event.properties.get("url"), page.get("url") if isinstance(page, dict) else None)
    for address in stated:
        if isinstance(address, str):
            try:
                parts = urlsplit(address)
            except ValueError:
                continue
            if parts.scheme in {"https", "http"} and parts.hostname:
                return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"[:500]
    return ""
