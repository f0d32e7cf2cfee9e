"""Reading an order file: columns, encodings, delimiters, dates, numbers, and what is a charge."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from profiles.rules import orders
from profiles.rules.names import PlaceKind, ProductKind
from profiles.rules.orders import DateOrder

VIENNA = ZoneInfo("Europe/Vienna")


@pytest.mark.parametrize(
    ("headers", "mapping"),
    [
        (
            "customer_id,order_id,ordered_at,store,product_id,product_name,category,quantity,unit_price",
            {
                "customer_id": "customer_id",
                "order_id": "order_id",
                "ordered_at": "ordered_at",
                "product_id": "product_id",
                "product_name": "product_name",
                "category": "category",
                "quantity": "quantity",
                "unit_price": "unit_price",
                "store": "store",
            },
        ),
        (
            "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country",
            {
                "customer_id": "CustomerID",
                "order_id": "InvoiceNo",
                "ordered_at": "InvoiceDate",
                "product_id": "StockCode",
                "product_name": "Description",
                "quantity": "Quantity",
                "unit_price": "UnitPrice",
            },
        ),
        (
            "Kunden-Nr.,Bestellnummer,Datum,Artikel-Nr,Bezeichnung,Warengruppe,Menge,Einzelpreis,Filiale",
            {
                "customer_id": "Kunden-Nr.",
                "order_id": "Bestellnummer",
                "ordered_at": "Datum",
                "product_id": "Artikel-Nr",
                "product_name": "Bezeichnung",
                "category": "Warengruppe",
                "quantity": "Menge",
                "unit_price": "Einzelpreis",
                "store": "Filiale",
            },
        ),
        (
            "N° client,N° commande,Date commande,Référence,Désignation,Quantité,Prix unitaire",
            {
                "customer_id": "N° client",
                "order_id": "N° commande",
                "ordered_at": "Date commande",
                "product_id": "Référence",
                "product_name": "Désignation",
                "quantity": "Quantité",
                "unit_price": "Prix unitaire",
            },
        ),
        (
            "ID cliente,Pedido,Fecha,Referencia,Descripción,Cantidad,Precio,Correo electrónico",
            {
                "customer_id": "ID cliente",
                "order_id": "Pedido",
                "ordered_at": "Fecha",
                "product_id": "Referencia",
                "product_name": "Descripción",
                "quantity": "Cantidad",
                "unit_price": "Precio",
                "email": "Correo electrónico",
            },
        ),
        (
            "customer_id,ts,date,hour,product_id,price",
            {
                "customer_id": "customer_id",
                "ordered_at": "ts",
                "product_id": "product_id",
                "unit_price": "price",
            },
        ),
    ],
)
def test_headers_are_recognised_in_the_languages_of_our_shops(headers, mapping):
    assert orders.proposed_mapping(headers.split(",")) == mapping


def test_what_spreadsheets_hide_in_headers_does_not_matter():
    headers = ["\ufeffCustomer\u00a0ID", "Order\u200b date", "SKU"]
    assert orders.proposed_mapping(headers) == {
        "customer_id": "Customer ID",
        "ordered_at": "Order date",
        "product_id": "SKU",
    }


def test_a_file_that_only_names_its_articles_is_told_apart_by_name():
    assert orders.proposed_mapping(["Customer", "Date", "Product"])["product_id"] == "Product"


def test_a_strange_header_is_left_out():
    assert orders.proposed_mapping(["foo", "bar"]) == {}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_unicode_is_recognised(encoding):
    text = "Kunde;Artikel\n1;Käse\n" * 20
    assert text.encode(encoding).decode(orders.recognised_encoding(text.encode(encoding))) == text


def test_windows_and_japanese_files_are_recognised():
    assert orders.recognised_encoding("Straße – 5 €\n".encode("cp1252")) == "cp1252"
    assert orders.recognised_encoding("注文番号,コーヒー、ーー\n".encode("cp932")) == "cp932"


def test_a_letter_cut_in_two_by_the_end_of_the_sample_does_not_matter():
    assert orders.recognised_encoding("Kä".encode()[:-1], is_whole=False) == "utf-8"


def test_bytes_that_are_no_text_are_not_recognised():
    assert orders.recognised_encoding(bytes(range(256)) * 4) == ""


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiters_are_recognised(delimiter):
    lines = [delimiter.join(row) for row in (["a", "b", "c"], ["1", "2", "3"], ["4", "5", "6"])]
    assert orders.recognised_delimiter(lines) == delimiter


def test_decimal_commas_do_not_pass_for_delimiters():
    assert orders.recognised_delimiter(["a;b;c", "1,50;2,50;3", "4,10;5,20;6"]) == ";"


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2017-01-01T12:30:27Z", datetime(2017, 1, 1, 12, 30, 27, tzinfo=UTC)),
        ("2017-01-01T12:30:27+02:00", datetime(2017, 1, 1, 10, 30, 27, tzinfo=UTC)),
        ("2017-01-01 12:30:27 +0200", datetime(2017, 1, 1, 10, 30, 27, tzinfo=UTC)),
        ("2017-01-01 12:30:27 UTC", datetime(2017, 1, 1, 12, 30, 27, tzinfo=UTC)),
        ("2010-12-01T08:26:00", datetime(2010, 12, 1, 7, 26, tzinfo=UTC)),
        ("2024-03-01 10:15:00.000", datetime(2024, 3, 1, 9, 15, tzinfo=UTC)),
        ("2024-07-01 08:30", datetime(2024, 7, 1, 6, 30, tzinfo=UTC)),
        ("2024/07/01 08:30", datetime(2024, 7, 1, 6, 30, tzinfo=UTC)),
        ("2024-07-01", datetime(2024, 6, 30, 22, 0, tzinfo=UTC)),
        ("01.07.2024", datetime(2024, 6, 30, 22, 0, tzinfo=UTC)),
        ("1.7.2024 08:30:15", datetime(2024, 7, 1, 6, 30, 15, tzinfo=UTC)),
    ],
)
def test_times_are_read_in_the_usual_forms(text, moment):
    assert orders.parsed_time(text, VIENNA) == moment


@pytest.mark.parametrize(
    ("text", "order", "moment"),
    [
        ("12/1/2010 8:26", DateOrder.MONTH_FIRST, datetime(2010, 12, 1, 8, 26, tzinfo=UTC)),
        ("12/1/2010 8:26", DateOrder.DAY_FIRST, datetime(2010, 1, 12, 8, 26, tzinfo=UTC)),
        ("12/1/2010 12:05 AM", DateOrder.MONTH_FIRST, datetime(2010, 12, 1, 0, 5, tzinfo=UTC)),
        ("12/1/2010 1:05 pm", DateOrder.MONTH_FIRST, datetime(2010, 12, 1, 13, 5, tzinfo=UTC)),
        ("12/1/2010", DateOrder.UNKNOWN, None),
        ("13/13/2010", DateOrder.DAY_FIRST, None),
    ],
)
def test_slashes_are_read_only_when_their_order_is_known(text, order, moment):
    assert orders.parsed_time(text, ZoneInfo("UTC"), order) == moment


@pytest.mark.parametrize(
    "text",
    ["", "yesterday", "2023-02-30", "30.02.2023", "2024-01-01 25:00", "1.23E+12", "0001-01-01",
     "9999-12-31T23:59:59-23:00", "2024-01-01T10:00:60", "20240101", "2024-W01-1"],
)  # fmt: skip
def test_impossible_times_are_refused(text):
    assert orders.parsed_time(text, VIENNA) is None


def test_a_time_that_the_clock_change_left_out_is_read_with_the_offset_before():
    assert orders.parsed_time("2024-03-31 02:30", VIENNA) == datetime(
        2024, 3, 31, 1, 30, tzinfo=UTC
    )


def test_a_time_that_comes_twice_is_the_first():
    assert orders.parsed_time("2024-10-27 02:30", VIENNA) == datetime(
        2024, 10, 27, 0, 30, tzinfo=UTC
    )


@pytest.mark.parametrize(
    ("text", "comma", "number"),
    [
        ("4.50", False, "4.50"),
        ("1,234.50", False, "1234.50"),
        ("4,50", True, "4.50"),
        ("1.234,50 €", True, "1234.50"),
        ("1 234,50", True, "1234.50"),
        ("$3", False, "3"),
        ("4.50-", False, "-4.50"),
        ("-0.5", False, "-0.5"),
        ("1e-05", False, "0.00001"),
        ("4.50", True, "4.50"),
    ],
)
def test_numbers_are_read_as_shops_write_them(text, comma, number):
    assert orders.parsed_number(text, decimal_comma=comma) == Decimal(number)


@pytest.mark.parametrize(
    "text", ["", "abc", "4,5,0", "1.2.3", "NaN", "Infinity", "--4", "٣", "1e99", "#N/A", "9" * 40]
)
def test_what_is_no_number_is_refused(text):
    assert orders.parsed_number(text) is None


def test_prices_are_rounded_half_up_in_the_minor_unit_of_the_currency():
    assert orders.parsed_price("2.675", digits=2) == 268
    assert orders.parsed_price("1200", digits=orders.minor_digits("JPY")) == 1200
    assert orders.parsed_price("1.2345", digits=orders.minor_digits("KWD")) == 1235


def test_quantities_keep_thousandths_and_tell_zero_from_nonsense():
    assert orders.parsed_quantity("0.250") == Decimal("0.250")
    assert orders.parsed_quantity("0.0001") == 0
    assert orders.parsed_quantity("80,995") == 80995
    assert orders.parsed_quantity("12345678901") is None


@given(st.integers(-(10**11), 10**11))
def test_every_price_is_read_back_from_how_it_is_written(minor):
    whole, cents = divmod(abs(minor), 100)
    sign = "-" if minor < 0 else ""
    assert orders.parsed_price(f"{sign}{whole}.{cents:02}", digits=2) == minor
    assert orders.parsed_price(f"{sign}{whole},{cents:02}", digits=2, decimal_comma=True) == minor


@given(st.text(max_size=40))
def test_no_text_breaks_the_reading_of_values(text):
    orders.parsed_time(text, VIENNA, DateOrder.DAY_FIRST)
    orders.parsed_quantity(text)
    orders.parsed_price(text, digits=2, decimal_comma=True)
    orders.product_kind(text, text)
    orders.proposed_mapping([text, text])


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("POST", "POSTAGE"), ("DOT", "DOTCOM POSTAGE"), ("C2", "CARRIAGE"), ("M", "Manual"),
        ("23444", "Next Day Carriage"), ("D", "Discount"), ("BANK CHARGES", "Bank Charges"),
        ("AMAZONFEE", "AMAZON FEE"), ("23574", "PACKING CHARGE"), ("CRUK", "CRUK Commission"),
        ("B", "Adjust bad debt"), ("POST", ""), ("1", "Versandkosten"), ("1", "Frais de port"),
        ("1", "Gastos de envío"),
    ],
)  # fmt: skip
def test_lines_that_only_move_money_are_charges(code, name):
    assert orders.product_kind(code, name) == ProductKind.CHARGE


@pytest.mark.parametrize(
    "name",
    ["FRENCH CARRIAGE LANTERN", "BLACK BAROQUE CARRIAGE CLOCK", "COFFEE MUG APPLES DESIGN",
     "PADS TO MATCH ALL CUSHIONS", "Espresso", "Bank", "Express", "Postage stamp tin", ""],
)  # fmt: skip
def test_goods_stay_goods(name):
    assert orders.product_kind("22971", name) == ProductKind.GOODS


def test_a_web_shop_is_told_from_a_store():
    assert orders.place_kind("Online Shop") == PlaceKind.WEB
    assert orders.place_kind("web") == PlaceKind.WEB
    assert orders.place_kind("319") == PlaceKind.STORE


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t", "\r"])
def test_a_cell_that_a_spreadsheet_would_run_gets_a_leading_quote(sign):
    assert orders.harmless_cell(f"{sign}1+1") == f"'{sign}1+1"
