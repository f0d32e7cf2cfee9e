"""Routes: one include per app and namespace, and the pages that bring all apps together."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.auth import views as auth_views
from django.urls import include, path

from cxportal.pages import health, home, living, overview, settings_page

urlpatterns = [
    path("", home.home, name="home"),
    path("login/", auth_views.LoginView.as_view(), name="login"),
    path("logout/", auth_views.LogoutView.as_view(), name="logout"),
    path("healthz", health.healthz, name="healthz"),
    path("overview/", overview.overview, name="overview"),
    path("settings/", settings_page.settings_page, name="settings"),
    path("settings/company/", settings_page.save_company, name="settings-company"),
    path("settings/stores/", settings_page.save_places, name="settings-stores"),
    path("settings/sending/", settings_page.save_policy, name="settings-sending"),
    path("settings/stop/", settings_page.stop, name="sending-stop"),
    path("settings/resume/", settings_page.resume, name="sending-resume"),
    path("settings/adopt/", settings_page.adopt, name="sending-adopt"),
    path("", include("campaigns.urls")),
    path("", include("feedback.urls")),
    path("styleguide/", living.living, name="styleguide"),
    # The admin's own log-in asks people who are in for another account; ours says what is so.
    path("data/login/", home.data_login),
    path("data/", admin.site.urls),
]
