"""Forms of studies: who is enrolled, and how somebody is invited. Forms about one person carry its seal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django import forms

from patients.models import Invitation, Wording
from patients.services.studies import wordings

Channel = Invitation.Channel
Choices = Sequence[tuple[str, str]]

#: Channel → what it means, in the words of a form.
CHANNELS: Choices = (
    (Channel.EMAIL, "{system} sends an e-mail with the link"),
    (Channel.IN_PERSON, "In person: they scan a QR code from this screen now"),
    (Channel.QR, "QR code, to show or to hand over"),
    (Channel.LETTER, "Letter with a QR code, to print"),
    (Channel.OWN_EMAIL, "E-mail of our own, to write yourself"),
    (Channel.COPY, "Copy the link"),
    (Channel.SMS, "Text message that you send"),
    (Channel.PORTAL, "Message in the patient portal that you send"),
)
MANY = (Channel.EMAIL, Channel.LETTER, Channel.SMS, Channel.PORTAL)


class Sealed(forms.Form):
    """A form about one person: the seal of its page."""

    seal = forms.CharField(required=False, widget=forms.HiddenInput)

    @property
    def sealed(self) -> str:
        """The seal as it came back; empty where there was none."""
        return str(self.data.get("seal", ""))


class EnrolForm(Sealed):
    """Into which study."""

    study = forms.ChoiceField(
        label="Study",
        widget=forms.RadioSelect,
        error_messages={"required": "Choose a study.", "invalid_choice": "Choose one of these studies."},
    )

    def __init__(self, *args: Any, studies: Iterable[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["study"].choices = list(studies)  # type: ignore[attr-defined]


class TakeOutForm(forms.Form):
    """Why people are taken out of a study."""

    reason = forms.CharField(
        label="Reason",
        help_text="It stays with each of them and in the trail. Leave names and numbers of patients out.",
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "Give the reason, so that others can judge the decision later."},
    )


class OfferFields(forms.Form):
    """To which app, and how the link reaches people."""

    app = forms.ChoiceField(
        label="App",
        help_text="The study can be joined with each of these.",
        widget=forms.RadioSelect,
        error_messages={"required": "Choose the app."},
    )
    channel = forms.ChoiceField(
        label="How does the link reach them?",
        widget=forms.RadioSelect,
        error_messages={"required": "Choose how the link reaches them."},
    )

    def __init__(self, *args: Any, apps: Choices, channels: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["channel"].choices = list(channels)  # type: ignore[attr-defined]
        if len(apps) > 1:
            self.fields["app"].choices = list(apps)  # type: ignore[attr-defined]
        else:
            del self.fields["app"]
        self._app = apps[0][0] if apps else ""

    @property
    def chosen_app(self) -> str:
        """The app's number; empty where the system names none."""
        return str(self.cleaned_data.get("app", self._app))

    @property
    def chosen_channel(self) -> Channel:
        """The channel."""
        return Channel(self.cleaned_data["channel"])


class InviteForm(OfferFields, Sealed):
    """An invitation of one person. ``reason`` is asked for where they hold no permission for e-mails."""

    reason = forms.CharField(
        label="Reason for an e-mail all the same",
        help_text="Needed for an e-mail to somebody without permission for e-mails. It stays in the trail.",
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    field_order = ("seal", "app", "channel", "reason")

    def __init__(self, *args: Any, needs_reason: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not needs_reason:
            del self.fields["reason"]


class InviteManyForm(OfferFields):
    """An invitation of many; who they are is ticked beside it."""


class EmailForm(forms.Form):
    """The e-mail of somebody who belongs to another organization."""

    email = forms.EmailField(
        label="E-mail address",
        help_text="The whole address, as it was given. Its spelling in small letters is looked up, too.",
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        error_messages={
            "required": "Type the e-mail address.",
            "invalid": "Type the whole e-mail address, like name@example.org.",
        },
    )


class NameForm(forms.Form):
    """How a name in a list begins."""

    name = forms.CharField(
        label="Name begins with",
        required=False,
        max_length=80,
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "spellcheck": "false", "class": "govuk-input--width-20"}
        ),
    )


class WordingForm(forms.Form):
    """An organization's own letter or e-mail."""

    subject = forms.CharField(
        label="Subject", max_length=200, error_messages={"required": "Enter the subject of the e-mail."}
    )
    text = forms.CharField(
        label="Text",
        max_length=wordings.LONGEST,
        widget=forms.Textarea(attrs={"rows": 24, "class": "portal-wording__text"}),
        error_messages={"required": "Enter the text."},
    )

    def __init__(self, *args: Any, use: Wording.Use, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.use = use
        if use is not Wording.Use.EMAIL:
            del self.fields["subject"]

    def clean_text(self) -> str:
        """Hold that the text has what it needs, and nothing that the portal does not know."""
        text = str(self.cleaned_data["text"]).replace("\r\n", "\n")
        if problem := wordings.problem_of(self.use, text):
            raise forms.ValidationError(problem)
        return text

    def clean_subject(self) -> str:
        """The same for what the subject can name: the study and the organization."""
        subject = str(self.cleaned_data["subject"])
        rest = subject.replace("{study}", "").replace("{organization}", "").replace("{app}", "")
        if "{" in rest:
            raise forms.ValidationError(
                "The subject can name {study}, {organization} and {app}, nothing else."
            )
        return subject


class LanguageForm(forms.Form):
    """A language in which an organization writes."""

    use = forms.ChoiceField(label="What", choices=Wording.Use.choices, widget=forms.RadioSelect)
    language = forms.ChoiceField(label="Language")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        languages = [
            (each.code, each.name if each.name == each.own_name else f"{each.name} ({each.own_name})")
            for each in wordings.every_language()
        ]
        self.fields["language"].choices = languages  # type: ignore[attr-defined]
