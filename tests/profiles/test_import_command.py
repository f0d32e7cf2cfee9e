"""Importing orders from a shell."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.core.management import CommandError, call_command

from profiles.models import Product, Purchase
from tests.profiles.files import GOOD, order_file

pytestmark = pytest.mark.django_db


def test_the_command_imports_and_tells_what_became_of_it(tmp_path, capsys):
    path = order_file(tmp_path, *GOOD, ",O3,2026-01-07,P1,Beans,Coffee,1,1,")
    call_command("import_orders", str(path), "--source", "till")
    words = capsys.readouterr().out.split("\n")
    assert words[0].split() == ["Rows", "read", "4"]
    assert words[1].split() == ["Orders", "2", "new"]
    assert words[-2].split() == ["1", "no", "customer"]


def test_the_command_takes_the_mapping_and_the_zone(tmp_path):
    path = order_file(tmp_path, "7,2026-01-05 08:00,A", header="who,when,what")
    words = ["--map", "customer_id=who", "--map", "ordered_at=when", "--map", "product_id=what"]
    call_command("import_orders", str(path), *words, "--time-zone", "Asia/Tokyo")
    assert Purchase.objects.get().occurred_at == datetime(2026, 1, 4, 23, tzinfo=UTC)


def test_the_command_refuses_an_order_of_dates_that_is_none(tmp_path):
    path = order_file(tmp_path, *GOOD)
    with pytest.raises(CommandError, match="date_order"):
        call_command("import_orders", str(path), "--map", "date_order=ymd")
    assert not Purchase.objects.exists()


def test_the_command_says_what_is_wrong(tmp_path):
    path = order_file(tmp_path, "7,2026-01-05 08:00,A", header="who,when,what")
    with pytest.raises(CommandError) as refusal:
        call_command("import_orders", str(path))
    assert str(refusal.value) == (
        "Say which column holds the customer, the time of the order and the product: nothing can be"
        " learned without. The columns of the file are: who, when, what. Say it with --map, for"
        ' example: --map customer_id="…" --map ordered_at="…" --map product_id="…"'
    )


def test_the_command_says_how_to_say_which_way_dates_are_meant(tmp_path):
    path = order_file(tmp_path, "7,03/04/2026,A", header="customer,date,product")
    with pytest.raises(CommandError, match="--map date_order=dmy"):
        call_command("import_orders", str(path))
    call_command("import_orders", str(path), "--map", "date_order=mdy")
    assert Purchase.objects.get().occurred_at.month == 3


def test_a_column_said_for_one_thing_is_not_proposed_for_another(tmp_path):
    path = order_file(tmp_path, "7,2026-01-05,A,9", header="customer,date,name,product")
    call_command("import_orders", str(path), "--map", "product_id=name")
    assert Product.objects.get().code == "A"
