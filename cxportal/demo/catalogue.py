"""What the invented chain sells, where, and how fast a household uses it up."""

from __future__ import annotations

from dataclasses import dataclass

COMPANY = "Corner & Crumb"
TIME_ZONE = "Europe/Vienna"
CURRENCY = "EUR"
PHONE_REGION = "AT"
SHOP = "https://shop.example.com"


@dataclass(frozen=True, slots=True)
class Shop:
    """A store or the web shop; only some are open on Sundays."""

    code: str
    name: str
    opens_on_sundays: bool


MAIN_STREET = Shop("main-street", "Main Street", opens_on_sundays=False)
STATION = Shop("station", "Station", opens_on_sundays=True)
OLD_MARKET = Shop("old-market", "Old Market", opens_on_sundays=False)
WEB = Shop("web", "Web shop", opens_on_sundays=True)
SHOPS = (MAIN_STREET, STATION, OLD_MARKET, WEB)
STORES = SHOPS[:3]
# Month and day on which every store stays shut; the web shop never does.
CLOSED = frozenset({(12, 25), (12, 26), (1, 1)})


@dataclass(frozen=True, slots=True)
class Group:
    """A product group: the share of households that buy it, and how long it lasts (0: a whim)."""

    name: str
    share: float
    lasts_days: float


@dataclass(frozen=True, slots=True)
class Article:
    code: str
    name: str
    group: Group
    price_minor: int

    @property
    def url(self) -> str:
        return f"{SHOP}/products/{self.code.lower()}"


COFFEE = Group("Coffee drinks", 0.0, 0)
DRINKS = Group("Tea and cold drinks", 0.0, 0)
PASTRIES = Group("Pastries", 0.0, 0)
LUNCH = Group("Sandwiches and salads", 0.0, 0)
SWEETS = Group("Chocolate and snacks", 0.16, 17)
BEANS = Group("Whole-bean coffee", 0.30, 35)
TEA = Group("Tea", 0.18, 46)
MILK = Group("Milk and dairy", 0.14, 7)
BREAD = Group("Bread", 0.12, 7)
PASTA = Group("Pasta and rice", 0.25, 26)
CEREAL = Group("Breakfast cereals", 0.22, 21)
OILS = Group("Oil and vinegar", 0.14, 62)
LAUNDRY = Group("Laundry", 0.38, 30)
CLEANING = Group("Cleaning", 0.24, 48)
PAPER = Group("Paper goods", 0.28, 28)
SOAP = Group("Soap and shower", 0.24, 40)
SHAVING = Group("Shaving", 0.17, 60)
DENTAL = Group("Dental care", 0.18, 52)
PETS = Group("Pet food", 0.15, 14)
BABY = Group("Baby", 0.06, 9)

# Code, name, group, price in cents. Codes are the shop's own and never change.
_ARTICLES = (
    ("CO-101", "Espresso", COFFEE, 260),
    ("CO-102", "Double espresso", COFFEE, 340),
    ("CO-103", "Cappuccino", COFFEE, 410),
    ("CO-104", "Large cappuccino, oat milk", COFFEE, 490),
    ("CO-105", "Flat white", COFFEE, 440),
    ("CO-106", "Caffè latte, one sugar", COFFEE, 450),
    ("CO-107", "Large coffee, black", COFFEE, 390),
    ("CO-108", "Large coffee, cream, 2 sugars", COFFEE, 430),
    ("CO-109", "Small coffee, milk", COFFEE, 320),
    ("CO-110", "Melange", COFFEE, 420),
    ("DR-101", "Pot of Earl Grey", DRINKS, 420),
    ("DR-102", "Fresh mint tea", DRINKS, 390),
    ("DR-103", "Hot chocolate", DRINKS, 450),
    ("DR-104", "Orange juice, pressed", DRINKS, 480),
    ("DR-105", "Sparkling water 0.5 l", DRINKS, 220),
    ("DR-106", "Iced tea, peach", DRINKS, 340),
    ("PA-101", "Butter croissant", PASTRIES, 240),
    ("PA-102", "Almond croissant", PASTRIES, 320),
    ("PA-103", "Cinnamon roll", PASTRIES, 330),
    ("PA-104", "Apple strudel", PASTRIES, 420),
    ("PA-105", "Poppy seed bun", PASTRIES, 260),
    ("PA-106", "Blueberry muffin", PASTRIES, 310),
    ("PA-107", "Pretzel", PASTRIES, 190),
    ("PA-108", "Apricot doughnut", PASTRIES, 230),
    ("LU-101", "Caesar salad", LUNCH, 890),
    ("LU-102", "Chickpea salad", LUNCH, 790),
    ("LU-103", "Cheese sandwich", LUNCH, 520),
    ("LU-104", "Roast beef sandwich", LUNCH, 640),
    ("LU-105", "Hummus wrap", LUNCH, 590),
    ("LU-106", "Tomato soup, 0.4 l", LUNCH, 560),
    ("SW-101", "Dark chocolate 70 %, 100 g", SWEETS, 290),
    ("SW-102", "Milk chocolate, 100 g", SWEETS, 240),
    ("SW-103", "Hazelnut wafers, 150 g", SWEETS, 260),
    ("SW-104", "Salted crisps, 175 g", SWEETS, 270),
    ("SW-105", "Oat biscuits, 200 g", SWEETS, 310),
    ("SW-106", "Dried mango, 100 g", SWEETS, 380),
    ("BE-101", "Whole-bean hazelnut coffee, 500 g", BEANS, 1290),
    ("BE-102", "Whole-bean house blend, 500 g", BEANS, 1150),
    ("BE-103", "Whole-bean Ethiopia, 500 g", BEANS, 1590),
    ("BE-104", "Whole-bean espresso roast, 500 g", BEANS, 1240),
    ("BE-105", "Whole-bean decaf, 500 g", BEANS, 1390),
    ("BE-106", "Whole-bean house blend, 1 kg", BEANS, 2090),
    ("BE-107", "Coffee filters no. 4, 100 pieces", BEANS, 280),
    ("TE-101", "Assam tea, 250 g", TEA, 790),
    ("TE-102", "Earl Grey, 50 bags", TEA, 520),
    ("TE-103", "Green sencha, 200 g", TEA, 890),
    ("TE-104", "Rooibos, 40 bags", TEA, 460),
    ("TE-105", "Herbal mix, 40 bags", TEA, 440),
    ("MI-101", "Whole milk, 1 l", MILK, 165),
    ("MI-102", "Low-fat milk, 1 l", MILK, 155),
    ("MI-103", "Oat drink, 1 l", MILK, 229),
    ("MI-104", "Natural yoghurt, 500 g", MILK, 189),
    ("MI-105", "Butter, 250 g", MILK, 299),
    ("MI-106", "Cream cheese, 175 g", MILK, 219),
    ("MI-107", "Mountain cheese, 200 g", MILK, 449),
    ("MI-108", "Free-range eggs, 10", MILK, 419),
    ("BR-101", "Farmhouse loaf, 1 kg", BREAD, 520),
    ("BR-102", "Rye sourdough, 750 g", BREAD, 490),
    ("BR-103", "Wholegrain spelt, 500 g", BREAD, 460),
    ("BR-104", "Sandwich loaf, 500 g", BREAD, 320),
    ("BR-105", "Baguette", BREAD, 240),
    ("BR-106", "Kaiser rolls, 6", BREAD, 330),
    ("PR-101", "Spaghetti, 500 g", PASTA, 189),
    ("PR-102", "Penne, 500 g", PASTA, 189),
    ("PR-103", "Basmati rice, 1 kg", PASTA, 399),
    ("PR-104", "Risotto rice, 1 kg", PASTA, 449),
    ("PR-105", "Red lentils, 500 g", PASTA, 259),
    ("PR-106", "Tomato passata, 700 g", PASTA, 229),
    ("CE-101", "Rolled oats, 1 kg", CEREAL, 249),
    ("CE-102", "Crunchy muesli, 600 g", CEREAL, 449),
    ("CE-103", "Cornflakes, 500 g", CEREAL, 329),
    ("CE-104", "Apricot jam, 450 g", CEREAL, 399),
    ("CE-105", "Forest honey, 500 g", CEREAL, 799),
    ("OI-101", "Olive oil, 0.75 l", OILS, 1190),
    ("OI-102", "Rapeseed oil, 1 l", OILS, 429),
    ("OI-103", "Pumpkin seed oil, 0.25 l", OILS, 890),
    ("OI-104", "Apple vinegar, 0.5 l", OILS, 329),
    ("LA-101", "Detergent, 20 washes", LAUNDRY, 899),
    ("LA-102", "Detergent, 40 washes", LAUNDRY, 1549),
    ("LA-103", "Colour detergent, 20 washes", LAUNDRY, 949),
    ("LA-104", "Wool wash, 750 ml", LAUNDRY, 549),
    ("LA-105", "Fabric softener, 1 l", LAUNDRY, 389),
    ("LA-106", "Stain remover, 500 g", LAUNDRY, 629),
    ("CL-101", "Dishwasher tablets, 40", CLEANING, 1099),
    ("CL-102", "Washing-up liquid, 500 ml", CLEANING, 249),
    ("CL-103", "All-purpose cleaner, 1 l", CLEANING, 289),
    ("CL-104", "Glass cleaner, 500 ml", CLEANING, 279),
    ("CL-105", "Limescale remover, 500 ml", CLEANING, 329),
    ("CL-106", "Bin bags 35 l, 30", CLEANING, 259),
    ("PP-101", "Toilet paper, 8 rolls", PAPER, 469),
    ("PP-102", "Toilet paper, 16 rolls", PAPER, 829),
    ("PP-103", "Kitchen rolls, 4", PAPER, 399),
    ("PP-104", "Tissues, 10 packs", PAPER, 249),
    ("PP-105", "Paper napkins, 50", PAPER, 229),
    ("SO-101", "Hand soap, 500 ml", SOAP, 329),
    ("SO-102", "Olive oil soap bar", SOAP, 389),
    ("SO-103", "Shower gel, 250 ml", SOAP, 299),
    ("SO-104", "Shampoo, 300 ml", SOAP, 449),
    ("SO-105", "Hand cream, 75 ml", SOAP, 549),
    ("SH-101", "Razor blades, 4", SHAVING, 1190),
    ("SH-102", "Razor blades, 8", SHAVING, 1990),
    ("SH-103", "Shaving foam, 200 ml", SHAVING, 329),
    ("SH-104", "After-shave balm, 100 ml", SHAVING, 749),
    ("DE-101", "Toothpaste, 75 ml", DENTAL, 279),
    ("DE-102", "Toothbrush, medium", DENTAL, 349),
    ("DE-103", "Dental floss, 50 m", DENTAL, 299),
    ("DE-104", "Mouthwash, 500 ml", DENTAL, 449),
    ("PE-101", "Dry dog food, 3 kg", PETS, 1699),
    ("PE-102", "Wet dog food, 6 tins", PETS, 949),
    ("PE-103", "Dry cat food, 1.5 kg", PETS, 999),
    ("PE-104", "Wet cat food, 12 pouches", PETS, 729),
    ("PE-105", "Cat litter, 10 l", PETS, 849),
    ("BA-101", "Nappies size 3, 52", BABY, 1399),
    ("BA-102", "Nappies size 4, 46", BABY, 1399),
    ("BA-103", "Baby wipes, 4 packs", BABY, 749),
    ("BA-104", "Apple purée, 6 jars", BABY, 599),
)

ARTICLES = tuple(Article(*columns) for columns in _ARTICLES)
GROUPS = tuple(dict.fromkeys(article.group for article in ARTICLES))
NEEDED = tuple(group for group in GROUPS if group.lasts_days)
BY_CODE = {article.code: article for article in ARTICLES}
