"""How an order file is read: which column is what, how its dates and numbers are written.

Pure: text in, values out.
"""

from __future__ import annotations

import codecs
import csv
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from zoneinfo import ZoneInfo

from profiles.rules.names import PlaceKind, ProductKind, folded


class Field(StrEnum):
    """What a column can be."""

    CUSTOMER = "customer_id"
    ORDER = "order_id"
    TIME = "ordered_at"
    PRODUCT = "product_id"
    NAME = "product_name"
    CATEGORY = "category"
    QUANTITY = "quantity"
    PRICE = "unit_price"
    PLACE = "store"
    URL = "product_url"
    EMAIL = "email"
    PHONE = "phone"
    PERSON = "person_name"


#: Without these nothing can be learned. A file without order numbers has one order per customer and
#: instant, without quantities one of each, without prices none that is known.
REQUIRED = (Field.CUSTOMER, Field.TIME, Field.PRODUCT)

#: Not a column: says how dates such as 03/04/2026 are meant, where the file itself leaves it open.
DATE_ORDER = "date_order"


class RejectReason(StrEnum):
    """Why a row is kept aside."""

    WRONG_COLUMNS = "wrong_columns"
    BROKEN_QUOTES = "broken_quotes"
    TOO_LONG = "too_long"
    NUL = "nul"
    NO_CUSTOMER = "no_customer"
    NO_ORDER = "no_order"
    NO_PRODUCT = "no_product"
    BAD_TIME = "bad_time"
    IN_FUTURE = "in_future"
    BAD_QUANTITY = "bad_quantity"
    ZERO_QUANTITY = "zero_quantity"
    BAD_PRICE = "bad_price"
    OTHER_CUSTOMER = "other_customer"


class DateOrder(StrEnum):
    """How a date with slashes is meant."""

    DAY_FIRST = "dmy"
    MONTH_FIRST = "mdy"
    UNKNOWN = ""


# --- columns --------------------------------------------------------------------------------------


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


# Headers by which a field is known: folded, without spaces, the surest first.
SYNONYMS: dict[Field, tuple[str, ...]] = {
    Field.CUSTOMER: _words(
        """customerid custid customerno customernumber customernr customercode customerkey customer
        clientid clientno clientnumber client memberid
        membernumber memberno member shopperid buyerid
        cardid cardnumber cardno loyaltyid loyaltynumber householdid householdkey accountid userid
        kundennummer kundennr kundenid kundennum kdnr kunde mitgliedsnummer mitglied
        idclient numeroclient noclient numclient codeclient
        idcliente numerocliente numcliente codigocliente codcliente nocliente cliente
        codicecliente numerodelcliente codigodocliente klantnummer klantnr klantid klant
        kundnummer kundnr kundid kundenummer kundeid kund
        idklienta numerklienta klient asiakasnumero asiakasid asiakas"""
    ),
    Field.ORDER: _words(
        """orderid orderno ordernumber ordernr ordercode order invoiceno invoicenumber invoiceid
        invoice receiptid receiptno receiptnumber
        receipt basketid basket transactionid transactionno
        transactionnumber transaction saleid saleno ticketid ticketno ticket checkno billno
        bestellnummer bestellnr bestellung bestellid auftragsnummer auftragsnr auftrag belegnummer
        belegnr beleg bonnummer bonnr bon rechnungsnummer rechnungsnr rechnung
        idcommande numerocommande nocommande numcommande commande numerofacture facture
        idpedido numeropedido numpedido nopedido pedido numerofactura factura
        idordine numeroordine ordine numeroscontrino scontrino fattura encomenda
        ordernummer bestelnummer bestelling bonnummer ordrenummer ordre
        idzamowienia numerzamowienia zamowienie tilausnumero tilaus"""
    ),
    Field.TIME: _words(
        """orderedat ordertime orderdatetime orderdate purchasedat purchasetime purchasedate
        occurredat soldat saletime saledate transactiontime transactiondate transactiontimestamp
        invoicedate receiptdate createdat processedat paidat timestamp datetime ts time date
        bestelldatum bestellzeit bestelltam kaufdatum kaufzeit zeitpunkt belegdatum rechnungsdatum
        datumuhrzeit datum uhrzeit datecommande dateachat datefacture dateheure
        fechapedido fechacompra fechahora fechafactura fecha dataordine dataacquisto dataora
        datapedido datacompra data besteldatum aankoopdatum orderdatum ordredato dato
        datazamowienia tilauspaiva paivays"""
    ),
    Field.PRODUCT: _words(
        """productid productcode productno productnumber productsku productkey sku skuid stockcode
        itemid itemcode itemno itemnumber itemsku articleid articleno articlenumber articlecode
        lineitemsku variantsku upc ean gtin plu barcode materialnumber
        artikelnummer artikelnr artikelid artnr artikel produktnummer produktnr produktid
        idproduit codeproduit referenceproduit refproduit reference codearticle refarticle
        idproducto codigoproducto codproducto referencia codigoarticulo
        idprodotto codiceprodotto codicearticolo idproduto codigoproduto
        productnummer varenummer artikelkod idproduktu kodproduktu tuotenumero tuotekoodi"""
    ),
    Field.NAME: _words(
        """productname producttitle productdescription product itemname itemdescription item
        lineitemname articlename article description title
        produktname produktbezeichnung artikelname artikelbezeichnung bezeichnung beschreibung
        produkt nomproduit libelleproduit designation libelle produit nomarticle
        nombreproducto nombredelproducto producto descripcion articulo
        nomeprodotto prodotto descrizione articolo nomeproduto produto descricao
        productnaam omschrijving produktnamn produktnavn varenavn vare
        nazwaproduktu nazwa tuotenimi tuote name"""
    ),
    Field.CATEGORY: _words(
        """category categoryname productcategory productgroup productgroupname productfamily
        itemcategory commodity commoditydesc group department family producttype
        kategorie produktkategorie warengruppe produktgruppe artikelgruppe
        categorie categorieproduit famille rayon categoria familia grupo
        reparto gruppo productgroep artikelgroep kategori varugrupp varegruppe
        kategoria kategoriaproduktu tuoteryhma"""
    ),
    Field.QUANTITY: _words(
        """quantity qty quantitysold orderqty orderquantity lineitemquantity itemquantity units
        unitssold pieces pcs count amountofitems
        menge anzahl stueck stuck stk quantite qte nombre cantidad cant unidades
        quantita qta quantidade qtd aantal hoeveelheid antal mangd ilosc maara"""
    ),
    Field.PRICE: _words(
        """unitprice priceperunit priceeach itemprice lineitemprice productprice saleprice
        sellingprice price unitcost
        einzelpreis stueckpreis stuckpreis preis verkaufspreis vkpreis
        prixunitaire prix preciounitario precio prezzounitario prezzo precounitario preco
        stukprijs eenheidsprijs prijs enhetspris styckpris stykpris pris
        cenajednostkowa cena yksikkohinta hinta"""
    ),
    Field.PLACE: _words(
        """store storeid storename storecode storenumber shop shopid shopname branch branchid outlet
        location locationid locationname channel saleschannel pointofsale pos till register
        filiale filialnummer filialnr laden geschaft markt standort kanal vertriebskanal
        magasin boutique pointdevente canal tienda sucursal negozio puntovendita canale
        loja winkel filiaal kanaal butik affar sklep kanalsprzedazy myymala"""
    ),
    Field.URL: _words(
        """producturl productlink productaddress url link itemurl itemlink
        produkturl produktlink artikelurl lienproduit lien urlproducto enlace urlprodotto
        producturladdress"""
    ),
    Field.EMAIL: _words(
        """email emailaddress customeremail mail mailaddress emailadresse mailadresse
        kundenemail courriel adressemail adresseemail correo correoelectronico
        emailcliente posta indirizzoemail emailadres epost"""
    ),
    Field.PHONE: _words(
        """phone phonenumber telephone telephonenumber mobile mobilenumber cell cellphone
        customerphone telefon telefonnummer handy handynummer mobil mobilnummer
        numerotelephone portable telefono movil cellulare telefone telemovel telefoon
        telefoonnummer puhelin"""
    ),
    Field.PERSON: _words(
        """personname customername fullname clientname buyername membername billingname shippingname
        kundenname vollername vorundnachname nomclient nomcomplet nomduclient
        nombrecliente nombrecompleto nomecliente nomecompleto klantnaam kundnamn kundenavn
        imieinazwisko asiakasnimi"""
    ),
}
# What spreadsheets put into headers without showing it: BOM, zero-width signs, soft hyphens.
_INVISIBLE = dict.fromkeys(map(ord, "\ufeff\u200b\u200c\u200d\u2060\u00ad"))


def clean_header(text: str) -> str:
    """Return a header as people read it.

    >>> clean_header("\\ufeffKunden\\u00a0 Nr.\\u200b")
    'Kunden Nr.'
    """
    return " ".join(text.translate(_INVISIBLE).replace("\0", "").split())


def _compact(header: str) -> str:
    readable = clean_header(header).replace("°", "o")  # as in N° client
    return folded(readable).replace("_", "").replace(" ", "")


def proposed_mapping(headers: Sequence[str]) -> dict[str, str]:
    """Guess which column is what by its header; each column is used once, and none by force.

    >>> proposed_mapping(["Kunden-Nr.", "Datum", "Artikelnummer"])
    {'customer_id': 'Kunden-Nr.', 'ordered_at': 'Datum', 'product_id': 'Artikelnummer'}
    """
    free = {_compact(header): clean_header(header) for header in reversed(headers)}
    found: dict[str, str] = {}
    for field, synonyms in SYNONYMS.items():
        known = next((name for name in synonyms if name in free), None)
        if known is not None:
            found[field] = free.pop(known)
    # A file that only names its articles: the name is what tells them apart.
    if Field.PRODUCT not in found and Field.NAME in found:
        found[Field.PRODUCT] = found.pop(Field.NAME)
    return {field.value: found[field] for field in Field if field in found}


# --- how the file is written ----------------------------------------------------------------------

DELIMITERS = (",", ";", "\t", "|")
_BOMS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


def recognised_encoding(sample: bytes, *, is_whole: bool = True) -> str:
    """Name the encoding of a file by its first bytes, or return "" when it is no text we know.

    ``is_whole`` is false for a sample, which may end within a character.

    >>> recognised_encoding("Käse".encode()), recognised_encoding("Käse".encode("cp1252"))
    ('utf-8', 'cp1252')
    """
    for bom, name in _BOMS:
        if sample.startswith(bom):
            return name
    if sample.count(0) > len(sample) // 10:
        return _utf16_without_bom(sample)
    for name in ("utf-8", "cp1252", "cp932"):
        try:
            text = codecs.getincrementaldecoder(name)().decode(sample, is_whole)
        except UnicodeDecodeError:
            continue
        # cp932 (Shift-JIS) can read much that it is not: kana are the proof.
        if name != "cp932" or any("\u3040" <= letter <= "\u30ff" for letter in text):
            return name
    return ""


def _utf16_without_bom(sample: bytes) -> str:
    """Latin text in UTF-16 has a zero in every other byte, which no other encoding has."""
    half = len(sample) // 2
    if sample[1::2].count(0) > half * 0.6 and sample[::2].count(0) < half * 0.1:
        return "utf-16-le"
    if sample[::2].count(0) > half * 0.6 and sample[1::2].count(0) < half * 0.1:
        return "utf-16-be"
    return ""


def recognised_delimiter(lines: Sequence[str]) -> str:
    """Return the delimiter that cuts most lines as it cuts the header, or "" for a single column.

    >>> recognised_delimiter(["a;b;c", "1,5;2;3", "4;5;6,7"]), recognised_delimiter(["a", "b"])
    (';', '')
    """
    best, best_score = "", (0.0, 0)
    for delimiter in DELIMITERS:
        try:
            widths = [len(row) for row in csv.reader(lines, delimiter=delimiter) if row]
        except csv.Error:
            continue
        if not widths or widths[0] < 2:
            continue
        alike = sum(width == widths[0] for width in widths) / len(widths)
        if (alike, widths[0]) > best_score:
            best, best_score = delimiter, (alike, widths[0])
    return best


_SLASHED = re.compile(r"([0-9]{1,2})/([0-9]{1,2})/[0-9]{4}")


def recognised_date_order(values: Sequence[str]) -> DateOrder:
    """Tell days from months by the first value that can only be one of the two.

    >>> recognised_date_order(["03/04/2026", "03/14/2026"])
    <DateOrder.MONTH_FIRST: 'mdy'>
    >>> recognised_date_order(["03/04/2026"])
    <DateOrder.UNKNOWN: ''>
    """
    for value in values:
        found = _SLASHED.match(value.strip())
        if found and int(found[1]) > 12:
            return DateOrder.DAY_FIRST
        if found and int(found[2]) > 12:
            return DateOrder.MONTH_FIRST
    return DateOrder.UNKNOWN


def is_slashed(value: str) -> bool:
    """Tell whether a date needs to be known as day-first or month-first."""
    return bool(_SLASHED.match(value.strip()))


_COMMA_SHOWN = re.compile(r"(,[0-9]{1,2}|\.[0-9]{3},[0-9]+|^0,[0-9]+)[^0-9]*$")
_POINT_SHOWN = re.compile(r"(\.[0-9]{1,2}|,[0-9]{3}\.[0-9]+|^0\.[0-9]+)[^0-9]*$")


def shows_decimal_comma(values: Sequence[str]) -> bool:
    """Tell whether more of these numbers can only be read with a decimal comma than with a point.

    >>> shows_decimal_comma(["1.234,50", "3,9"]), shows_decimal_comma(["1,234.50", "1,234"])
    (True, False)
    """
    comma = sum(bool(_COMMA_SHOWN.search(value)) for value in values)
    return comma > sum(bool(_POINT_SHOWN.search(value)) for value in values)


# --- values ---------------------------------------------------------------------------------------

# How exports write "nothing here".
NOTHING = frozenset({"", "#N/A", "#NV", "N/A", "n/a", "NULL", "null", "None", "nan", "NaN", "\\N"})
# Longest codes that the tables take.
CODE_LENGTH, PLACE_LENGTH = 200, 80

_DAY_FIRST = re.compile(
    r"([0-9]{1,2})([./-])([0-9]{1,2})\2([0-9]{4})"
    r"(?:[ T,]+([0-9]{1,2}):([0-9]{2})(?::([0-9]{2}))?(?:[.,][0-9]+)?(?: ?([AaPp])\.?[Mm]\.?)?)?"
)
_ISO = re.compile(r"[0-9]{4}[-/][0-9]{2}[-/][0-9]{2}(?:[ T]|$)")
_YEARS = range(1970, 2101)


def parsed_time(text: str, zone: ZoneInfo, order: DateOrder = DateOrder.UNKNOWN) -> datetime | None:
    """Read a moment in any of the usual forms and return it in UTC, or None.

    Without a zone it is local time of ``zone``. A local time that a clock change leaves out is read
    with the offset before the change, one that comes twice is the first (PEP 495, fold=0).

    >>> parsed_time("13.01.2026 08:30", ZoneInfo("Europe/Vienna"))
    datetime.datetime(2026, 1, 13, 7, 30, tzinfo=datetime.timezone.utc)
    >>> parsed_time("2026-02-30", ZoneInfo("UTC")) is None
    True
    """
    try:
        is_iso = _ISO.match(text)
        moment = datetime.fromisoformat(_iso_form(text)) if is_iso else _written_out(text, order)
        if moment.year not in _YEARS:
            return None
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=zone)
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _iso_form(text: str) -> str:
    text = text.replace("/", "-")
    if text.endswith(" UTC"):
        return text[:-4] + "+00:00"
    # "2026-01-05 08:30:00 +0100", as shops export it
    head, blank, offset = text.rpartition(" ")
    return head + offset if blank and offset[:1] in "+-" and len(offset) > 1 else text


def _written_out(text: str, order: DateOrder) -> datetime:
    found = _DAY_FIRST.fullmatch(text)
    if not found:
        raise ValueError(text)
    first, mark, second, year, hour, minute, seconds, half = found.groups()
    day, month = int(first), int(second)
    if mark == "/":
        if order == DateOrder.UNKNOWN:
            raise ValueError(text)
        if order == DateOrder.MONTH_FIRST:
            day, month = month, day
    hours = int(hour or 0)
    if half:
        if not 1 <= hours <= 12:
            raise ValueError(text)
        hours = hours % 12 + (12 if half in "pP" else 0)
    clock = (hours, int(minute or 0), int(seconds or 0))
    return datetime(int(year), month, day, *clock)  # noqa: DTZ001 (the caller knows the zone)


_EXPONENT = r"(?:[eE][+-]?[0-9]{1,2})?"
_WITH_POINT = re.compile(r"[+-]?(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)?(?:\.[0-9]*)?" + _EXPONENT)
_WITH_COMMA = re.compile(r"[+-]?(?:[0-9]{1,3}(?:[. ][0-9]{3})+|[0-9]+)?(?:,[0-9]*)?" + _EXPONENT)
_AROUND_NUMBERS = " \u00a0\u202f\t€$£¥"
_MOST = Decimal(10) ** 12


def parsed_number(text: str, *, decimal_comma: bool = False) -> Decimal | None:
    """Read a number as shops write it, or return None.

    >>> parsed_number("€ 1.234,50", decimal_comma=True), parsed_number("4,5,0")
    (Decimal('1234.50'), None)
    """
    bare = text.strip(_AROUND_NUMBERS)
    if len(bare) > 30 or not any(letter.isdigit() for letter in bare):
        return None
    if bare.endswith("-"):  # as accounting systems write negative numbers
        bare = "-" + bare[:-1]
    if decimal_comma and _WITH_COMMA.fullmatch(bare):
        bare = bare.replace(".", "").replace(" ", "").replace(",", ".")
    elif _WITH_POINT.fullmatch(bare):
        bare = bare.replace(",", "")
    else:
        return None
    number = Decimal(bare)
    return number if abs(number) < _MOST else None


_THOUSANDTH = Decimal("0.001")
_MOST_PIECES = Decimal(10) ** 9


def parsed_quantity(text: str, *, decimal_comma: bool = False) -> Decimal | None:
    """Read a quantity to the thousandth (kilograms, litres); 0 stays 0, nonsense is None."""
    number = parsed_number(text, decimal_comma=decimal_comma)
    if number is None or abs(number) >= _MOST_PIECES:
        return None
    return number.quantize(_THOUSANDTH, ROUND_HALF_UP)


def parsed_price(text: str, *, digits: int, decimal_comma: bool = False) -> int | None:
    """Read a price in minor units of a currency with ``digits`` decimals, half a cent rounded up.

    >>> parsed_price("2.675", digits=2), parsed_price("1200", digits=0)
    (268, 1200)
    """
    number = parsed_number(text, decimal_comma=decimal_comma)
    if number is None:
        return None
    return int(number.scaleb(digits).quantize(Decimal(1), ROUND_HALF_UP))


# Source: ISO 4217, list one: the currencies whose minor unit is not a hundredth.
_DIGITS = dict.fromkeys(_words("BHD IQD JOD KWD LYD OMR TND"), 3) | dict.fromkeys(
    _words("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"), 0
)


def minor_digits(currency: str) -> int:
    """Return how many decimals a currency has.

    >>> minor_digits("EUR"), minor_digits("JPY"), minor_digits("KWD")
    (2, 0, 3)
    """
    return _DIGITS.get(currency, 2)


# --- what a line is about -------------------------------------------------------------------------

# Names that consist of these words alone are charges: "Next Day Carriage", not "Carriage Clock".
_CHARGE_WORDS = frozenset(
    _words(
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
)
_WEAK = frozenset(
    _words(
        """bank bad service standard express next day
        free manual sample samples tip port handling packing
    de di do d du of and und et y e"""
    )
)
# A name of up to three words that ends with one of these is a charge, whoever's it is.
_ENDS_A_CHARGE = frozenset(_words("postage commission fee fees charges versandkosten gebuhr"))
_CHARGE_OR_WEAK, _STRONG = _CHARGE_WORDS | _WEAK, _CHARGE_WORDS - _WEAK
_CHARGE_CODES = frozenset(
    _words(
        """post postage dot shipping ship delivery discount fee tip m manual s samples d c2
    adjust adjustment porto versand rabatt"""
    )
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


_WEB_WORDS = frozenset(
    _words(
        """web webshop website online onlineshop internet ecommerce eshop eboutique app shopify
    woocommerce amazon ebay marketplace enligne enlinea"""
    )
)


def place_kind(code: str) -> PlaceKind:
    """Tell a web shop from a store by its name.

    >>> place_kind("Online Shop"), place_kind("Main Street")
    (<PlaceKind.WEB: 'web'>, <PlaceKind.STORE: 'store'>)
    """
    words = folded(code).replace("_", " ").split()
    return PlaceKind.WEB if _WEB_WORDS & {*words, "".join(words)} else PlaceKind.STORE


# --- downloads ------------------------------------------------------------------------------------


def harmless_cell(text: str) -> str:
    """Keep a spreadsheet from running a cell as a formula. Source: OWASP ASVS 5.0, 1.2.10.

    >>> harmless_cell("=1+1"), harmless_cell("plain")
    ("'=1+1", 'plain')
    """
    return f"'{text}" if text[:1] in {"=", "+", "-", "@", "\t", "\r"} else text


@dataclass(frozen=True)
class MappingProblem:
    """What is wrong with a mapping: a stable code, and the fields or headers concerned."""

    code: str
    names: tuple[str, ...]


def mapping_problem(mapping: Mapping[str, str], headers: Sequence[str]) -> MappingProblem | None:
    """Find the first thing that keeps a mapping from being used on a file with these headers."""
    columns = {field: header for field, header in mapping.items() if field != DATE_ORDER}
    unknown = tuple(field for field in columns if field not in set(Field))
    if unknown:
        return MappingProblem("unknown_field", unknown)
    missing = tuple(str(field) for field in REQUIRED if not columns.get(field))
    if missing:
        return MappingProblem("column_missing", missing)
    used = Counter(header for header in columns.values() if header)
    twice = tuple(header for header, times in used.items() if times > 1)
    if twice:
        return MappingProblem("column_twice", twice)
    there = Counter(headers)
    absent = tuple(header for header in used if header not in there)
    if absent:
        return MappingProblem("column_absent", absent)
    unclear = tuple(header for header in used if there[header] > 1)
    return MappingProblem("header_twice", unclear) if unclear else None
