"""Order files for tests."""

from __future__ import annotations

from pathlib import Path

from profiles.models import (
    ConsentEntry,
    Customer,
    Identifier,
    Place,
    Product,
    Profile,
    Purchase,
    PurchaseLine,
)

HEADER = (
    "customer_id,order_id,ordered_at,product_id,product_name,category,quantity,unit_price,store"
)
MAPPING = {name: name for name in HEADER.split(",")}
GOOD = (
    "C1,O1,2026-01-05T07:30:00Z,P1,Espresso beans,Coffee,1,12.50,Main Street",
    "C1,O1,2026-01-05T07:30:00Z,P2,Oat milk,Dairy,2,2.49,Main Street",
    "C2,O2,2026-01-06T08:00:00Z,P1,Espresso beans,Coffee,3,12.50,Online Shop",
)


def order_file(folder: Path, *lines: str, name: str = "orders.csv", header: str = HEADER) -> Path:
    """Write a file of these lines under a header."""
    path = folder / name
    path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    return path


def stored() -> dict[str, int]:
    """Count what imports write, by table."""
    tables = (Customer, Profile, Product, Place, Purchase, PurchaseLine, Identifier, ConsentEntry)
    return {table.__name__: table.objects.count() for table in tables}


NOTHING = dict.fromkeys(
    "Customer Profile Product Place Purchase PurchaseLine Identifier ConsentEntry".split(), 0
)
