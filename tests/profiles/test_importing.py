"""What an import stores of an order file, and that nothing is stored twice."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction

from profiles.models import (
    ConsentEntry,
    Customer,
    Identifier,
    IdentifierRule,
    Place,
    Product,
    ProfileEdge,
    Purchase,
    PurchaseLine,
)
from profiles.rules.names import PlaceKind, ProductKind, SourceKind
from profiles.services import importing
from tests.factories.profiles import SourceFactory
from tests.profiles.files import GOOD, HEADER, MAPPING, order_file, stored

pytestmark = pytest.mark.django_db


def test_orders_go_in_with_all_that_they_tell(tmp_path, bring, source):
    counts = bring(order_file(tmp_path, *GOOD))
    assert counts == importing.Counts(
        rows_read=3,
        rejected={},
        customers_new=2,
        products_new=2,
        places_new=2,
        purchases_new=2,
        lines_new=3,
    )
    first = Purchase.objects.get(external_id="O1")
    assert (first.source, first.occurred_at, first.place.code) == (
        source,
        datetime(2026, 1, 5, 7, 30, tzinfo=UTC),
        "Main Street",
    )
    assert first.customer.profiles.get().external_id == "C1"
    assert first.origin_profile.external_id == "C1"
    lines = first.lines.order_by("product__code")
    assert list(
        lines.values_list(
            "product__code", "quantity", "unit_price_minor", "source_line", "occurred_at"
        )
    ) == [
        ("P1", Decimal(1), 1250, 1, first.occurred_at),
        ("P2", Decimal(2), 249, 1, first.occurred_at),
    ]
    assert set(lines.values_list("customer", flat=True)) == {first.customer_id}
    product = Product.objects.get(code="P1")
    assert (product.name, product.category.name, product.kind) == (
        "Espresso beans",
        "Coffee",
        ProductKind.GOODS,
    )
    assert Place.objects.get(code="Online Shop").kind == PlaceKind.WEB
    assert first.customer.habits_due
    assert first.customer.home_place.code == "Main Street"


def test_the_same_file_again_stores_nothing_twice(tmp_path, bring):
    path = order_file(tmp_path, *GOOD, GOOD[0])
    bring(path)
    before = stored()
    Customer.objects.update(habits_due=False)
    again = bring(path)
    assert stored() == before
    assert again == importing.Counts(rows_read=4, lines_known=4)
    assert not Customer.objects.filter(habits_due=True).exists()


def test_equal_lines_of_one_order_are_all_kept(tmp_path, bring):
    bring(order_file(tmp_path, GOOD[0], GOOD[0], GOOD[0]))
    numbers = PurchaseLine.objects.order_by("source_line").values_list("source_line", flat=True)
    assert list(numbers) == [1, 2, 3]


def test_the_rest_of_an_order_may_come_later(tmp_path, bring):
    bring(order_file(tmp_path, GOOD[0], GOOD[2]))
    Customer.objects.update(habits_due=False)
    counts = bring(order_file(tmp_path, GOOD[0], GOOD[0], GOOD[1], name="later.csv"))
    assert (counts.lines_new, counts.lines_known) == (2, 1)
    assert (counts.purchases_new, counts.purchases_completed) == (0, 1)
    assert Purchase.objects.get(external_id="O1").lines.count() == 3
    due = Customer.objects.filter(habits_due=True)
    assert [customer.profiles.get().external_id for customer in due] == ["C1"]


def test_lines_of_an_order_need_not_stand_together(tmp_path, bring):
    counts = bring(order_file(tmp_path, GOOD[0], GOOD[2], GOOD[1], GOOD[0]))
    assert counts.purchases_new == 2
    lines = Purchase.objects.get(external_id="O1").lines
    assert sorted(lines.values_list("product__code", "source_line")) == [
        ("P1", 1),
        ("P1", 2),
        ("P2", 1),
    ]


def test_an_order_whose_lines_differ_in_time_begins_with_the_first(tmp_path, bring):
    later = GOOD[1].replace("07:30", "07:31")
    bring(order_file(tmp_path, later, GOOD[0]))
    purchase = Purchase.objects.get()
    assert purchase.occurred_at == datetime(2026, 1, 5, 7, 30, tzinfo=UTC)
    assert set(purchase.lines.values_list("occurred_at", flat=True)) == {purchase.occurred_at}


def test_returns_and_gifts_go_in_and_postage_is_a_charge(tmp_path, bring):
    bring(
        order_file(
            tmp_path,
            "C1,C536379,2026-01-05T07:30:00Z,D,Discount,,-1,27.50,",
            "C1,536380,2026-01-05T07:31:00Z,POST,POSTAGE,,3,18.00,",
            "C1,536381,2026-01-05T07:32:00Z,22637,Piggy bank,,6,0,",
        )
    )
    lines = PurchaseLine.objects.order_by("occurred_at")
    assert list(lines.values_list("product__kind", "quantity", "unit_price_minor")) == [
        (ProductKind.CHARGE, Decimal(-1), 2750),
        (ProductKind.CHARGE, Decimal(3), 1800),
        (ProductKind.GOODS, Decimal(6), 0),
    ]


def test_orders_of_another_source_are_others(tmp_path, bring, now):
    path = order_file(tmp_path, *GOOD)
    bring(path)
    shop = SourceFactory(code="shop", name="Shop", kind=SourceKind.FILE)
    counts = importing.import_file(
        path=path, source=shop, mapping=MAPPING, time_zone="UTC", now=now
    )
    assert (counts.customers_new, counts.purchases_new, counts.products_new) == (2, 2, 0)


def test_a_product_is_described_by_the_newest_order(tmp_path, bring):
    bring(order_file(tmp_path, GOOD[0]))
    bring(
        order_file(
            tmp_path, "C1,O9,2026-02-01,P1,Espresso beans 500 g,Coffee beans,1,12.50,Main Street"
        )
    )
    bring(order_file(tmp_path, "C1,O8,2025-12-01,P1,Old beans,Old,1,12.50,Main Street"))
    bring(order_file(tmp_path, "C1,O10,2026-02-02,P1,,,1,12.50,Main Street"))
    product = Product.objects.get(code="P1")
    assert (product.name, product.category.name) == ("Espresso beans 500 g", "Coffee beans")


def test_only_addresses_that_a_message_may_carry_are_kept(tmp_path, bring):
    header = HEADER + ",product_url"
    lines = [GOOD[0] + ",https://shop.example.com/p1", GOOD[1] + ",javascript:alert(1)"]
    bring(order_file(tmp_path, *lines, header=header), MAPPING | {"product_url": "product_url"})
    assert list(Product.objects.order_by("code").values_list("url", flat=True)) == [
        "https://shop.example.com/p1",
        "",
    ]


def test_a_name_cannot_turn_the_words_around_it(tmp_path, bring):
    bring(
        order_file(
            tmp_path,
            GOOD[0].replace("Espresso beans", "Beans \u202egpj.exe\u2066 \u05e7\u05e4\u05d4"),
        )
    )
    assert Product.objects.get(code="P1").name == "Beans gpj.exe \u05e7\u05e4\u05d4"


def test_people_become_known_by_their_addresses_and_never_consent(tmp_path, bring):
    header = HEADER + ",email,phone,person_name,consent"
    path = order_file(
        tmp_path,
        GOOD[0] + ",Dolores@Example.com,(212) 415-1234,Dolores  Reyes,yes",
        GOOD[2] + ",dolores@example.com,4.36E+11,#N/A,1",
        header=header,
    )
    mapping = MAPPING | {name: name for name in ("email", "phone", "person_name")}
    counts = bring(path, mapping)
    assert counts.identifiers_new == 2
    first = Customer.objects.get(profiles__external_id="C1")
    assert (first.name, first.search_name) == ("Dolores Reyes", "dolores reyes")
    assert sorted(first.identifiers.values_list("kind", "value")) == [
        ("email", "dolores@example.com"),
        ("phone", "+12124151234"),
    ]
    second = Customer.objects.get(profiles__external_id="C2")
    assert (second.name, second.identifiers.count()) == ("", 0)
    assert ConsentEntry.objects.count() == 0
    assert bring(path, mapping).identifiers_new == 0


def test_a_name_that_is_known_is_not_overwritten(tmp_path, bring):
    mapping = MAPPING | {"person_name": "person_name"}
    header = HEADER + ",person_name"
    bring(order_file(tmp_path, GOOD[0] + ",Dolores Reyes", header=header), mapping)
    bring(order_file(tmp_path, GOOD[0] + ",D. Reyes", header=header), mapping)
    assert Customer.objects.get().name == "Dolores Reyes"


@pytest.mark.parametrize("nothing", ["NULL", "nan", "\\N", " #N/A "])
def test_what_exports_write_for_nothing_names_nothing(tmp_path, bring, nothing):
    header = HEADER + ",product_url,email,phone,person_name"
    names = ("product_url", "email", "phone", "person_name")
    told = GOOD[0] + ",https://shop.example.com/p1,dolores@example.com,(212) 415-1234,Dolores Reyes"
    empty = f"C1,O3,2026-01-08,P1,{nothing},{nothing},1,1.00,{nothing}" + f",{nothing}" * 4
    path = order_file(tmp_path, told, empty, header=header)
    counts = bring(path, MAPPING | {name: name for name in names})
    assert (counts.lines_new, counts.places_new, counts.identifiers_new) == (2, 1, 2)
    product = Product.objects.get()
    assert (product.name, product.category.name) == ("Espresso beans", "Coffee")
    assert product.url == "https://shop.example.com/p1"
    assert Customer.objects.get().name == "Dolores Reyes"
    assert Purchase.objects.get(external_id="O3").place is None


def test_what_the_newest_order_leaves_out_is_taken_from_an_older_one(tmp_path, bring):
    bring(order_file(tmp_path, "C1,O9,2026-02-01,P1,,Coffee beans,1,12.50,", GOOD[0]))
    product = Product.objects.get()
    assert (product.name, product.category.name) == ("Espresso beans", "Coffee beans")


def test_a_file_without_orders_quantities_and_prices_has_one_order_per_instant(tmp_path, bring):
    path = order_file(
        tmp_path,
        "K1,2026-01-05 10:15:00.000,Latte",
        "K1,2026-01-05 10:15:00.000,Cortado",
        "K1,2026-01-06 10:15:00.000,Latte",
        header="card,ts,product",
    )
    mapping = {"customer_id": "card", "ordered_at": "ts", "product_id": "product"}
    counts = bring(path, mapping)
    assert (counts.purchases_new, counts.lines_new) == (2, 3)
    assert set(PurchaseLine.objects.values_list("quantity", "unit_price_minor")) == {(1, 0)}
    assert Product.objects.get(code="Latte").name == "Latte"
    assert bring(path, mapping).lines_known == 3


def test_a_line_needs_its_purchase_and_its_product(tmp_path, bring):
    bring(order_file(tmp_path, *GOOD))
    line = PurchaseLine.objects.first()
    for field in ("purchase_id", "product_id"):
        copy = PurchaseLine.objects.get(pk=line.pk)
        copy.pk = None
        setattr(copy, field, 10**9)
        with pytest.raises(IntegrityError), transaction.atomic():
            PurchaseLine.objects.bulk_create([copy])
        with pytest.raises(IntegrityError), transaction.atomic():
            PurchaseLine.objects.filter(pk=line.pk).update(**{field: 10**9})
    assert PurchaseLine.objects.count() == 3


@pytest.mark.parametrize("table", ["profiles_purchase", "profiles_product"])
def test_what_lines_stand_on_cannot_be_deleted(tmp_path, bring, table):
    bring(order_file(tmp_path, *GOOD))
    before = stored()
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {table}")
    assert stored() == before


def test_a_purchase_is_deleted_together_with_its_lines(tmp_path, bring):
    bring(order_file(tmp_path, *GOOD))
    Purchase.objects.get(external_id="O1").delete()
    assert PurchaseLine.objects.count() == 1


# --- who is who -----------------------------------------------------------------------------------

WITH_EMAIL = MAPPING | {"email": "email"}


def with_emails(folder, *lines, name):
    return order_file(folder, *lines, header=f"{HEADER},email", name=name)


def test_shop_and_till_with_one_address_become_one_customer(tmp_path, bring):
    shop = with_emails(tmp_path, f"{GOOD[0]},jane@example.com", name="shop.csv")
    line = "T9,B1,2026-01-07T08:00:00Z,P1,Espresso beans,Coffee,1,12.50,Main Street"
    till = with_emails(tmp_path, f"{line},Jane@Example.com", name="till.csv")
    bring(shop, mapping=WITH_EMAIL)
    other = SourceFactory(code="till2")
    counts = bring(till, mapping=WITH_EMAIL, source=other)
    assert counts.customers_joined == 1
    assert ProfileEdge.objects.get().rule == "email"
    assert Purchase.objects.values("customer").distinct().count() == 1
    again = bring(till, mapping=WITH_EMAIL, source=other)
    assert (again.customers_joined, again.lines_new) == (0, 0)


def test_guests_and_addresses_of_nobody_are_nobodys(tmp_path, bring):
    IdentifierRule.objects.filter(kind="email").update(blocked=["noreply@*"])
    rest = "2026-01-07T08:00:00Z,P1,Espresso beans,Coffee,1,12.50,Main Street"
    path = with_emails(
        tmp_path,
        f"guest,A1,{rest},a@example.com",
        f"0000,A2,{rest},b@example.com",
        f"C3,A3,{rest},noreply@example.com",
        name="guests.csv",
    )
    counts = bring(path, mapping=WITH_EMAIL)
    assert counts.rejected == {"no_customer": 2}
    assert counts.purchases_new == 1
    assert not Identifier.objects.exists()


def test_addresses_that_pose_as_another_are_flagged(tmp_path, bring):
    posing, honest = "p\u0430ypal@example.com", "jos\u00e9@example.com"
    path = with_emails(tmp_path, f"{GOOD[0]},{posing}", f"{GOOD[2]},{honest}", name="shop.csv")
    bring(path, mapping=WITH_EMAIL)
    flagged = Identifier.objects.filter(is_confusable=True)
    assert [one.value for one in flagged] == [posing]
