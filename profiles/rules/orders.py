"""What an order file holds: which column is what, and why a row is kept aside."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from profiles.rules.names import folded


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

#: Not a column: says how dates such as 03/04/2026 or 03-04-2026 are meant, where the file itself leaves it open.
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
    ERASED = "erased_person"
    # of files that are about people
    NOBODY = "nobody"
    BAD_EMAIL = "bad_email"
    BAD_PHONE = "bad_phone"
    BAD_VALUE = "bad_value"
    NO_TIME = "no_time"
    NO_TEXT = "no_text"
    BAD_DIRECTION = "bad_direction"
    BAD_DURATION = "bad_duration"
    BAD_RATING = "bad_rating"
    BAD_PURPOSE = "bad_purpose"
    BAD_CHANNEL = "bad_channel"
    BAD_STATE = "bad_state"
    NO_WORDING = "no_wording"
    UNKNOWN_WORDING = "unknown_wording"
    NOT_CONFIRMED = "not_confirmed"
    OTHER_CONTENT = "other_content"


class DateOrder(StrEnum):
    """How a date with slashes or dashes is meant."""

    DAY_FIRST = "dmy"
    MONTH_FIRST = "mdy"
    UNKNOWN = ""


# --- columns ---------------------------------------------------------------------------------------


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
# Words for the article itself: its name where they stand alone, its number beside a name.
_ARTICLES = _words(
    """product item article produkt produit producto articulo prodotto articolo produto vare tuote"""
)
# What spreadsheets put into headers without showing it: BOM, zero-width signs, soft hyphens.
_INVISIBLE = dict.fromkeys(map(ord, "\ufeff\u200b\u200c\u200d\u2060\u00ad"))


def clean_header(text: str) -> str:
    """Return a header as people read it.

    >>> clean_header("\\ufeffKunden\\u00a0 Nr.\\u200b")
    'Kunden Nr.'
    """
    return " ".join(text.translate(_INVISIBLE).replace("\0", "").split())


def compact(header: str) -> str:
    """Return a header as synonyms are written: folded, without spaces.

    >>> compact("Kunden-Nr.")
    'kundennr'
    """
    readable = clean_header(header).replace("°", "o")  # as in N° client
    return folded(readable).replace("_", "").replace(" ", "")


def proposed_mapping(headers: Sequence[str]) -> dict[str, str]:
    """Guess which column is what by its header; each column is used once, and none by force.

    >>> proposed_mapping(["Kunden-Nr.", "Datum", "Artikelnummer"])
    {'customer_id': 'Kunden-Nr.', 'ordered_at': 'Datum', 'product_id': 'Artikelnummer'}
    """
    free = {compact(header): clean_header(header) for header in reversed(headers)}
    found: dict[str, str] = {}
    for field, synonyms in SYNONYMS.items():
        known = next((name for name in synonyms if name in free), None)
        if known is not None:
            found[field] = free.pop(known)
    if Field.PRODUCT not in found:
        _find_article(found, free)
    return {field.value: found[field] for field in Field if field in found}


def _find_article(found: dict[str, str], free: Mapping[str, str]) -> None:
    """Find what tells the articles of a file apart that has no column for their numbers.

    It is a column such as "Product", whether or not another names them, and else their name.
    """
    name = found.pop(Field.NAME, "")
    article = next((free[word] for word in _ARTICLES if word in free), "")
    if article:
        found[Field.PRODUCT], found[Field.NAME] = article, name
    elif name:
        found[Field.PRODUCT] = name
        other = next((free[word] for word in SYNONYMS[Field.NAME] if word in free), "")
        if other and compact(name) in _ARTICLES:
            found[Field.NAME] = other


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
    if (order := mapping.get(DATE_ORDER, "")) not in set(DateOrder):
        return MappingProblem("unknown_date_order", (order,))
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
