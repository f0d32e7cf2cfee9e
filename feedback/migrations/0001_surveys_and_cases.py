"""Questions, answers to them, and cases with their history."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("profiles", "0003_append_only"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Case",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("low_score", "Low score"),
                            ("person", "Asked for a person"),
                            ("complaint", "Complaint"),
                        ],
                        max_length=10,
                    ),
                ),
                ("source_ref", models.CharField(max_length=120)),
                ("detail", models.TextField(blank=True)),
                (
                    "state",
                    models.CharField(
                        choices=[("open", "open"), ("solved", "solved")],
                        db_default="open",
                        max_length=10,
                    ),
                ),
                (
                    "priority",
                    models.CharField(
                        choices=[("normal", "normal"), ("high", "high")], max_length=10
                    ),
                ),
                ("opened_at", models.DateTimeField()),
                ("opened_by", models.CharField(max_length=60)),
                ("due_at", models.DateTimeField()),
                ("solved_at", models.DateTimeField(blank=True, null=True)),
                ("solved_by", models.CharField(blank=True, max_length=60)),
                ("resolution", models.TextField(blank=True)),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="profiles.customer",
                    ),
                ),
                (
                    "origin_profile",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="profiles.profile",
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="CaseEvent",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("opened", "opened"),
                            ("again", "again"),
                            ("assigned", "assigned"),
                            ("noted", "noted"),
                            ("solved", "solved"),
                        ],
                        max_length=10,
                    ),
                ),
                ("actor", models.CharField(max_length=60)),
                ("facts", models.JSONField(default=dict)),
                ("occurred_at", models.DateTimeField()),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="events",
                        to="feedback.case",
                    ),
                ),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="profiles.customer",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="CaseNote",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("text", models.TextField()),
                (
                    "event",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="note",
                        to="feedback.caseevent",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Invitation",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("invited_at", models.DateTimeField()),
                ("closes_at", models.DateTimeField()),
                (
                    "customer",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="profiles.customer",
                    ),
                ),
                (
                    "origin_profile",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="profiles.profile",
                    ),
                ),
                (
                    "purchase",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="profiles.purchase",
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="case",
            name="invitation",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="feedback.invitation",
            ),
        ),
        migrations.CreateModel(
            name="Answer",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("score", models.PositiveSmallIntegerField(blank=True, null=True)),
                ("text", models.TextField(blank=True)),
                ("answered_at", models.DateTimeField()),
                ("changed_at", models.DateTimeField()),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="profiles.customer",
                    ),
                ),
                (
                    "origin_profile",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="profiles.profile",
                    ),
                ),
                (
                    "invitation",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="answer",
                        to="feedback.invitation",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Survey",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("code", models.SlugField(max_length=60, unique=True)),
                ("question", models.CharField(max_length=300)),
                (
                    "kind",
                    models.CharField(choices=[("nps", "nps")], db_default="nps", max_length=10),
                ),
                ("is_live", models.BooleanField(db_default=False, verbose_name="asked now")),
                (
                    "low_score_at_most",
                    models.PositiveSmallIntegerField(
                        db_default=6,
                        help_text="a score this low opens a case, 0 to 10",
                        verbose_name="a case up to",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("is_live", True)),
                        fields=("is_live",),
                        name="feedback_survey_one_live",
                        violation_error_code="other_is_live",
                        violation_error_message="Another question is asked now. Switch that one off first.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["nps"])),
                        name="feedback_survey_kind",
                        violation_error_code="kind_unknown",
                        violation_error_message="There is no such kind of question.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("low_score_at_most__lte", 10)),
                        name="feedback_survey_low_score",
                        violation_error_code="score_out_of_range",
                        violation_error_message="Scores go from 0 to 10.",
                    ),
                ],
            },
        ),
        migrations.AddField(
            model_name="invitation",
            name="survey",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="invitations",
                to="feedback.survey",
            ),
        ),
        migrations.CreateModel(
            name="AnswerRevision",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveIntegerField()),
                ("score", models.PositiveSmallIntegerField(null=True)),
                ("has_text", models.BooleanField()),
                ("occurred_at", models.DateTimeField()),
                (
                    "answer",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="revisions",
                        to="feedback.answer",
                    ),
                ),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="profiles.customer",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("answer", "number"),
                        name="feedback_revision_number_once",
                        violation_error_code="number_used",
                        violation_error_message="This version of the answer exists.",
                    )
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="caseevent",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("kind__in", ["opened", "again", "assigned", "noted", "solved"])
                ),
                name="feedback_event_kind",
                violation_error_code="kind_unknown",
                violation_error_message="There is no such kind of event.",
            ),
        ),
        migrations.AddConstraint(
            model_name="casenote",
            constraint=models.CheckConstraint(
                condition=models.Q(("text", ""), _negated=True),
                name="feedback_note_not_empty",
                violation_error_code="note_empty",
                violation_error_message="Write what happened.",
            ),
        ),
        migrations.AddIndex(
            model_name="case",
            index=models.Index(
                condition=models.Q(("state", "open")),
                fields=["due_at", "opened_at", "id"],
                name="feedback_case_due",
            ),
        ),
        migrations.AddConstraint(
            model_name="case",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "open")),
                fields=("customer", "kind", "source_ref"),
                name="feedback_case_one_open",
                violation_error_code="case_open",
                violation_error_message="A case about this is open already.",
            ),
        ),
        migrations.AddConstraint(
            model_name="case",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("solved_at__isnull", True), ("solved_by", ""), ("state", "open")),
                    models.Q(
                        ("solved_at__isnull", False),
                        ("state", "solved"),
                        models.Q(("solved_by", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="feedback_case_solved_whole",
                violation_error_code="solved_by_halves",
                violation_error_message="A solved case says when and by whom, an open one neither.",
            ),
        ),
        migrations.AddConstraint(
            model_name="case",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["low_score", "person", "complaint"])),
                name="feedback_case_kind",
                violation_error_code="kind_unknown",
                violation_error_message="There is no such kind of case.",
            ),
        ),
        migrations.AddConstraint(
            model_name="case",
            constraint=models.CheckConstraint(
                condition=models.Q(("priority__in", ["normal", "high"])),
                name="feedback_case_priority",
                violation_error_code="priority_unknown",
                violation_error_message="There is no such priority.",
            ),
        ),
        migrations.AddConstraint(
            model_name="case",
            constraint=models.CheckConstraint(
                condition=models.Q(("due_at__gt", models.F("opened_at"))),
                name="feedback_case_due_later",
                violation_error_code="due_too_early",
                violation_error_message="A case is due after it was opened.",
            ),
        ),
        migrations.AddConstraint(
            model_name="answer",
            constraint=models.CheckConstraint(
                condition=models.Q(("score__isnull", True), ("score__lte", 10), _connector="OR"),
                name="feedback_answer_score",
                violation_error_code="score_out_of_range",
                violation_error_message="Scores go from 0 to 10.",
            ),
        ),
        migrations.AddConstraint(
            model_name="answer",
            constraint=models.CheckConstraint(
                condition=models.Q(("changed_at__gte", models.F("answered_at"))),
                name="feedback_answer_changed_later",
                violation_error_code="changed_too_early",
                violation_error_message="An answer is changed after it was given.",
            ),
        ),
        migrations.AddIndex(
            model_name="invitation",
            index=models.Index(
                fields=["customer", "-invited_at"], name="feedback_invitation_newest"
            ),
        ),
        migrations.AddConstraint(
            model_name="invitation",
            constraint=models.UniqueConstraint(
                fields=("survey", "purchase"),
                name="feedback_invitation_once_per_purchase",
                violation_error_code="asked_before",
                violation_error_message="This was asked about the purchase before.",
            ),
        ),
        migrations.AddConstraint(
            model_name="invitation",
            constraint=models.CheckConstraint(
                condition=models.Q(("closes_at__gt", models.F("invited_at"))),
                name="feedback_invitation_closes_later",
                violation_error_code="closes_too_early",
                violation_error_message="A question closes after it was asked.",
            ),
        ),
    ]
