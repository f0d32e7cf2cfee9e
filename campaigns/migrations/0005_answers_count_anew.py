"""An answer that holds for a time can be given again on a later day."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("campaigns", "0004_remember_whose")]
    operations = [
        migrations.RemoveConstraint(model_name="outcome", name="campaigns_outcome_once"),
        migrations.AddConstraint(
            model_name="outcome",
            constraint=models.UniqueConstraint(
                fields=["decision", "kind", "actor", "until"],
                nulls_distinct=False,
                name="campaigns_outcome_once",
            ),
        ),
    ]
