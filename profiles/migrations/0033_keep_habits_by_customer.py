"""Habits are found by their customer, and replaced by the million: one index for three, and no keys to check."""

from django.db import migrations, models
from django.db.models.deletion import PROTECT


class Migration(migrations.Migration):
    dependencies = [("profiles", "0032_ask_for_birthdays")]
    operations = [
        migrations.AddConstraint(
            model_name="habit",
            constraint=models.UniqueConstraint(
                fields=["customer", "product", "category"],
                nulls_distinct=False,
                name="profiles_habit_once",
            ),
        ),
        migrations.RemoveConstraint(model_name="habit", name="profiles_habit_product_once"),
        migrations.RemoveConstraint(model_name="habit", name="profiles_habit_category_once"),
        *(
            migrations.AlterField(
                model_name="habit",
                name=name,
                field=models.ForeignKey(
                    to=f"profiles.{name}",
                    on_delete=PROTECT,
                    null=name != "customer",
                    related_name="habits" if name == "customer" else "+",
                    db_constraint=False,
                    db_index=False,
                ),
            )
            for name in ("customer", "product", "category")
        ),
    ]
