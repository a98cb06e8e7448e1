"""The well-known cases: people made for one difficulty each, by the name of the case.

``NOTES`` says in a sentence what a case is about; trainers and tests go by these names. The
lines are read by ``lines``; those of one human being share a ``who``.
"""

from __future__ import annotations

import re

NOTES = {
    "in_all_three": "One person, alike in all three systems.",
    "maiden_name": "Changed surname by marriage: the old one is still in Jump.",
    "typing_error": "Given and family name both mistyped in Impilo.",
    "swapped_day_and_month": "Born on 4 March or on 3 April.",
    "nickname": "William in Jump, Bill in Impilo, Billy in JHE.",
    "old_address": "Moved to another town; Impilo would still send parcels to the old one.",
    "duplicate_in_jump": "Registered twice in Jump, the second time in a hurry.",
    "duplicate_in_impilo": "Twice in Impilo: once by the clinic, once by the person.",
    "duplicate_in_jhe": "Twice in JHE, with two e-mail addresses.",
    "shared_mailbox": "A family of four with one e-mail address and one phone.",
    "twins": "Same surname, birth date, address and phone; two people.",
    "father_and_son": "Two people of one name at one address.",
    "one_nhs_number_two_people": "One NHS number on the records of two unlike people.",
    "same_name_and_birth_date": "Two people of one name born on one day, with NHS numbers of their own.",
    "dummy": "Test records that somebody left behind.",
    "temporary": "Temporary registrations: real people, here for a while.",
    "deceased": "Died; known to Jump, while Impilo and JHE go on.",
    "archived": "Archived in one system, active in another.",
    "merged": "A Jump record merged into another one, which is the survivor.",
    "inactive": "No longer attending.",
    "requires_review": "Flagged for review in Jump.",
    "accents": "Names with accents, which other systems dropped.",
    "apostrophe": "An apostrophe: straight, curly or left out.",
    "double_barrelled": "A double-barrelled name: with hyphen, with space, or half of it.",
    "single_name": "One name only; each system puts it somewhere else.",
    "arabic_script": "Written in Arabic in Jump, transliterated elsewhere.",
    "chinese_script": "Written in Chinese in Jump; given and family name change places in Impilo.",
    "hundred_characters": "A name of a hundred characters.",
    "surname_null": "Her surname is Null.",
    "markup_in_name": "A test record whose name looks like HTML: it must be shown as it is.",
    "documented_example": "The person of the API documentation; the NHS number fails its check digit.",
    "number_with_hyphens": "NHS number stored with hyphens.",
    "number_with_spaces": "NHS number stored with spaces.",
    "placeholder_birth_date": "Born on 1 January 1900, says Jump: nobody knew.",
    "hardly_anything": "No e-mail, no phone, no NHS number.",
    "gender_identity": "Recorded sex and gender identity differ; has a preferred name.",
    "accessibility_needs": "Needs held as a text, as a list and as an object.",
    "custom_fields": "Carries the identifiers of an earlier practice system.",
    "newborn": "A baby without a given name yet, beside the mother.",
    "centenarian": "More than a hundred years old.",
    "mixed_case_email": "The e-mail address in capitals in JHE.",
    "only_elsewhere_in_jhe": "In JHE only, in an organization that most staff do not reach.",
}

LINES = """
in_all_three: JXI f 1975-04-18 Grace | Mbeki | Manchester
maiden_name: JXI f 1987-02-26 Anjali | Shah | Leicester | jump.family=Desai
typing_error: JXI f 1968-09-30 Katherine | Wainwright | London | impilo.given=Kathrine;
    impilo.family=Wainright
swapped_day_and_month: JXI m 1980-04-03 John | Smith | London | jhe.born=1980-03-04
nickname: JXI m 1954-12-06 William | Hutchinson | Leeds | impilo.given=Bill; jhe.given=Billy
old_address: JI m 1991-03-22 Jamal | Edwards | Bristol | impilo.town=Birmingham;
    impilo.phone=020 7946 0205
mixed_case_email: JX m 1973-08-15 Piotr | Zajac | London | jhe.email=Piotr.Zajac@Example.COM;
    jhe.family=Zając
duplicate_in_jump: JX f 1982-07-19 Rebecca | Thornton | London | who=Rebecca Thornton
duplicate_in_jump: J f 1982-07-19 Becky | Thornton | London | who=Rebecca Thornton; nhs=; phone=
duplicate_in_impilo: JI m 1962-05-03 Anthony | Osei | London | who=Anthony Osei
duplicate_in_impilo: I m 1962-05-03 Tony | Osei | London | who=Anthony Osei
duplicate_in_jhe: JX f 1994-10-24 Lucy | Harcourt | Norwich | who=Lucy Harcourt; nhs=9991882464
duplicate_in_jhe: X f 1994-10-24 Lucy | Harcourt | Norwich | who=Lucy Harcourt; nhs=9991882464;
    email=lucy.h@example.org
shared_mailbox: JI f 1979-03-12 Orla | Kavanagh | Belfast | KAVANAGH
shared_mailbox: JI m 1977-06-07 Declan | Kavanagh | Belfast | KAVANAGH
shared_mailbox: J f 2011-09-21 Niamh | Kavanagh | Belfast | KAVANAGH
shared_mailbox: JI m 2014-01-30 Cormac | Kavanagh | Belfast | KAVANAGH
twins: JI f 2006-11-14 Anika | Joshi | Leicester | JOSHI
twins: JI f 2006-11-14 Anisha | Joshi | Leicester | JOSHI
father_and_son: JI m 1948-02-11 Robert | Lockwood | Leeds | line_one=31 Cardigan Lane; postcode=LS6 3BN
father_and_son: JX m 1976-10-05 Robert | Lockwood | Leeds | line_one=31 Cardigan Lane; postcode=LS6 3BN
one_nhs_number_two_people: J f 1959-01-17 Josephine | Calloway | London | nhs=9990932182
one_nhs_number_two_people: JI m 1993-08-04 Tariq | Mahmood | London | nhs=9990932182
same_name_and_birth_date: JX m 1985-01-01 Mohammed | Khan | Birmingham
same_name_and_birth_date: JI m 1985-01-01 Mohammed | Khan | Leicester | who=the other Mohammed Khan;
    email=m.khan85@example.org
dummy: JI m 2000-01-01 Test | Patient | London | nhs=; jump.patient_type=dummy
dummy: J f 1990-01-01 Zzz | Do-Not-Use | London | nhs=9999999999; jump.patient_type=dummy
temporary: J f 1999-06-10 Freya | Halvorsen | London | jump.patient_type=temporary
temporary: JX m 1990-09-05 Bram | de Vries | London | jump.patient_type=temporary
deceased: JXI m 1941-05-28 Albert | Ramsbottom | Manchester | DIED
archived: JX f 1972-10-09 Simone | Laurent | London | ARCHIVED
archived: JI m 1967-12-12 Hugh | Carmichael | Glasgow | impilo.archived=true
merged: JI f 1958-07-07 Philippa | Northcott | Bristol | who=Philippa Northcott; nhs=9991961658
merged: J f 1958-07-07 Pippa | Northcott | Bristol | who=Philippa Northcott; nhs=9991961658; MERGED
inactive: JI m 1986-04-14 Owen | Griffith | Cardiff | jump.status=inactive
requires_review: JI m 1951-08-31 Cyril | Haddow | Norwich | REVIEW
accents: JXI f 1983-05-16 Zoë | Núñez | London | impilo.given=Zoe; impilo.family=Nunez
accents: JI m 1978-02-20 Łukasz | Wójcik | Leeds | impilo.given=Lukasz
apostrophe: JXI f 1970-03-17 Siobhán | O'Connor | Belfast | impilo.family=O’Connor; jhe.given=Siobhan;
    jhe.family=OConnor
double_barrelled: JXI f 1989-11-11 Charlotte | Ashton-Reeves | London | impilo.family=Ashton Reeves;
    jhe.family=Reeves
single_name: JXI m 1969-06-06 Suryadi | | London | jump.given=-; jump.family=Suryadi;
    jhe.family=Suryadi; impilo.family=.
arabic_script: JXI m 1988-12-20 Khaled | Al-Masri | London | ARABIC
chinese_script: JXI f 1992-01-28 Xiaoming | Wang | Manchester | CHINESE
hundred_characters: JI f 1965-09-09 LONG_GIVEN | LONG_FAMILY | London | email=a.long.name@example.com
surname_null: JXI f 1984-08-08 Jennifer | Null | Glasgow
markup_in_name: JI m 1990-01-01 Test | <script>alert('sandbox')</script> | London | nhs=;
    jump.patient_type=dummy
number_with_hyphens: J m 1961-02-02 Frank | Openshaw | London | nhs=999-101-1374
number_with_spaces: JI f 1974-07-27 Beverley | Stanhope | London | nhs=999 109 0568
placeholder_birth_date: JI m 1957-03-24 Selwyn | Price | Cardiff | jump.born=1900-01-01
hardly_anything: J m 1999-01-09 Kieran | Moss | London | email=; phone=; nhs=; line_one=; postcode=
gender_identity: JI f 1996-05-05 Alexandra | Finch | Bristol | preferred=Alex; title=Mx;
    jump.gender=non_binary; impilo.sex=other
accessibility_needs: J f 1936-10-10 Elsie | Wardle | Leeds | jump.accessibility_needs=Wheelchair access
accessibility_needs: J f 1945-05-08 Vera | Wardle | Leeds |
    jump.accessibility_needs=["Large print", "Hearing loop"]
accessibility_needs: J f 1970-12-01 Joan | Wardle | Leeds |
    jump.accessibility_needs={"interpreter": "British Sign Language"}
custom_fields: JI m 1984-01-25 Marek | Sobczak | Manchester | CUSTOM
newborn: J f 2026-05-30 Baby | Achterberg | London | nhs=; email=; phone=07700 900377;
    jump.created_at=2026-06-01T09:30:00Z; jump.updated_at=2026-06-01T09:30:00Z
newborn: J f 1995-03-03 Sanne | Achterberg | London | phone=07700 900377
centenarian: JI f 1921-04-21 Ethel | Longbottom | Leeds
only_elsewhere_in_jhe: X m 1982-02-14 Viktor | Halloran | Birmingham | organizations=[20004]
"""

# Words of the lines that stand for more than fits on one.
SHORTHANDS = {
    "KAVANAGH": "email=the.kavanaghs@example.com; phone=07700 900815; "
    "line_one=27 Ormeau Road; postcode=BT7 3GN",
    "JOSHI": "email=rupa.joshi@example.com; phone=07700 900464; "
    "line_one=6 Evington Valley Road; postcode=LE5 5LJ",
    "DIED": "jump.is_deceased=true; jump.date_of_death=2025-11-02; jump.status=inactive",
    "ARCHIVED": "jump.status=archived; jump.patient_type=archived; jump.archived_at=2025-03-14T09:12:00Z; "
    "jump.archived_by=reception; jump.archive_reason=moved away",
    "MERGED": "jump.status=merged; jump.patient_type=merged",
    "REVIEW": "jump.requires_review=true; jump.review_reason=Birth date given on the phone differs.",
    "ARABIC": "jump.given=خالد; jump.family=المصري; impilo.given=Khalid; impilo.family=Almasri",
    "CHINESE": "jump.given=小明; jump.family=王; impilo.given=Wang; impilo.family=Xiaoming",
    "CUSTOM": 'jump.custom_fields={"emis_guid": "6f2c1e8a-sandbox", "external_id": "PRACTICE-0042", '
    '"preferred_language": "Polish"}',
    # A hundred characters together, with the space between them.
    "LONG_GIVEN": "Wolfeschlegelsteinhausenbergerdorff-Maximilia",
    "LONG_FAMILY": "Featherstonehaugh-Cholmondeley-Wriothesley-Marjoribank",
}


def spelled_out() -> str:
    """The lines with every shorthand replaced by what it stands for."""
    return re.sub(r"\b[A-Z_]{4,}\b", lambda word: SHORTHANDS.get(word[0], word[0]), LINES)
