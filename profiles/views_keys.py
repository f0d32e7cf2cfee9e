"""Keys of other systems: made and shown once, listed, revoked."""

from __future__ import annotations

import secrets

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from cxportal.lib.errors import DomainError
from cxportal.lib.http import StaffRequest
from profiles.models import ApiKey
from profiles.queries.company import company_zone
from profiles.rules.scopes import SCOPE_IN_WORDS, may_stand_in_the_open
from profiles.services import keys


class KeyForm(forms.Form):
    """What a new key is for."""

    name = forms.CharField(max_length=80, help_text="The system that will use it: Web shop")
    source = forms.CharField(
        max_length=60,
        required=False,
        help_text="The short name under which its rows come in; empty: made of the name.",
    )
    scopes = forms.MultipleChoiceField(
        label="It may",
        choices=[(str(scope), words) for scope, words in SCOPE_IN_WORDS.items()],
        widget=forms.CheckboxSelectMultiple,
    )


@never_cache
@require_http_methods(["GET", "POST"])
@permission_required("profiles.view_apikey", raise_exception=True)
def key_list(request: StaffRequest) -> HttpResponse:
    """List the keys, and make one; its secret is in this one answer and nowhere else."""
    may_add = request.user.has_perm("profiles.add_apikey")
    form = KeyForm(request.POST or None)
    made = _made(request, form) if request.method == "POST" and may_add else None
    stored = ApiKey.objects.select_related("source", "created_by").order_by("-pk")
    context = {
        "form": KeyForm() if made else form,
        "made": made,
        "rows": [(key, _words(key), may_stand_in_the_open(key.scopes)) for key in stored],
        "may_add": may_add,
        "may_revoke": request.user.has_perm("profiles.change_apikey"),
        "zone": company_zone(),
    }
    status = 422 if form.is_bound and form.errors else 200
    return render(request, "profiles/key_list.html", context, status=status)


def _made(request: StaffRequest, form: KeyForm) -> keys.NewKey | None:
    if not form.is_valid():
        return None
    asked = form.cleaned_data
    try:
        return keys.create_key(
            name=asked["name"],
            scopes=asked["scopes"],
            source=keys.source_for(code=asked["source"], name=asked["name"]),
            random=secrets.token_urlsafe(32),
            by=request.user,
            now=timezone.now(),
        )
    except DomainError as error:
        form.add_error(None, error.message)
        return None


def _words(key: ApiKey) -> str:
    return ", ".join(SCOPE_IN_WORDS.get(scope, scope) for scope in key.scopes)


@require_POST
@permission_required("profiles.change_apikey", raise_exception=True)
def key_revoke(request: StaffRequest, key_id: int) -> HttpResponse:
    """Let a key open nothing from now on."""
    key = get_object_or_404(ApiKey, pk=key_id)
    try:
        keys.revoke(key=key, by=request.user, now=timezone.now())
    except DomainError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, f"The key “{key.name}” opens nothing any more.")
    return redirect("profiles:key-list")
