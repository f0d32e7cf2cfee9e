"""Decisions are known to other systems by an id that nobody can guess; old silences become counts by day.

The append-only trigger lets an erasure give the id a new value, and retention delete.
"""

import uuid

import django.db.models.deletion
from django.contrib.postgres.functions import RandomUUID
from django.db import migrations, models

FUNCTION = """
CREATE OR REPLACE FUNCTION campaigns_decision_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND (to_jsonb(OLD) {kept}) = (to_jsonb(NEW) {kept}) THEN
        RETURN NEW;
    END IF;
    {retaining}
    RAISE EXCEPTION 'rows of campaigns_decision are never changed or deleted'
        USING ERRCODE = 'restrict_violation', CONSTRAINT = 'campaigns_decision_append_only';
END $$;
"""
RETAINING = """
    IF TG_OP = 'DELETE' AND current_setting('cxportal.retaining', true) = 'on' THEN
        RETURN OLD;
    END IF;
"""
FORWARDS = FUNCTION.format(kept="- 'customer_id' - 'public_id'", retaining=RETAINING)
BACKWARDS = FUNCTION.format(kept="- 'customer_id'", retaining="")
KINDS = (
    "said not_now not_relevant less_of_this stop still_have_plenty buy_again helpful"
    " asked_for_a_person too_personal"
).split()


class Migration(migrations.Migration):
    dependencies = [
        ("campaigns", "0011_find_moments_by_time"),
        ("profiles", "0034_import_on_a_schedule"),
    ]
    operations = [
        migrations.CreateModel(
            name="SilentDay",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("on", models.DateField()),
                (
                    "campaign",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="campaigns.campaign",
                    ),
                ),
                ("moment", models.CharField(max_length=60)),
                ("door", models.CharField(max_length=10)),
                ("reason", models.CharField(max_length=40)),
                ("decisions", models.PositiveBigIntegerField()),
                ("moments", models.PositiveBigIntegerField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=["on", "campaign", "moment", "door", "reason"],
                        name="campaigns_silentday_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(moments__lte=models.F("decisions"), decisions__gt=0),
                        name="campaigns_silentday_counts",
                    ),
                ]
            },
        ),
        migrations.AddField(
            "decision",
            "public_id",
            models.UUIDField(
                default=uuid.uuid4, db_default=RandomUUID(), unique=True, editable=False
            ),
        ),
        migrations.AddIndex(
            "decision",
            models.Index(
                fields=["id"],
                condition=models.Q(verdict="silent"),
                name="campaigns_decision_silent",
            ),
        ),
        migrations.AlterField(
            "outcome",
            "kind",
            models.CharField(choices=[(kind, kind) for kind in KINDS], max_length=20),
        ),
        migrations.RunSQL(FORWARDS, BACKWARDS),
    ]
