"""What a column of a spreadsheet can be, by kind of import, and its names in three languages (S3.11 to S3.19)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from services.importer.sheets.words import key

Kind = Literal["clients", "contacts", "notes"]


@dataclass(frozen=True, slots=True)
class Field:
    """A field: its id, its names in spreadsheets (commas between), and whether several columns may hold it."""

    id: str
    names: str
    many: bool = False


_PHONES = Field(
    "phones",
    "Phone,Phones,Phone number,Telephone,Tel,Mobile,Mobile phone,Cell,Work phone,Телефон,Телефоны,Телефони,Тел.,"
    "Номер телефона,Номер телефону,Контактный телефон,Контактний телефон,Мобильный,Мобильный телефон,Моб.,"
    "Моб. тел.,Мобільний,Мобільний телефон,Рабочий телефон,Робочий телефон",
    many=True,
)
_EMAIL = Field(
    "email",
    "E-mail,Mail,Email address,Почта,Эл. почта,Электронная почта,Емейл,Имейл,Пошта,Ел. пошта,Електронна пошта,"
    "Е-мейл,Адрес электронной почты,Адреса електронної пошти",
)
_BIRTHDAY = Field(
    "birthday",
    "Birth date,Date of birth,Birthdate,DOB,День рождения,Дата рождения,ДР,День народження,Дата народження,ДН",
)
_PERSON = (
    Field("last_name", "Last name,Surname,Family name,Фамилия,Прізвище"),
    Field("first_name", "First name,Given name"),
    Field("patronymic", "Middle name,Отчество,По батькові"),
)
_CLIENT = Field(
    "client",
    "Company,Company name,Customer,Account,Organization,Organisation,Клиент,Компания,Контрагент,Организация,"
    "Фирма,Клієнт,"
    "Компанія,Організація,Фірма,Название компании,Назва компанії",
)
_CLIENTS = (
    Field(
        "name",
        "Client,Client name,Customer,Customer name,Company,Company name,Account name,Full name,Название,Наименование,"
        "Имя,ФИО,Ф.И.О.,Клиент,Имя клиента,Компания,Контрагент,Организация,Название компании,Назва,Найменування,Ім'я,"
        "ПІБ,П.І.Б.,Клієнт,Ім'я клієнта,Компанія,Організація,Назва компанії,Фирма,Фірма",
    ),
    *_PERSON,
    Field("kind", "Client type,Type,Тип,Тип клиента,Вид,Тип клієнта,Форма,Юр./физ. лицо"),
    Field(
        "tax_id",
        "Tax id,Tax number,Tax No,TIN,VAT,VAT number,VAT id,INN,ИНН,ИНН/ЕДРПОУ,ЕДРПОУ,Код ЕДРПОУ,ОКПО,"
        "Налоговый номер,ІПН,"
        "ІНН,ЄДРПОУ,Код ЄДРПОУ,ЄДРПОУ/ІПН,ІПН/ЄДРПОУ,РНОКПП,Податковий номер,УНП,БИН",
    ),
    Field("contact", "Contact,Contact person,Contact name,Контакт,Контактное лицо,Контактна особа,Представитель,"
    "Представник"),
    Field("contact_position", "Position of contact,Должность контакта,Посада контакту,Должность контактного лица,"
          "Посада контактної особи"),
    _EMAIL,
    _PHONES,
    Field("address", "Street,Address line,Postal address,Адрес,Почтовый адрес,Адрес доставки,Юридический адрес,Адреса,"
          "Поштова адреса,Адреса доставки,Юридична адреса"),
    _BIRTHDAY,
    Field("links", "Link,Site,Website,Web,URL,Facebook,LinkedIn,Instagram,Сайт,Вебсайт,Веб-сайт,Ссылка,Ссылки,Соцсети,"
          "Посилання,Соцмережі", many=True),
    Field("country", "Country code,Страна,Країна"),
    Field("city", "Town,Город,Населённый пункт,Місто,Населений пункт"),
    Field("category", "Client category,Категория,Категория клиента,Категорія,Категорія клієнта"),
    Field("segment", "Client segment,Сегмент"),
    Field("business_type", "Business type,Industry,Line of business,Вид бизнеса,Тип бизнеса,Отрасль,Сфера деятельности,"
          "Вид деятельности,Вид бізнесу,Тип бізнесу,Галузь,Сфера діяльності,Вид діяльності"),
    Field("source", "Lead source,Источник,Откуда,Рекламный источник,Джерело,Звідки"),
    Field("tags", "Tag,Labels,Label,Теги,Тег,Метки,Метка,Ярлыки,Мітки,Мітка,Ярлики", many=True),
    Field("owner", "Responsible,Manager,Assigned to,Owner name,Ответственный,Менеджер,Владелец,Сотрудник,"
    "Відповідальний,"
          "Власник,Співробітник,Відповідальна особа"),
    Field("status", "Client status,Статус,Статус клиента,Статус клієнта"),
    Field("temperature", "Temp,Температура,Температура клиента,Температура клієнта,Теплота"),
    Field("discount", "Discount %,Discount percent,Скидка,Скидка %,Процент скидки,Знижка,Знижка %,Відсоток знижки"),
    Field("currency", "Preferred currency,Валюта"),
    Field("language", "Preferred language,Lang,Язык,Мова"),
    Field("note", "Notes,Comment,Comments,Initial note,Description,Remarks,Заметка,Заметки,Примечание,"
    "Примечания,Комментарий,"
          "Комментарии,Описание,Нотатка,Нотатки,Примітка,Примітки,Коментар,Коментарі,Опис", many=True),
)  # fmt: skip
_CONTACTS = (
    Field("name", "Contact,Contact person,Contact name,Full name,Имя,ФИО,Ф.И.О.,Контакт,Контактное лицо,Ім'я,"
    "ПІБ,П.І.Б.,"
          "Контактна особа"),
    *_PERSON,
    _CLIENT,
    Field("position", "Job title,Title,Role,Должность,Посада"),
    _PHONES,
    _EMAIL,
    Field("telegram", "Telegram username,Телеграм,Телеграмм,TG,ТГ"),
    _BIRTHDAY,
)  # fmt: skip
_NOTES = (
    _CLIENT,
    Field("text", "Note,Notes,Comment,Message,Текст,Заметка,Заметки,Примечание,Комментарий,Нотатка,Нотатки,Примітка,"
          "Коментар"),
    Field("priority", "Приоритет,Пріоритет,Важность,Важливість"),
    Field("date", "Created,Created at,Added,Дата,Дата создания,Создано,Дата створення,Створено,Когда,Коли"),
)  # fmt: skip

FIELDS: dict[Kind, tuple[Field, ...]] = {"clients": _CLIENTS, "contacts": _CONTACTS, "notes": _NOTES}
REQUIRED: dict[Kind, tuple[str, ...]] = {
    "clients": ("name",),
    "contacts": ("name", "client"),
    "notes": ("client", "text"),
}
NAMES: dict[Kind, dict[str, Field]] = {
    kind: {key(name): field for field in reversed(fields) for name in (field.id, *field.names.split(","))}
    for kind, fields in FIELDS.items()
}
"""What a column may be called → its field."""
