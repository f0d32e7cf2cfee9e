"""Paths of guidance: listed, written part by part, switched on and off."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from campaigns.forms_guidance import PartFormSet, PathForm, initial_of, parts_written
from campaigns.models import LearningPath
from campaigns.queries.guidance import path_rows
from campaigns.services import guiding
from cxportal.lib.errors import DomainError
from cxportal.lib.http import StaffRequest


@require_GET
@permission_required("campaigns.view_learningpath", raise_exception=True)
def path_list(request: StaffRequest) -> HttpResponse:
    """List the paths with how many follow them."""
    return render(request, "campaigns/path_list.html", {"rows": path_rows()})


@require_http_methods(["GET", "POST"])
@permission_required("campaigns.add_learningpath", raise_exception=True)
def path_new(request: StaffRequest) -> HttpResponse:
    """Write a path; it is kept switched off, to be read once more."""
    return _written(request, None)


@require_http_methods(["GET", "POST"])
@permission_required("campaigns.change_learningpath", raise_exception=True)
def path_edit(request: StaffRequest, path_id: int) -> HttpResponse:
    """Let a path say something else from the next part on."""
    return _written(request, get_object_or_404(LearningPath, pk=path_id))


def _written(request: StaffRequest, path: LearningPath | None) -> HttpResponse:
    said, known = initial_of(path) if path else (None, None)
    form = PathForm(request.POST or None, initial=said)
    parts = PartFormSet(request.POST or None, initial=known, prefix="part")
    if request.method == "POST" and form.is_valid() and parts.is_valid():
        try:
            written = guiding.write(
                path=path, parts=parts_written(parts), now=timezone.now(), **form.cleaned_data
            )
        except DomainError as error:
            form.add_error(None, error.message)
        else:
            messages.success(request, f"Saved “{written.name}”.")
            to = "campaigns:path-edit" if "more" in request.POST else "campaigns:path-list"
            return redirect(to, *([written.pk] if "more" in request.POST else []))
    context = {"path": path, "form": form, "parts": parts}
    status = 422 if form.errors or (parts.is_bound and not parts.is_valid()) else 200
    return render(request, "campaigns/path_form.html", context, status=status)


@require_POST
@permission_required("campaigns.change_learningpath", raise_exception=True)
def path_switch(request: StaffRequest, path_id: int) -> HttpResponse:
    """Offer a path to customers, or take it away."""
    path = get_object_or_404(LearningPath, pk=path_id)
    guiding.switch(path=path, is_on=request.POST.get("to") == "on")
    return redirect("campaigns:path-list")
