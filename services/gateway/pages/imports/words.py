"""What the importer says of files, rows and undos, in the language of who reads it (P14)."""

from __future__ import annotations

from gettext import NullTranslations

from services.gateway.pages.imports.fields import kinds, labels
from services.gateway.pages.sentences import N_, Sentences


def _named(words: NullTranslations, gap: str, text: str) -> str:
    """Return what stands in a gap, ids of fields and kinds by their names."""
    known = dict(kinds(words)) if gap == "kind" else labels(words) if gap in ("field", "fields") else {}
    return ", ".join(known.get(part, part) for part in text.split(", "))


_SENTENCES = Sentences((
    N_("%(file)s: it is larger than %(most)s MB; split it into several files"),
    N_("%(file)s: it is empty; choose a file with a header row and rows below it"),
    N_("%(file)s: there is no row below the header in row %(row)s; fill in at least one"),
    N_("%(file)s: it has more than %(most)s rows; split it into several files"),
    N_("%(file)s: it has more than %(most)s rows or %(cells)s filled cells; split it into several files"),
    N_("%(file)s: it has more than %(most)s columns; delete those you do not need"),
    N_("%(file)s: it is protected by a password or of the old XLS kind; save it as XLSX without a password"),
    N_("%(file)s: it is damaged (%(why)s); open it in a spreadsheet program and save it as XLSX anew, or as CSV"),
    N_("%(file)s: it holds no XLSX workbook; open it in a spreadsheet program and save it as XLSX anew"),
    N_(
        "%(file)s: it has too many parts, or parts of one name; "
        "open it in a spreadsheet program and save it as XLSX anew"
    ),
    N_("%(file)s: it is protected by a password; save it without one"),
    N_("%(file)s: it takes values from other files; break these links, or save the sheet as CSV"),
    N_("%(file)s: it unpacks to %(bytes)s bytes, which is too much; split it, or save it as CSV"),
    N_(
        "%(file)s: it declares entities, as no spreadsheet program does; "
        "open it in a spreadsheet program and save it as XLSX anew"
    ),
    N_("%(file)s: it has a row numbered %(row)s; open it in a spreadsheet program and save it as XLSX anew"),
    N_("%(file)s: it cannot be read (%(why)s); open it in a spreadsheet program and save it anew"),
    N_("%(file)s: it has no sheet %(sheet)s; choose one of %(sheets)s"),
    N_("%(file)s: row %(row)s is no CSV (%(why)s); check its quotes, or save the table as XLSX"),
    N_("%(file)s: row %(row)s has a cell of more than %(most)s signs; check the quotes around it"),
    N_("%(file)s: it is no valid %(encoding)s from byte %(byte)s on; save it as CSV in UTF-8, or as XLSX"),
    N_("%(file)s: its text encoding is not known; save it as CSV in UTF-8, or as XLSX"),
    N_("the file is larger than %(most)s MB; split it into several"),
    N_("choose a file first"),
    N_("two columns are matched to one field that holds one value; match one of them"),
    N_("no column is known as the %(field)s of %(kind)s; say which of them it is: %(columns)s"),
    N_("the name has more than %(most)s signs; shorten it"),
    N_("%(value)s is an error of the spreadsheet; correct the formula or empty the cell"),
    N_("holds the NUL character; delete it"),
    N_("has %(number)s signs, at most %(most)s fit; shorten it"),
    N_("one of them has more than %(most)s signs; shorten it"),
    N_("%(value)s is no e-mail address; write one address such as name@example.com"),
    N_("%(value)s is no percentage; write a number such as 10 or 7,5"),
    N_("%(value)s is no percentage; a discount is between 0 and 100"),
    N_("there is no employee %(name)s; add the employee first, or write the name as it is here"),
    N_("there are %(number)s employees named %(name)s; write the id of one: %(ids)s"),
    N_("%(value)s is not known here; write one of %(words)s"),
    N_("%(value)s is no currency; write a code such as EUR, UAH or USD"),
    N_("%(value)s may be read in two ways; write it as 2026-12-31 or 31.12.2026"),
    N_("%(value)s is no date; write it as 2026-12-31 or 31.12.2026"),
    N_("%(value)s is no day of the calendar; write it as 2026-12-31 or 31.12.2026"),
    N_("%(value)s has not come yet; write when it was"),
    N_("%(value)s has lost digits in the spreadsheet; format the column as text and enter the number again"),
    N_("%(value)s is no phone number; write it in full"),
    N_("%(value)s is no phone number; write it in full, with its country code, such as +380 44 123 45 67"),
    N_("matches several records (%(records)s); leave what belongs to one of them"),
    N_("the client is missing; write the name, #number, phone, e-mail or tax number of one"),
    N_("there is no client %(name)s; import the clients first, or correct the name"),
    N_("there are %(number)s clients called %(name)s (%(names)s); write the #number of one"),
    N_("the %(field)s is missing; fill it in, or delete the row"),
    N_("it was erased or removed meanwhile; import the row again"),
    N_("it was changed here while it was imported; import again"),
    N_("the personal data of this customer was erased; nothing can be added to it"),
    N_("it was changed since"),
    N_("it was erased since"),
    N_("it was removed since"),
    N_("it was put into the archive since"),
    N_("it has a note of somebody else"),
    N_("it has a contact person of somebody else"),
    N_("it has a deal"),
    N_("it has an order"),
    N_("it has a payment"),
    N_("changed again since: %(fields)s"),
    N_("another import is going on; wait until it is done"),
    N_("this file was imported already, or is not kept any more; choose it again"),
    N_("this file is imported already; choose it again to import it in another way"),
    N_("there is nothing to undo: this import was undone, or never began"),
    N_("this file is being imported, or undone, by somebody else; try again when they are done"),
    N_("something went wrong here; the log of the server has the details"),
    N_("the lists are still being counted; try again in a moment"),
), _named)  # fmt: skip
said = _SENTENCES.said
