"""Accounts, their history, and refused log-ins: for administrators."""

from __future__ import annotations

from typing import Any

from axes.models import AccessAttempt
from django import forms
from django.contrib import admin, messages
from django.contrib.admin.models import LogEntry
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group, User
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm
from unfold.widgets import UnfoldAdminSelectWidget

from cxportal.lib.admin import ReadOnlyAdmin
from cxportal.pages.access import ROLE_LABEL, Role, assign_role, role_of

ROLE_CHOICES = [("", "—"), *((role.value, label) for role, label in ROLE_LABEL.items())]


class RoleMixin(forms.ModelForm):
    """One role per account, instead of Django's groups and permissions one by one."""

    role = forms.ChoiceField(
        choices=ROLE_CHOICES,
        widget=UnfoldAdminSelectWidget,
        help_text="What the account may see and do.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk and (role := role_of(self.instance)):
            self.initial["role"] = role.value


class StaffCreationForm(RoleMixin, UserCreationForm):
    """A new account with its role."""


class StaffChangeForm(RoleMixin, UserChangeForm):
    """An account with its role."""


admin.site.unregister(User)
admin.site.unregister(Group)


@admin.register(User)
class UserAdmin(DjangoUserAdmin, ModelAdmin):
    """Accounts. Nobody can be made a superuser here, and nobody is deleted: history names them."""

    form = StaffChangeForm
    add_form = StaffCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ("username", "first_name", "last_name", "role", "is_active", "last_login")
    list_filter = ("groups", "is_active")
    ordering = ("username",)
    filter_horizontal = ()
    readonly_fields = ("last_login", "date_joined")
    fieldsets = (
        (None, {"fields": ("username", "password", "role", "is_active")}),
        ("Person", {"fields": ("first_name", "last_name", "email")}),
        ("Dates", {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = (
        (None, {"fields": ("username", "role", "usable_password", "password1", "password2")}),
        ("Person", {"fields": ("first_name", "last_name", "email")}),
    )

    @admin.display(description="role")
    def role(self, user: User) -> str:
        role = role_of(user)
        return ROLE_LABEL[role] if role else "none"

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).prefetch_related("groups")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Keep a superuser's password out of reach of those who are none."""
        protected = obj is not None and obj.is_superuser and not request.user.is_superuser
        return not protected and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        with transaction.atomic():
            super().save_model(request, obj, form, change)
            assign_role(user=obj, role=Role(form.cleaned_data["role"]))


@admin.register(LogEntry)
class LogEntryAdmin(ReadOnlyAdmin):
    list_display = ("action_time", "user", "content_type", "object_repr", "what")
    list_filter = ("content_type",)
    list_select_related = ("user", "content_type")
    search_fields = ("=user__username",)
    search_help_text = "Name of an account"
    fields = ("action_time", "user", "content_type", "object_repr", "what")
    ordering = ("-id",)

    @admin.display(description="what")
    def what(self, entry: LogEntry) -> str:
        return entry.get_change_message()


@admin.register(AccessAttempt)
class AccessAttemptAdmin(ModelAdmin):
    """Refused log-ins; without the row, the account may try again at once from there."""

    actions = ("let_in_again",)

    list_display = ("attempt_time", "username", "ip_address", "failures_since_start")
    search_fields = ("=username", "=ip_address")
    fields = ("attempt_time", "username", "ip_address", "failures_since_start")
    ordering = ("-id",)

    @admin.action(description="Let in again", permissions=["delete"])
    def let_in_again(self, request: HttpRequest, attempts: QuerySet[AccessAttempt]) -> None:
        count, _ = attempts.delete()
        messages.success(request, f"Log-ins that may be tried again: {count}.")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
