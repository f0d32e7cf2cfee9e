"""Routes of profiles."""

from __future__ import annotations

from django.urls import include, path, re_path

from profiles import views, views_events, views_guards, views_keys, views_products, views_schedules
from profiles.api import events, pickups

app_name = "profiles"
# With and without the last slash: a redirect would turn a POST into a GET, and lose its events.
EVENT_DOORS = "identify|track|page|screen|group|alias|batch|i|t|p|s|g|a|b"
urlpatterns = [
    path("imports/", views.import_list, name="import-list"),
    path("imports/new/", views.import_new, name="import-new"),
    path("imports/<int:job_id>/", views.import_detail, name="import-detail"),
    path("imports/<int:job_id>/run/", views.import_run, name="import-run"),
    path("imports/<int:job_id>/undo/", views.import_undo, name="import-undo"),
    path("imports/<int:job_id>/kept-aside.csv", views.import_rejects, name="import-rejects"),
    path("imports/<int:job_id>/columns/", views_schedules.import_columns, name="import-columns"),
    path("imports/schedules/", views_schedules.schedule_list, name="schedule-list"),
    path("imports/schedules/new/<slug:whence>/", views_schedules.schedule_new, name="schedule-new"),
    path(
        "imports/schedules/<int:schedule_id>/",
        views_schedules.schedule_detail,
        name="schedule-detail",
    ),
    path(
        "imports/schedules/<int:schedule_id>/change/",
        views_schedules.schedule_change,
        name="schedule-change",
    ),
    path(
        "imports/schedules/<int:schedule_id>/look/",
        views_schedules.schedule_look,
        name="schedule-look",
    ),
    path(
        "imports/schedules/<int:schedule_id>/switch/",
        views_schedules.schedule_switch,
        name="schedule-switch",
    ),
    path(
        "imports/schedules/<int:schedule_id>/delete/",
        views_schedules.schedule_delete,
        name="schedule-delete",
    ),
    path(
        "imports/schedules/files/<int:file_id>/again/",
        views_schedules.schedule_again,
        name="schedule-again",
    ),
    path("api/v1/pickups/", pickups.REQUEST, name="pickups"),
    path("api/v1/pickups/state/", pickups.STATE, name="pickup-state"),
    path("api/v1/pickups/at/<path:place>/", pickups.COMING, name="pickups-coming"),
    path("api/v1/", include("profiles.api.routes")),
    path("products/", views_products.product_list, name="product-list"),
    path("products/compare/", views_products.product_compare, name="product-compare"),
    path("products/<int:product_id>/", views_products.product_detail, name="product-detail"),
    path("guards/", views_guards.guard_list, name="guard-list"),
    path("guards/new/", views_guards.guard_new, name="guard-new"),
    path("guards/<int:guard_id>/", views_guards.guard_detail, name="guard-detail"),
    path("guards/<int:guard_id>/change/", views_guards.guard_change, name="guard-change"),
    path("guards/<int:guard_id>/switch/", views_guards.guard_switch, name="guard-switch"),
    path("events/", views_events.event_list, name="event-list"),
    path("events/<int:event_id>/", views_events.event_detail, name="event-detail"),
    path("events/replay/", views_events.event_replay, name="event-replay"),
    path("events/drop/", views_events.event_drop, name="event-drop"),
    path("settings/keys/", views_keys.key_list, name="key-list"),
    path("settings/keys/<int:key_id>/revoke/", views_keys.key_revoke, name="key-revoke"),
    re_path(rf"^v1/(?P<door>{EVENT_DOORS})/?$", events.take, name="events"),
    re_path(
        r"^v1/projects/(?P<write_key>[^/]+)/settings/?$",
        events.project_settings,
        name="event-settings",
    ),
    path("v1/<path:rest>", events.unknown),
]
