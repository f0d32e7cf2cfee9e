"""A product remembers when it was described, so that importing an older file changes nothing back."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("profiles", "0003_append_only")]
    operations = [
        migrations.AddField(
            model_name="product",
            name="described_at",
            field=models.DateTimeField(null=True, blank=True, editable=False),
        )
    ]
