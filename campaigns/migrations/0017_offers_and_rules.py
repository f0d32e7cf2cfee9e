"""Offers and the rule base, in versions; what an offer came to stands with the decision."""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.expressions
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("campaigns", "0016_ask_for_less_attention"),
        ("profiles", "0042_companions"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="OfferVersion",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveIntegerField()),
                ("name", models.CharField(max_length=120)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("offer", "offer"),
                            ("guidance", "guidance"),
                            ("service", "service"),
                        ],
                        max_length=10,
                    ),
                ),
                ("terms", models.JSONField()),
                ("condition", models.JSONField(null=True)),
                (
                    "moments",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=60), size=None
                    ),
                ),
                (
                    "doors",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            choices=[("email", "email"), ("counter", "counter"), ("page", "page")],
                            max_length=10,
                        ),
                        size=None,
                    ),
                ),
                ("value_customer", models.FloatField()),
                ("value_house", models.FloatField()),
                ("cost", models.FloatField()),
                ("starts_at", models.DateTimeField()),
                ("ends_at", models.DateTimeField(null=True)),
                ("exclusivity", models.CharField(blank=True, max_length=60)),
                ("counter_words", models.CharField(blank=True, max_length=300)),
                ("page_words", models.CharField(blank=True, max_length=300)),
                ("mail_subject", models.CharField(blank=True, max_length=200)),
                ("mail_text", models.TextField(blank=True)),
                ("note", models.CharField(blank=True, max_length=300)),
                ("is_on", models.BooleanField()),
                ("written_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Rule",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="RuleVersion",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveIntegerField()),
                ("name", models.CharField(max_length=120)),
                ("condition", models.JSONField()),
                ("terms", models.JSONField()),
                (
                    "weight",
                    models.CharField(
                        choices=[
                            ("fits_well", "fits_well"),
                            ("fits", "fits"),
                            ("fits_not", "fits_not"),
                        ],
                        max_length=10,
                    ),
                ),
                ("note", models.CharField(blank=True, max_length=300)),
                ("is_on", models.BooleanField()),
                ("written_at", models.DateTimeField()),
            ],
        ),
        migrations.AddField(
            model_name="decision",
            name="product",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="profiles.product",
            ),
        ),
        migrations.CreateModel(
            name="Offer",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("stock", models.PositiveIntegerField(blank=True, null=True)),
                ("created_at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("stock", None), ("stock__gte", 0), _connector="OR"),
                        name="campaigns_offer_stock",
                        violation_error_message="There cannot be less than none of an offer.",
                    )
                ],
            },
        ),
        migrations.AddField(
            model_name="campaign",
            name="offer",
            field=models.ForeignKey(
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="campaigns",
                to="campaigns.offer",
            ),
        ),
        migrations.AddConstraint(
            model_name="campaign",
            constraint=models.UniqueConstraint(
                fields=("offer", "moment"),
                name="campaigns_campaign_offer",
                violation_error_message="An offer answers a moment once.",
            ),
        ),
        migrations.AddField(
            model_name="offerversion",
            name="offer",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="versions",
                to="campaigns.offer",
            ),
        ),
        migrations.AddField(
            model_name="offerversion",
            name="written_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="ruleversion",
            name="rule",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="versions",
                to="campaigns.rule",
            ),
        ),
        migrations.AddField(
            model_name="ruleversion",
            name="written_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddConstraint(
            model_name="offerversion",
            constraint=models.UniqueConstraint(
                fields=("offer", "number"), name="campaigns_offerversion_number"
            ),
        ),
        migrations.AddConstraint(
            model_name="offerversion",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["offer", "guidance", "service"])),
                name="campaigns_offerversion_kind",
            ),
        ),
        migrations.AddConstraint(
            model_name="offerversion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("doors__contained_by", ["email", "counter", "page"]), ("doors__len__gt", 0)
                ),
                name="campaigns_offerversion_doors",
                violation_error_message="Choose at least one door at which it may be said.",
            ),
        ),
        migrations.AddConstraint(
            model_name="offerversion",
            constraint=models.CheckConstraint(
                condition=models.Q(("moments__len__gt", 0)),
                name="campaigns_offerversion_moments",
                violation_error_message="Choose at least one moment that it answers.",
            ),
        ),
        migrations.AddConstraint(
            model_name="offerversion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("cost__gte", 0), ("value_customer__gt", 0), ("value_house__gte", 0)
                ),
                name="campaigns_offerversion_values",
                violation_error_message="An offer brings the customer something, and costs nothing or more.",
            ),
        ),
        migrations.AddConstraint(
            model_name="offerversion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "cost__lt",
                        django.db.models.expressions.CombinedExpression(
                            models.F("value_customer"), "+", models.F("value_house")
                        ),
                    )
                ),
                name="campaigns_offerversion_worth",
                violation_error_message="It costs as much as it brings: nobody would be told.",
            ),
        ),
        migrations.AddConstraint(
            model_name="offerversion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("ends_at", None), ("ends_at__gt", models.F("starts_at")), _connector="OR"
                ),
                name="campaigns_offerversion_period",
                violation_error_message="It ends before it begins.",
            ),
        ),
        migrations.AddConstraint(
            model_name="offerversion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("doors__contains", ["email"]), _negated=True),
                    models.Q(
                        models.Q(("mail_subject", ""), _negated=True),
                        models.Q(("mail_text", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="campaigns_offerversion_mail",
                violation_error_message="Write the subject and the text of the e-mail.",
            ),
        ),
        migrations.AddConstraint(
            model_name="ruleversion",
            constraint=models.UniqueConstraint(
                fields=("rule", "number"), name="campaigns_ruleversion_number"
            ),
        ),
        migrations.AddConstraint(
            model_name="ruleversion",
            constraint=models.CheckConstraint(
                condition=models.Q(("weight__in", ["fits_well", "fits", "fits_not"])),
                name="campaigns_ruleversion_weight",
            ),
        ),
    ]
