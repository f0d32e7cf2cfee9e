"""Which column of an order file is what."""

from __future__ import annotations

import pytest

from profiles.rules import orders


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


@pytest.mark.parametrize(
    ("headers", "number", "name"),
    [
        (["Product", "Product name"], "Product", "Product name"),
        (["product_name", "product"], "product", "product_name"),
        (["Item", "Item Name"], "Item", "Item Name"),
        (["item", "description"], "item", "description"),
        (["SKU", "Product Name", "Product"], "SKU", "Product Name"),
        (["Produkt", "Produktname"], "Produkt", "Produktname"),
        (["Product", "Unit price"], "Product", None),
    ],
)
def test_a_column_called_as_the_article_is_its_number_beside_a_name(headers, number, name):
    found = orders.proposed_mapping(["customer", "date", *headers])
    assert (found["product_id"], found.get("product_name")) == (number, name)


def test_a_strange_header_is_left_out():
    assert orders.proposed_mapping(["foo", "bar"]) == {}
