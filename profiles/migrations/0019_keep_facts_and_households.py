"""Facts may be taken back and expire; households keep who left; delicate things stand on a consent."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("profiles", "0018_confirm_consents"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="householdmember",
            name="profiles_member_once",
        ),
        migrations.AddField(
            model_name="attribute",
            name="is_for_staff",
            field=models.BooleanField(
                db_default=False,
                help_text="where the customer told it",
                verbose_name="shown at the counter",
            ),
        ),
        migrations.AddField(
            model_name="factvalue",
            name="taken_back_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="householdmember",
            name="left_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="householdwarning",
            name="consent",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="profiles.consententry",
            ),
        ),
        migrations.AlterField(
            model_name="attribute",
            name="purpose",
            field=models.CharField(
                help_text="what it is kept for, in plain words that begin with “to”", max_length=200
            ),
        ),
        migrations.AlterField(
            model_name="consententry",
            name="channel",
            field=models.CharField(choices=[("email", "email"), ("none", "none")], max_length=10),
        ),
        migrations.AlterField(
            model_name="consententry",
            name="purpose",
            field=models.CharField(
                choices=[("reminders", "reminders"), ("offers", "offers"), ("special", "special")],
                max_length=20,
            ),
        ),
        migrations.AlterField(
            model_name="consentrule",
            name="purpose",
            field=models.CharField(
                choices=[("reminders", "reminders"), ("offers", "offers"), ("special", "special")],
                max_length=20,
                unique=True,
            ),
        ),
        migrations.AlterField(
            model_name="consentwording",
            name="purpose",
            field=models.CharField(
                choices=[("reminders", "reminders"), ("offers", "offers"), ("special", "special")],
                max_length=20,
            ),
        ),
        migrations.AddConstraint(
            model_name="attribute",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("holds_days__isnull", True),
                    models.Q(("holds_days__gte", 1), ("holds_days__lte", 36500)),
                    _connector="OR",
                ),
                name="profiles_attribute_holds",
                violation_error_message="A value holds for a day to a hundred years; leave it empty for good.",
            ),
        ),
        migrations.AddConstraint(
            model_name="attribute",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("choices", []), ("type__in", ["choice", "choices"]), _negated=True
                ),
                name="profiles_attribute_has_choices",
                violation_error_message="Write what can be chosen.",
            ),
        ),
        migrations.AddConstraint(
            model_name="factvalue",
            constraint=models.CheckConstraint(
                condition=models.Q(("value__isnull", False), ("manner", "told"), _connector="OR"),
                name="profiles_fact_deletion_told",
            ),
        ),
        migrations.AddConstraint(
            model_name="householdmember",
            constraint=models.UniqueConstraint(
                condition=models.Q(("left_at__isnull", True), ("origin_profile__isnull", False)),
                fields=("household", "origin_profile"),
                name="profiles_member_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="householdwarning",
            constraint=models.CheckConstraint(
                condition=models.Q(("consent__isnull", False)), name="profiles_warning_agreed"
            ),
        ),
    ]
