from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("campaigns", "0006_rehearse_by_reading")]

    operations = [
        migrations.AlterConstraint(
            model_name="campaign",
            name="campaigns_campaign_value",
            constraint=models.CheckConstraint(
                condition=models.Q(("value__gt", 0)),
                name="campaigns_campaign_value",
                violation_error_code="worth_nothing",
                violation_error_message="A message that helps is worth more than nothing.",
            ),
        )
    ]
