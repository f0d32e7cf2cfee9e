"""Imports of every kind: what a file's columns are called, which rows it made, and that it is to be undone."""

import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("profiles", "0026_first_retention")]
    operations = [
        migrations.AddField(
            model_name="importjob",
            name="headers",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.TextField(), blank=True, db_default=[], default=list, size=None
            ),
        ),
        migrations.AddField(
            model_name="importjob",
            name="delimiter",
            field=models.CharField(blank=True, db_default="", max_length=1),
        ),
        migrations.AddField(
            model_name="importjob",
            name="undo_asked_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddConstraint(
            model_name="importjob",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("undone_at__isnull", True), ("undo_asked_at__isnull", False), _connector="OR"
                ),
                name="profiles_importjob_undone_as_asked",
            ),
        ),
        # Nothing has written into this table before.
        migrations.RenameField("importedrow", "row_id", "first_id"),
        migrations.AddField(
            model_name="importedrow",
            name="last_id",
            field=models.BigIntegerField(default=0),
            preserve_default=False,
        ),
        migrations.AddConstraint(
            model_name="importedrow",
            constraint=models.CheckConstraint(
                condition=models.Q(("last_id__gte", models.F("first_id"))),
                name="profiles_importedrow_stretch",
            ),
        ),
    ]
