"""An answer can be taken back, and given again."""

from django.db import migrations, models

from cxportal.lib.db import append_only

# What the trigger lets through now; and what it let through before, for the way back.
OPEN = append_only("campaigns_outcome", rewritable=("customer_id", "taken_back_at"))
CLOSED = append_only("campaigns_outcome")


class Migration(migrations.Migration):
    dependencies = [("campaigns", "0008_keep_pauses")]
    operations = [
        migrations.AddField("outcome", "taken_back_at", models.DateTimeField(null=True)),
        migrations.RunSQL(sql=CLOSED.reverse_sql or "", reverse_sql=CLOSED.sql),
        OPEN,
        migrations.RemoveConstraint(model_name="outcome", name="campaigns_outcome_once"),
        migrations.AddConstraint(
            model_name="outcome",
            constraint=models.UniqueConstraint(
                fields=["decision", "kind", "actor", "until"],
                condition=models.Q(taken_back_at=None),
                nulls_distinct=False,
                name="campaigns_outcome_once",
            ),
        ),
    ]
