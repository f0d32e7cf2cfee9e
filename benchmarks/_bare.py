"""The baseline of `ingest`: a view that inserts the rows of a batch, and does nothing else.

It knows no key, checks nothing, loses what it cannot store, and takes the same event twice.
"""

from __future__ import annotations

import json
import os
from datetime import datetime
from functools import cache

from django.contrib.auth.decorators import login_not_required
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, JsonResponse
from django.urls import include, path
from django.views.decorators.csrf import csrf_exempt

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cxportal.settings")
application = get_wsgi_application()

from django.conf import settings  # noqa: E402

from profiles.models import Profile, Touchpoint  # noqa: E402


@cache
def people() -> dict[str, tuple[int, int, int]]:
    rows = Profile.objects.values_list("external_id", "pk", "customer_id", "source_id")
    return {number: (profile, customer, source) for number, profile, customer, source in rows}


@csrf_exempt
@login_not_required
def insert(request: HttpRequest) -> JsonResponse:
    rows = []
    for event in json.loads(request.body)["batch"]:
        profile, customer, source = people()[event["userId"]]
        rows.append(
            Touchpoint(
                customer_id=customer,
                origin_profile_id=profile,
                source_id=source,
                kind=event["type"],
                name=event.get("event") or event.get("name") or "",
                data=event.get("properties") or event.get("traits") or {},
                occurred_at=datetime.fromisoformat(event["timestamp"]),
            )
        )
    Touchpoint.objects.bulk_create(rows)
    return JsonResponse({"success": True})


# Before all others: the middleware looks for addresses of the product.
urlpatterns = [path("v1/batch", insert), path("", include("cxportal.urls"))]
settings.ROOT_URLCONF = "benchmarks._bare"
