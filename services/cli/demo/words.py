"""Words that demo names, places and products are made of. Nobody real is meant."""

from __future__ import annotations


def words(text: str, between: str | None = None) -> list[str]:
    """Return the words of a text."""
    return text.split(between)


COUNTRIES = (
    # code, share of clients, currency, team that looks after it
    ("UA", 0.40, "UAH", "Kyiv"),
    ("PL", 0.15, "PLN", "Warsaw"),
    ("DE", 0.12, "EUR", "Warsaw"),
    ("US", 0.10, "USD", "London"),
    ("GB", 0.09, "EUR", "London"),
    ("KZ", 0.09, "USD", "Kyiv"),
    ("CZ", 0.05, "EUR", "Warsaw"),
)
CITIES = {
    "UA": words("Kyiv Lviv Odesa Dnipro Kharkiv Vinnytsia Poltava Chernivtsi Uzhhorod Zaporizhzhia"),
    "PL": words("Warszawa Kraków Wrocław Gdańsk Poznań Łódź Lublin"),
    "DE": words("Berlin Hamburg München Köln Leipzig Dresden"),
    "US": words("Boston Chicago Denver Seattle Austin Portland"),
    "GB": words("London Leeds Bristol Manchester Glasgow York"),
    "KZ": words("Almaty Astana Shymkent Karaganda"),
    "CZ": words("Praha Brno Ostrava Plzeň"),
}
LANGUAGES = {
    # shares of Ukrainian and Russian; the rest is written in Latin letters
    "UA": (0.70, 0.90),
    "KZ": (0.0, 0.85),
    "PL": (0.06, 0.08),
    "DE": (0.03, 0.06),
    "CZ": (0.05, 0.08),
}
PHONES = {
    # The ranges kept for fiction in DE, GB and US; elsewhere subscriber numbers begin with 0, so that nobody has them.
    "UA": ("+380 44 000 {:04d}", "+380 32 000 {:04d}", "+380 48 000 {:04d}"),
    "PL": ("+48 22 000 {:04d}", "+48 12 000 {:04d}"),
    "DE": ("+49 30 23125 {:03d}", "+49 40 66969 {:03d}", "+49 89 99998 {:03d}"),
    "US": ("+1 617 555 01{:02d}", "+1 312 555 01{:02d}", "+1 303 555 01{:02d}", "+1 206 555 01{:02d}"),
    "GB": ("+44 20 7946 0{:03d}", "+44 113 496 0{:03d}", "+44 7700 900{:03d}"),
    "KZ": ("+7 727 000 {:04d}", "+7 717 000 {:04d}"),
    "CZ": ("+420 000 00{:04d}",),
}
SEGMENTS = (
    # segment, share of clients, how much more (or less) such a client buys
    ("Café", 0.34, 1.0),
    ("Restaurant", 0.20, 1.1),
    ("Office", 0.18, 0.7),
    ("Hotel", 0.11, 1.6),
    ("Retail", 0.10, 1.3),
    ("Public sector", 0.07, 2.2),
)
DOMAINS = ("example.com", "example.org", "example.net")

FORMS = {
    "uk": ("ТОВ «{}»", "ТОВ «{}»", "ПП «{}»", "АТ «{}»"),
    "ru": ("ООО «{}»", "ООО «{}»", "АО «{}»", "Объединение «{}»"),
    "ru-KZ": ("ТОО «{}»", "ТОО «{}»", "АО «{}»"),
    "KZ": ("{} LLP", "{} JSC"),
    "PL": ("{} Sp. z o.o.", "{} Sp. z o.o.", "{} S.A."),
    "DE": ("{} GmbH", "{} GmbH", "{} & Söhne KG"),
    "US": ("{} LLC", "{} Inc.", "{} Co."),
    "GB": ("{} Ltd", "{} Ltd", "{} & Partners LLP"),
    "CZ": ("{} s.r.o.",),
    "UA": ("{} LLC", "{} Ukraine"),
}
VENUES = {
    "Café": {"uk": "Кав’ярня «{}»", "ru": "Кофейня «{}»", "PL": "Kawiarnia {}", "CZ": "Kavárna {}", "en": "Café {}"},
    "Restaurant": {"uk": "Ресторан «{}»", "ru": "Ресторан «{}»", "PL": "Restauracja {}", "en": "{} Restaurant"},
    "Hotel": {"uk": "Готель «{}»", "ru": "Гостиница «{}»", "PL": "Hotel {}", "en": "Hotel {}"},
    "Public sector": {"uk": "Лікарня «{}»", "ru": "Больница «{}»", "PL": "Szkoła {}", "en": "{} City Hospital"},
}
STEMS = {
    "uk": (
        "Ґанок Їжак Єдність Зоря Калина Світанок Обрій Джерело Криниця Мрія Дніпро Карпати Полонина Верховина "
        "Говерла Черемош Лелека Соняшник Барвінок Хвиля Скіфія Ярило Берегиня Злагода Добробут Відродження Колос "
        "Січ Либідь Подільські_ґрунти Кобзар Мальва Вітрила Яблуневий_сад Єнот Їжачок Острів Ластівка Смерека Аґрус"
    ),
    "ru": (
        "Эра Ёлка Крылья Объектив Восход Горизонт Родник Маяк Парус Берёзка Сириус Вымпел Этюд Рассвет Эльбрус Янтарь "
        "Подъём Созвездие Старый_город Южный_ветер Быстрица Новый_день Аэлита Кристалл Облака Лазурь Объём Сфера "
        "Мельница Тополь Экватор Вершина"
    ),
    "en": (
        "Northgate Bluebird Harbour Copperfield Oakline Silverbrook Lantern Meridian Foxglove Kingsway Riverside "
        "Amber Summit Redwood Highfield Pinecrest Marigold Westbourne Juniper Larkspur Stonebridge Wildrose "
        "Brightwater Cedar Willow Falcon Beacon Orchard Thistle Hazel Clearwater Maple Ironwood Primrose"
    ),
}
TAILS = {
    "uk": words("-Трейд -Сервіс -Кава -Груп -Плюс -Захід -Схід -Інвест _і_партнери -Смак -Дім"),
    "ru": words("-Трейд -Сервис -Кофе -Групп -Плюс -Восток -Инвест _и_Ко -Вкус -Дом"),
    "en": words(" Trading| Hospitality| Foods| Group| Works| House| Kitchens| Rooms| Supply| Roasters", "|"),
}
FIRST = {
    "uk": words("Олена Іван Оксана Андрій Наталія Сергій Соломія Юлія Богдан Ірина Тарас Євгенія Михайло Софія Остап"),
    "ru": words("Ольга Дмитрий Мария Алексей Анна Игорь Татьяна Фёдор Эльвира Пётр Светлана Семён Наталья Артём"),
    "PL": words("Anna Piotr Katarzyna Tomasz Agnieszka Michał Ewa Paweł Magdalena Łukasz"),
    "DE": words("Anja Jürgen Sabine Thomas Katrin Björn Ute Stefan Heike Lukas"),
    "CZ": words("Jana Petr Eva Tomáš Lucie Jiří Hana Ondřej"),
    "en": words("Alice James Emma Oliver Grace Henry Sophie Jack Ruby Samuel Hannah Peter"),
}
LAST = {
    "uk": words(
        "Шевченко Коваленко Бондаренко Мельник Ткачук Кравець Олійник Гаєвич Лисенко Руденко Савчук Ґудзь "
        "Їжакевич Петренко Мороз Паламарчук Єременко Дячук Романюк Гнатюк Білоус Швець Демчук Чумак"
    ),
    "ru": words(
        "Иваненко Седых Черных Белых Кузьмич Соловей Бойко Рыжих Долгих Быстрых Эйхман Гончар Щербань Мирошник "
        "Левченко Цой Ким Юрченко Зыкина-Эрн Чайка Дробыш"
    ),
    "PL": words("Nowak Wójcik Kowalczyk Woźniak Mazur Krawczyk Zając Król Wieczorek Dudek Wróbel Pawlak Michalak"),
    "DE": words("Müller Schäfer Becker Hoffmann Koch Richter Klein Wolf Schröder Neumann Krüger Lange Weiß"),
    "CZ": words("Novák Dvořák Svoboda Černý Procházka Kučera Beneš Hájek"),
    "en": words("Smith Taylor Brown Walker Wright Hughes Cooper Bennett Foster Reed Barker Palmer Mills Fletcher"),
}
TRADER = {"uk": "ФОП {}", "ru": "ИП {}"}

EMPLOYEES = (
    # name, team, share of the team's clients, how well they sell (1 = as most do); each team's first one leads it
    ("Олена Гаєвич", "Kyiv", 0.10, 1.06),
    ("Андрій Ґудзь", "Kyiv", 0.30, 1.04),
    ("Світлана Рыжих", "Kyiv", 0.25, 1.00),
    ("Тарас Їжакевич", "Kyiv", 0.20, 0.96),
    ("Семён Подъяблонский", "Kyiv", 0.15, 0.93),
    ("Katarzyna Wójcik", "Warsaw", 0.15, 1.05),
    ("Łukasz Zając", "Warsaw", 0.35, 1.02),
    ("Anja Schröder", "Warsaw", 0.30, 0.99),
    ("Petr Hájek", "Warsaw", 0.20, 0.94),
    ("Grace Bennett", "London", 0.20, 1.03),
    ("Oliver Reed", "London", 0.45, 1.00),
    ("Hannah Mills", "London", 0.35, 0.95),
)
REGIONS = {"Kyiv": "Ukraine and Kazakhstan", "Warsaw": "Central Europe", "London": "UK and Americas"}

PRODUCTS = {
    # category: name:list price:unit cost;... in EUR
    "Coffee machines": (
        "Uno one-group machine:1890.00:1214.5000;Duo two-group machine:4290.00:2731.2500;"
        "Trio three-group machine:6950.00:4418.0000;Barista Pro:5480.00:3502.2500;Office Automat 20:1290.00:872.0000;"
        "Office Automat 60:2640.00:1743.3000;Capsule Mini:149.00:96.5000;Filter Brewer 5 l:389.00:241.0500"
    ),
    "Grinders": (
        "Grinder 58 Flat:649.00:402.7750;Grinder 64 Flat:899.00:561.2000;Grinder 83 Conical:1399.00:880.1250;"
        "Hand Grinder:79.00:42.1500;Shop Grinder:1090.00:703.3500;On-demand Grinder:749.00:470.5000"
    ),
    "Coffee": (
        "Espresso Blend 1 kg:18.90:10.4250;House Blend 1 kg:15.90:8.8400;Single Origin Ethiopia 1 kg:27.90:17.0125;"
        "Single Origin Colombia 1 kg:25.90:15.6300;Decaf 1 kg:21.90:13.1075;Filter Roast 500 g:11.90:6.5225;"
        "Capsules box of 100:32.00:17.6450;Tea assortment box:24.50:13.1900"
    ),
    "Accessories": (
        "Tamper 58 mm:29.00:13.1250;Milk Jug 0.6 l:17.90:7.2125;Knock Box:24.90:10.8300;"
        "Cups set of 12:49.00:24.2775;"
        "Cleaning Powder 900 g:14.50:6.1125;Water Filter Cartridge:54.00:29.2650;Paper Cups box of 1000:69.00:43.1225;"
        "Barista Apron:22.00:9.8475"
    ),
    "Furniture": (
        "Bar Counter 2 m:1780.00:1163.5000;Bar Stool:119.00:68.3250;Display Fridge:1490.00:1017.7500;"
        "Storage Rack:289.00:171.1500;Mobile Coffee Bar:3890.00:2577.4000"
    ),
    "Service": (
        "Installation:190.00:92.5000;Annual Maintenance:420.00:201.2500;Barista Training Day:350.00:162.5000;"
        "Machine Rental month:129.00:60.3250;Express Repair:99.00:51.2750"
    ),
}
POSITIONS = {
    "uk": words("Директорка,Директор,Головна бухгалтерка,Менеджер із закупівель,Керуючий,Власниця", ","),
    "ru": words("Директор,Главный бухгалтер,Менеджер по закупкам,Управляющий,Владелец", ","),
    "en": words("Managing director,Head of purchasing,Accountant,Shift manager,Owner", ","),
}
LATIN = dict(
    zip(
        "абвгґдеєёжзиіїйклмнопрстуфхцчшщъыьэюяąćčďěęéłńňóřśšťúůýźżžáíäöüß",
        words(
            "a,b,v,h,g,d,e,ie,io,zh,z,y,i,i,i,k,l,m,n,o,p,r,s,t,u,f,kh,ts,ch,sh,shch,,y,,e,iu,ia,"
            "a,c,c,d,e,e,e,l,n,n,o,r,s,s,t,u,u,y,z,z,z,a,i,ae,oe,ue,ss",
            ",",
        ),
        strict=True,
    )
)
"""Letter → how an e-mail address spells it."""
