"""Routes of feedback."""

from django.urls import path

from feedback import views

app_name = "feedback"
urlpatterns = [
    path("answer/<str:token>/", views.answer, name="answer"),
    path("cases/", views.case_list, name="case-list"),
    path("cases/<int:case_id>/", views.case_detail, name="case-detail"),
    path("cases/<int:case_id>/note/", views.case_note, name="case-note"),
    path("cases/<int:case_id>/assign/", views.case_assign, name="case-assign"),
    path("cases/<int:case_id>/solve/", views.case_solve, name="case-solve"),
]
