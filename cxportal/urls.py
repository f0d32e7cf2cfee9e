"""Routes: one include per app and namespace, and the pages that bring all apps together."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.auth import views as auth_views
from django.urls import include, path

from cxportal.pages import (
    checkout_consent,
    confirm_consent,
    consent_receipt,
    counter,
    counter_pickups,
    doors_page,
    enrol,
    counter_household,
    fresh_link,
    health,
    home,
    living,
    my_facts,
    my_household,
    my_page,
    my_pickups,
    overview,
    settings_page,
    sign_up,
)

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
    path("settings/doors/", doors_page.doors, name="settings-doors"),
    path("settings/doors/<int:place_id>/", doors_page.qr_sheet, name="settings-qr"),
    path("counter/", counter.counter, name="counter"),
    path("counter/store/", counter.choose_store, name="counter-store"),
    path(
        "customers/<int:customer_id>/consent-receipt.json",
        consent_receipt.of_customer,
        name="customer-consent-receipt",
    ),
    path("counter/enrol/", enrol.enrol, name="counter-enrol"),
    path("counter/<int:customer_id>/", counter.customer_card, name="counter-customer"),
    path("counter/coming/", counter_pickups.coming, name="counter-coming"),
    path(
        "counter/coming/<int:pickup_id>/<str:said>/", counter_pickups.change, name="counter-pickup"
    ),
    path("counter/<int:customer_id>/book/", counter_pickups.book_again, name="counter-book"),
    path("counter/<int:customer_id>/answer/", counter.answer_suggestion, name="counter-answer"),
    path(
        "counter/<int:customer_id>/household/",
        counter_household.household_page,
        name="counter-household",
    ),
    path(
        "counter/<int:customer_id>/household/<str:said>/",
        counter_household.household,
        name="counter-household-say",
    ),
    path(
        "counter/<int:customer_id>/fact/<int:attribute_id>/<str:said>/",
        counter_household.fact,
        name="counter-fact",
    ),
    path("my/<str:token>/", my_page.page, name="my-page"),
    path("my/<str:token>/reorder/<int:product_id>/<str:said>/", my_page.reorder, name="my-reorder"),
    path("my/<str:token>/consent/", my_page.consent, name="my-consent"),
    path("my/<str:token>/consent/receipt.json", consent_receipt.own, name="my-consent-receipt"),
    path("my/<str:token>/contact/", my_page.contact, name="my-contact"),
    path("my/<str:token>/fact/<int:attribute_id>/<str:said>/", my_facts.fact, name="my-fact"),
    path("my/<str:token>/delicate/withdraw/", my_facts.withdraw, name="my-delicate"),
    path("my/<str:token>/household/<str:said>/", my_household.household, name="my-household"),
    path("my/<str:token>/person/", my_page.person, name="my-person"),
    path("my/<str:token>/order/", my_pickups.order, name="my-order"),
    path("my/<str:token>/order/<int:pickup_id>/<str:said>/", my_pickups.change, name="my-pickup"),
    path("join/<str:code>/", sign_up.sign_up, name="sign-up"),
    path("join/<str:code>/done/", sign_up.done, name="sign-up-done"),
    path("checkout/<str:shop>/", checkout_consent.agree, name="checkout"),
    path("checkout/<str:shop>/boxes.json", checkout_consent.boxes, name="checkout-boxes"),
    path("confirm/<str:token>/", confirm_consent.confirm_consent, name="confirm-consent"),
    path("fresh/<str:purpose>/<str:token>/", fresh_link.fresh, name="fresh-link"),
    path("", include("campaigns.urls")),
    path("", include("feedback.urls")),
    path("", include("profiles.urls")),
    path("styleguide/", living.living, name="styleguide"),
    # The admin's own log-in asks people who are in for another account; ours says what is so.
    path("data/login/", home.data_login),
    path("data/", admin.site.urls),
]
