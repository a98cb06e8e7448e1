"""Forms render in the markup of the design system, with hint and error linked."""

from __future__ import annotations

from datetime import date
from html.parser import HTMLParser

import pytest
from django import forms

from portal.web.forms import DateInput


class SampleForm(forms.Form):
    """One field of each kind."""

    name = forms.CharField(
        label="Name", help_text="As on the letter", error_messages={"required": "Enter a name"}
    )
    born = forms.DateField(label="Birth date", required=False, widget=DateInput())
    system = forms.ChoiceField(label="System", required=False, choices=[("", "Any"), ("jump", "Jump")])
    way = forms.ChoiceField(
        label="Way", required=False, choices=[("a", "A"), ("b", "B")], widget=forms.RadioSelect
    )
    sure = forms.BooleanField(label="I am sure", required=False)
    notes = forms.CharField(label="Notes", required=False, widget=forms.Textarea)
    secret = forms.CharField(label="Password", required=False, widget=forms.PasswordInput)
    hidden = forms.CharField(required=False, widget=forms.HiddenInput)


class Elements(HTMLParser):
    """Every element of a page: tag and attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def by_id(self, name: str) -> dict[str, str | None]:
        """The attributes of the element with that id."""
        return next(attributes for _, attributes in self.found if attributes.get("id") == name)


@pytest.mark.parametrize(
    ("field", "own"),
    [
        ("id_name", "govuk-input"),
        ("id_born", "govuk-input govuk-input--width-10"),
        ("id_system", "govuk-select"),
        ("id_way_0", "govuk-radios__input"),
        ("id_sure", "govuk-checkboxes__input"),
        ("id_notes", "govuk-textarea"),
        ("id_secret", "govuk-input"),
    ],
)
def test_control_of_each_kind_has_its_class(field: str, own: str) -> None:
    assert Elements(str(SampleForm())).by_id(field)["class"] == own


def test_every_control_has_a_label_and_no_placeholder() -> None:
    page = Elements(str(SampleForm()))
    labelled = {attributes.get("for") for tag, attributes in page.found if tag == "label"}
    controls = [
        a for tag, a in page.found if tag in {"input", "select", "textarea"} and a.get("type") != "hidden"
    ]
    assert {a["id"] for a in controls} <= labelled
    assert all("placeholder" not in a for a in controls)


def test_refused_field_links_hint_and_error() -> None:
    page = Elements(str(SampleForm({"name": ""})))
    control = page.by_id("id_name")
    assert control["aria-invalid"] == "true"
    assert control["class"] == "govuk-input govuk-input--error"
    for described in (control["aria-describedby"] or "").split():
        assert page.by_id(described) is not None
    assert "Enter a name" in str(SampleForm({"name": ""}))


def test_known_date_shows_in_the_one_form_and_is_read_back() -> None:
    form = SampleForm(initial={"born": date(1980, 4, 3)})
    assert Elements(str(form)).by_id("id_born")["value"] == "03-Apr-1980"
    assert "Read as 03-Apr-1980 (" in str(form)


def test_refused_date_stays_as_typed() -> None:
    form = SampleForm({"name": "x", "born": "31/31/31"})
    assert Elements(str(form)).by_id("id_born")["value"] == "31/31/31"
    assert "Read as" not in str(form)
