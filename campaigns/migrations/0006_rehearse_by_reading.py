"""A file read in another way, by other columns or in another time zone, is another rehearsal."""

from django.db import migrations, models
from django.db.models.functions import MD5, Cast


class Migration(migrations.Migration):
    dependencies = [("campaigns", "0005_answers_count_anew")]

    operations = [
        migrations.RemoveConstraint(model_name="rehearsal", name="campaigns_rehearsal_once"),
        migrations.AddConstraint(
            model_name="rehearsal",
            constraint=models.UniqueConstraint(
                "sha256",
                "as_of",
                "time_zone",
                MD5(Cast("mapping", models.TextField())),
                nulls_distinct=False,
                name="campaigns_rehearsal_once",
            ),
        ),
    ]
