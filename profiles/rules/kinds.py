"""What the names in order files stand for: goods or a charge, a store or a web shop."""

from __future__ import annotations

from profiles.rules.names import PlaceKind, ProductKind, folded


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Names that consist of these words alone are charges: "Next Day Carriage", not "Carriage Clock".
_CHARGE_WORDS = _words(
    """postage shipping delivery carriage freight handling
    packing surcharge charge charges fee fees
    discount rebate adjustment adjustments adjust commission manual sample samples deposit tip
    bank bad debt service standard express next day free
    versand versandkosten porto lieferung liefergebuhr lieferkosten rabatt nachlass gebuhr pfand
    trinkgeld bankspesen servicegebuhr verpackung expressversand
    frais port livraison expedition remise pourboire consigne
    gastos envio descuento ajuste propina spese spedizione sconto mancia
    frete desconto verzendkosten verzending korting fooi statiegeld
    frakt fraktkostnad fragt rabat wysylka dostawa znizka"""
)
_WEAK = _words(
    """bank bad service standard express next day
    free manual sample samples tip port handling packing
    de di do d du of and und et y e"""
)
# A name of up to three words that ends with one of these is a charge, whoever's it is.
_ENDS_A_CHARGE = _words("postage commission fee fees charges versandkosten gebuhr")
_CHARGE_OR_WEAK, _STRONG = _CHARGE_WORDS | _WEAK, _CHARGE_WORDS - _WEAK
_CHARGE_CODES = _words(
    """post postage dot shipping ship delivery discount fee tip m manual s samples d c2
    adjust adjustment porto versand rabatt"""
)


def product_kind(code: str, name: str) -> ProductKind:
    """Tell goods from lines that only move money: postage, fees, discounts, corrections.

    >>> product_kind("C2", "CARRIAGE"), product_kind("85168B", "BLACK BAROQUE CARRIAGE CLOCK")
    (<ProductKind.CHARGE: 'charge'>, <ProductKind.GOODS: 'goods'>)
    """
    words = folded(name).split()
    if any(word not in _CHARGE_OR_WEAK for word in words):
        is_charge = len(words) <= 3 and words[-1] in _ENDS_A_CHARGE
    elif len(words) > 1:
        is_charge = any(word in _STRONG for word in words)
    else:
        is_charge = bool(_STRONG.intersection(words)) or folded(code) in _CHARGE_CODES
    return ProductKind.CHARGE if is_charge else ProductKind.GOODS


_WEB_WORDS = _words(
    """web webshop website online onlineshop internet ecommerce eshop eboutique app shopify
    woocommerce amazon ebay marketplace enligne enlinea"""
)


def place_kind(code: str) -> PlaceKind:
    """Tell a web shop from a store by its name.

    >>> place_kind("Online Shop"), place_kind("Main Street")
    (<PlaceKind.WEB: 'web'>, <PlaceKind.STORE: 'store'>)
    """
    words = folded(code).replace("_", " ").split()
    return PlaceKind.WEB if _WEB_WORDS & {*words, "".join(words)} else PlaceKind.STORE
