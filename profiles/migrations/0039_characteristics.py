"""Characteristics of products, and the day on which a product comes out."""

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("profiles", "0038_more_moments"),
    ]

    operations = [
        migrations.AddField(
            model_name="product",
            name="released_on",
            field=models.DateField(
                blank=True,
                help_text="From this day on it counts as new to whoever it fits.",
                null=True,
                verbose_name="comes out on",
            ),
        ),
        migrations.CreateModel(
            name="Characteristic",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("code", models.SlugField(max_length=60, unique=True)),
                ("name", models.CharField(max_length=120)),
                (
                    "type",
                    models.CharField(
                        choices=[
                            ("number", "a number"),
                            ("choice", "one of several"),
                            ("choices", "some of several"),
                            ("yes_no", "yes or no"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "unit",
                    models.CharField(
                        blank=True, help_text="of a number, such as g or cm", max_length=20
                    ),
                ),
                (
                    "choices",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=80),
                        blank=True,
                        default=list,
                        size=None,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("type__in", ["number", "choice", "choices", "yes_no"])),
                        name="profiles_characteristic_type",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("choices", []), ("type__in", ["choice", "choices"]), _negated=True
                        ),
                        name="profiles_characteristic_choices",
                        violation_error_message="Write what can be chosen.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("code__regex", "^[a-z][a-z0-9_]*$"),
                            models.Q(("code__regex", "_at_(least|most)$"), _negated=True),
                        ),
                        name="profiles_characteristic_code",
                        violation_error_message="Write the code in small letters, digits and _, not ending in _at_least or _at_most.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ProductValue",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.FloatField(null=True)),
                (
                    "chosen",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=80), null=True, size=None
                    ),
                ),
                ("is_so", models.BooleanField(null=True)),
                (
                    "characteristic",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="values",
                        to="profiles.characteristic",
                    ),
                ),
                (
                    "product",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="values",
                        to="profiles.product",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        fields=["characteristic", "number"], name="profiles_productvalue_number"
                    ),
                    django.contrib.postgres.indexes.GinIndex(
                        fields=["chosen"], name="profiles_productvalue_chosen"
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("product", "characteristic"), name="profiles_productvalue_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("chosen", None), ("is_so", None), ("number__isnull", False)),
                            models.Q(
                                ("chosen__isnull", False),
                                ("is_so", None),
                                ("number", None),
                                models.Q(("chosen", []), _negated=True),
                            ),
                            models.Q(("chosen", None), ("is_so__isnull", False), ("number", None)),
                            _connector="OR",
                        ),
                        name="profiles_productvalue_one",
                        violation_error_message="A value is a number, what was chosen, or yes or no.",
                    ),
                ],
            },
        ),
    ]
