"""Versions of offers and rules stay as written."""

from django.db import migrations

from cxportal.lib.db import append_only


class Migration(migrations.Migration):
    dependencies = [("campaigns", "0017_offers_and_rules")]
    operations = [
        append_only("campaigns_offerversion", rewritable=()),
        append_only("campaigns_ruleversion", rewritable=()),
    ]
