from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("profiles", "0023_words_of_names")]
    operations = [
        migrations.AddField(
            model_name="privacyrequest",
            name="mailed_at",
            field=models.DateTimeField(
                blank=True, help_text="when the link to an export left", null=True
            ),
        ),
    ]
