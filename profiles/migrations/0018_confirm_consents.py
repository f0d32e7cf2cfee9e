"""A yes may wait for its confirmation, a no may be lifted while merged, and a checkout states its origins.

Every purpose gets its rule, so that managers find it to change.
"""

import uuid

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

RULES = """
    INSERT INTO profiles_consentrule (purpose) VALUES ('reminders'), ('offers') ON CONFLICT DO NOTHING
"""


class Migration(migrations.Migration):
    dependencies = [("profiles", "0017_lend_names")]
    operations = [
        migrations.AddField(
            model_name="source",
            name="origins",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=200),
                blank=True,
                db_default=[],
                default=list,
                size=None,
            ),
        ),
        migrations.AddField(
            model_name="consententry",
            name="lifted_by",
            field=models.ForeignKey(
                db_index=False,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="profiles.consententry",
            ),
        ),
        migrations.AddConstraint(
            model_name="consententry",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("lifted_by__isnull", True), ("state", "withdrawn"), _connector="OR"
                ),
                name="profiles_consent_lifts_a_no",
            ),
        ),
        migrations.CreateModel(
            name="ConsentRequest",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("mailed_at", models.DateTimeField(blank=True, null=True)),
                ("attempts", models.PositiveSmallIntegerField(db_default=0)),
                ("lease_until", models.DateTimeField(blank=True, null=True)),
                ("confirmed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "entry",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="request",
                        to="profiles.consententry",
                    ),
                ),
                (
                    "identifier",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="profiles.identifier",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("mailed_at__isnull", True)),
                        fields=["id"],
                        name="profiles_consentrequest_due",
                    )
                ],
            },
        ),
        migrations.RunSQL(RULES, migrations.RunSQL.noop),
    ]
