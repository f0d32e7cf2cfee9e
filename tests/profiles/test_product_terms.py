"""Terms for products: read strictly, said in words, and answered in SQL as they are meant."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from profiles.models import Category, Characteristic
from profiles.queries.product_terms import fitting, shelf_of
from profiles.rules.conditions import Wrong
from profiles.rules.product_terms import checked, leaves, read, sentence, written
from tests.factories.characteristics import characteristics, product_like
from tests.factories.profiles import ProductFactory

LEAVES = st.one_of(
    st.builds(lambda key: {"product": key}, st.integers(1, 9)),
    st.builds(lambda key: {"category": key}, st.integers(1, 9)),
    st.builds(lambda n: {"has": "weight", "at_most": n}, st.integers(0, 5000)),
    st.just({"has": "use", "includes": "hiking"}),
)
TERMS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds(lambda part: {"not": part}, inner),
        st.builds(lambda parts: {"all": parts}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda parts: {"any": parts}, st.lists(inner, min_size=1, max_size=3)),
    ),
    max_leaves=4,
)


def depth(raw) -> int:
    inner = raw.get("all") or raw.get("any") or ([raw["not"]] if "not" in raw else [])
    return 1 + max(map(depth, inner), default=0)


@given(TERMS.filter(lambda raw: depth(raw) <= 4))
def test_what_is_written_is_read_as_it_was(raw):
    terms = read(raw)
    assert read(written(terms)) == terms


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ([], "not_terms"),
        ({}, "not_terms"),
        ({"product": "7"}, "not_terms"),
        ({"product": True}, "not_terms"),
        ({"product": 0}, "not_terms"),
        ({"product": 7, "category": 3}, "not_terms"),
        ({"all": []}, "not_terms"),
        ({"has": "weight"}, "no_comparison"),
        ({"has": "weight", "at_most": 1, "at_least": 0}, "no_comparison"),
        ({"has": "weight", "at_most": [1]}, "not_a_value"),
        ({"has": "weight", "known": False}, "not_true"),
        ({"any": [{"product": 1}] * 31}, "too_large"),
        ({"not": {"not": {"not": {"not": {"product": 1}}}}}, "too_deep"),
    ],
)
def test_what_is_none_is_refused_with_its_code(raw, code):
    with pytest.raises(Wrong) as refusal:
        read(raw)
    assert refusal.value.code == code


@pytest.fixture
def shop(db):
    """A light chair, a heavy one, a tent that nobody described but by its use, and a mug without anything."""
    characteristics()
    chairs = Category.objects.create(name="Chairs")
    product_like("Light chair", category=chairs, weight=900, use=["hiking", "camping"], folds=True)
    product_like(
        "Armchair", category=chairs, weight="12000 g", use="home", size="large", folds=False
    )
    product_like("Tent", use="camping")
    ProductFactory(code="mug", name="Mug")
    ProductFactory(code="post", name="Postage", kind="charge")
    return chairs


def names(raw) -> list[str]:
    return sorted(product.name for product in fitting(read(raw)))


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        ({"has": "weight", "at_most": 1000}, ["Light chair"]),
        ({"has": "weight", "at_most": 900}, ["Light chair"]),
        ({"not": {"has": "weight", "at_most": 1000}}, ["Armchair"]),
        ({"has": "weight", "known": True}, ["Armchair", "Light chair"]),
        ({"not": {"has": "weight", "known": True}}, ["Mug", "Tent"]),
        ({"has": "use", "includes": "camping"}, ["Light chair", "Tent"]),
        ({"has": "size", "is": "large"}, ["Armchair"]),
        ({"has": "folds", "is": True}, ["Light chair"]),
        ({"not": {"has": "folds", "is": True}}, ["Armchair"]),
        ({"any": [{"has": "folds", "is": True}, {"has": "use", "includes": "camping"}]},
         ["Light chair", "Tent"]),
        ({"not": {"any": [{"has": "use", "includes": "hiking"}, {"has": "weight", "at_least": 20000}]}},
         ["Armchair"]),
        ({"has": "gone", "is": True}, []),
        ({"has": "weight", "is": True}, []),
    ],
)  # fmt: skip
def test_terms_find_the_products_that_fit(shop, raw, found):
    assert names(raw) == found


def test_categories_and_products_are_found_and_turned_round(shop, django_assert_num_queries):
    assert names({"category": shop.pk}) == ["Armchair", "Light chair"]
    assert names({"not": {"category": shop.pk}}) == ["Mug", "Tent"]
    both = read({"all": [{"category": shop.pk}, {"has": "weight", "at_most": 1000}]})
    with django_assert_num_queries(3):
        assert [product.name for product in fitting(both)] == ["Light chair"]


def test_terms_are_said_in_words(shop):
    terms = read(
        {"all": [{"category": shop.pk}, {"has": "weight", "at_most": 1000},
                 {"not": {"has": "folds", "is": False}}]}
    )  # fmt: skip
    words = "anything of “Chairs”, and “Weight” is at most 1000 g, and not: “Folds up” is no"
    assert sentence(terms, shelf_of([terms])) == words


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ({"has": "gone", "is": True}, "gone"),
        ({"product": 999_999}, "gone"),
        ({"category": 999_999}, "gone"),
        ({"has": "weight", "includes": "hiking"}, "misfits"),
        ({"has": "weight", "at_most": "a lot"}, "not_a_number"),
        ({"has": "use", "includes": "diving"}, "not_a_choice"),
    ],
)
def test_what_cannot_be_asked_is_refused_before_it_is_kept(shop, raw, code):
    terms = read(raw)
    with pytest.raises(Wrong) as refusal:
        checked(terms, shelf_of([terms]))
    assert refusal.value.code == code


def test_values_are_brought_to_their_stored_form(shop):
    terms = read(
        {"any": [{"has": "weight", "at_most": "1000 g"}, {"has": "use", "includes": "HIKING"}]}
    )
    normal = checked(terms, shelf_of([terms]))
    assert [leaf.operand for leaf in leaves(normal)] == [1000, "hiking"]


def test_a_characteristic_that_was_deleted_fits_nothing_and_says_so(shop):
    terms = read({"has": "size", "is": "large"})
    Characteristic.objects.get(code="size").values.all().delete()
    Characteristic.objects.get(code="size").delete()
    assert list(fitting(terms)) == []
    assert sentence(terms, shelf_of([terms])) == "“size” (no longer there)"
