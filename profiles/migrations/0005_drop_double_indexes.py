"""Drop the indexes of keys that lead a wider one: they slow writing down and mislead the planner."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("profiles", "0004_date_descriptions")]
    operations = [
        migrations.AlterField(
            model_name="profile",
            name="source",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="profiles.source",
            ),
        ),
        migrations.AlterField(
            model_name="purchase",
            name="customer",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="purchases",
                to="profiles.customer",
            ),
        ),
        migrations.AlterField(
            model_name="purchase",
            name="source",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="profiles.source",
            ),
        ),
    ]
