"""Files of people to be onboarded, the command run to its end, and what it said."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import Any

from django.core.management import CommandError, call_command

from integrations.sandbox.run import Sandbox
from portal.accounts.models import User
from tests.studying import BP_AND_HR, CAREX

HEADER = "given_name,family_name,birth_date,email,phone,number"
ALMA = "Alma,Quillfeather,1971-04-02,alma.quillfeather@example.org,07700 900471,LL-001"
BRAM = "Bram,Underhillock,1966-11-23,bram.underhillock@example.org,07700 900472,LL-002"
CLEO = 'Cleo,"Zephyrine, née Ottoline",1990-07-30,cleo.zephyrine@example.org,,LL-003'
THREE = (ALMA, BRAM, CLEO)
WORDS = ("Alma", "Quillfeather", "Bram", "Underhillock", "Cleo", "Zephyrine", "example.org", "900471", "1971")


@dataclass
class Said:
    """What the command wrote, and the code with which it ended."""

    code: int
    out: str
    err: str

    @property
    def rows(self) -> list[dict[str, str]]:
        """What came of each line."""
        return list(csv.DictReader(io.StringIO(self.out)))

    @property
    def outcomes(self) -> list[str]:
        return [each["outcome"] for each in self.rows]


def file_of(*lines: str, header: str = HEADER, mark: str = "") -> bytes:
    return (mark + "\r\n".join([header, *lines]) + "\r\n").encode()


def onboard(
    *words: str, by: User, data: bytes | None = None, study: str = BP_AND_HR, wait: float = 0.0
) -> Said:
    """The command run to its end over this file; it tells nobody's details."""
    out, err = io.StringIO(), io.StringIO()
    named = ["-"] if data is not None else []
    options: dict[str, Any] = {"stdin": io.BytesIO(data)} if data is not None else {}
    app = ["--app", CAREX] if "--invite" in words else []
    code = 0
    try:
        call_command(
            "onboard", *named, "--study", study, "--by", str(by.email), "--wait", str(wait), *app, *words,
            stdout=out, stderr=err, **options,
        )  # fmt: skip
    except SystemExit as end:
        code = int(end.code or 0)
    except CommandError as refused:
        code = refused.returncode
        err.write(str(refused))
    said = Said(code, out.getvalue(), err.getvalue())
    assert not any(word in said.out + said.err for word in WORDS), "it names people"
    return said


def in_study(sandbox: Sandbox, study: str = BP_AND_HR) -> list[str]:
    """E-mails of everybody whom the study has, as often as it has them."""
    with sandbox.stores["jhe"].reading() as state:
        users = {each["id"]: each["email"] for each in state["users"].values()}
        whose = {each["id"]: users[each["user_id"]] for each in state["patients"].values()}
        return [whose[each["patient_id"]] for each in state["enrolments"] if str(each["study_id"]) == study]
