"""What is wrong in customers' data, whose number is used by many, and what customers were asked."""

from typing import Any

import django.db.models.deletion
from django.db import migrations, models

from cxportal.lib.db import remembers

KINDS = ["bounced", "shared", "old", "impossible", "doubtful", "no_name"]
SAID = ["answered", "later", "never"]


def key(**options: Any) -> dict[str, Any]:
    return {
        "on_delete": django.db.models.deletion.PROTECT,
        "related_name": "+",
        "db_index": False,
    } | options


ID = models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")


class Migration(migrations.Migration):
    dependencies = [("profiles", "0030_count_over_all_processes")]
    operations = [
        migrations.AddField(
            "attribute",
            "is_asked",
            models.BooleanField(
                db_default=False,
                help_text="a profile without it is not complete; customers are asked, one question at a time",
                verbose_name="asked for",
            ),
        ),
        migrations.AddField(
            "consentrule",
            "is_asked_at_joining",
            models.BooleanField(
                db_default=False,
                help_text="has a box at sign-up, at the counter’s enrolment and in checkouts, where it has a wording",
                verbose_name="asked of newcomers",
            ),
        ),
        migrations.AddField(
            "identifierrule",
            "most_people",
            models.PositiveSmallIntegerField(
                db_default=4,
                default=4,
                help_text="with more, it is pointed out as one that belongs to many",
                verbose_name="people with one value, at most",
            ),
        ),
        migrations.AddConstraint(
            "identifierrule",
            models.CheckConstraint(
                condition=models.Q(("most_people__gte", 1)),
                name="profiles_identifierrule_most_people",
                violation_error_message="One person at least has each value.",
            ),
        ),
        migrations.CreateModel(
            name="Finding",
            fields=[
                ("id", ID.clone()),
                ("customer", models.ForeignKey(to="profiles.customer", **key())),
                ("origin_customer_id", models.BigIntegerField(editable=False, null=True)),
                ("kind", models.CharField(choices=[(k, k) for k in KINDS], max_length=10)),
                ("subject", models.CharField(max_length=40)),
                ("of_value", models.CharField(max_length=100)),
                ("found_at", models.DateTimeField()),
                ("settled_at", models.DateTimeField(blank=True, null=True)),
                ("settled_by", models.CharField(blank=True, max_length=60)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("customer", "kind", "subject"), name="profiles_finding_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", KINDS)), name="profiles_finding_kind"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("settled_at__isnull", True), ("settled_by", "")),
                            models.Q(
                                ("settled_at__isnull", False),
                                models.Q(("settled_by", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="profiles_finding_settled_by_whom",
                    ),
                ],
                "indexes": [
                    models.Index(
                        condition=models.Q(("settled_at__isnull", True)),
                        fields=["kind", "id"],
                        name="profiles_finding_open",
                    ),
                    models.Index(
                        condition=models.Q(("settled_at__isnull", False)),
                        fields=["id"],
                        name="profiles_finding_settled",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SharedSighting",
            fields=[
                ("id", ID.clone()),
                (
                    "identifier",
                    models.ForeignKey(
                        to="profiles.identifier",
                        **key(
                            on_delete=django.db.models.deletion.CASCADE,
                            related_name="shared_sightings",
                        ),
                    ),
                ),
                (
                    "profile",
                    models.ForeignKey(
                        to="profiles.profile",
                        **key(on_delete=django.db.models.deletion.CASCADE, db_index=True),
                    ),
                ),
                ("seen_at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("identifier", "profile"), name="profiles_sharedsighting_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="AskedQuestion",
            fields=[
                ("id", ID.clone()),
                ("customer", models.ForeignKey(to="profiles.customer", **key())),
                ("origin_customer_id", models.BigIntegerField(editable=False, null=True)),
                ("subject", models.CharField(max_length=40)),
                ("said", models.CharField(choices=[(s, s) for s in SAID], max_length=10)),
                ("door", models.CharField(max_length=20)),
                ("actor", models.CharField(max_length=60)),
                ("said_at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("said__in", SAID)), name="profiles_asked_said"
                    )
                ],
                "indexes": [
                    models.Index(fields=["customer", "-said_at"], name="profiles_asked_customer")
                ],
            },
        ),
        remembers("profiles_finding", "origin_customer_id"),
        remembers("profiles_askedquestion", "origin_customer_id"),
    ]
