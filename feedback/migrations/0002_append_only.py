"""What was answered and done is history: the database refuses to change it."""

from django.db import migrations

from cxportal.lib.db import append_only


class Migration(migrations.Migration):
    dependencies = [("feedback", "0001_surveys_and_cases")]
    operations = [append_only("feedback_answerrevision"), append_only("feedback_caseevent")]
