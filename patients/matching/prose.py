"""Names told from the sentences around them: "Thank you for seeing this lady, Mrs Aoife O'Brien"."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .names import PARTICLES, TITLES, fold, is_title

FEWEST = 3
"""So many different words of sentences make a line one. Of fewer, each may be a name: Will, An, You."""

_SENTENCES = frozenset(
    {
        "a", "about", "accept", "advice", "advise", "after", "again", "all", "also", "am", "an", "and",
        "any", "appointment", "are", "as", "ask", "asked", "assess", "assessment", "at", "be", "because",
        "been", "before", "being", "birth", "book", "booked", "by", "call", "called", "calling", "came",
        "can", "care", "client", "clinic", "colleague", "concerning", "contact", "could", "date", "day",
        "dear", "delightful", "did", "do", "does", "doctor", "dr", "faithfully", "follow", "for", "friday",
        "friend", "from", "further", "gentleman", "get", "give", "given", "good", "grateful", "had", "has",
        "have", "he", "hello", "help", "her", "hey", "hi", "him", "his", "history", "hope", "how", "i",
        "if", "in", "into", "is", "it", "its", "kind", "kindly", "know", "known", "lady", "last", "let",
        "like", "look", "lovely", "madam", "man", "management", "many", "me", "message", "meet", "monday",
        "morning", "my", "name", "named", "need", "needs", "new", "next", "no", "not", "now", "of", "on",
        "one", "opinion", "or", "our", "over", "patient", "patients", "people", "person", "phone",
        "pleasant", "please", "pleasure", "presented", "presents", "re", "refer", "referral", "referred",
        "referring", "regarding", "regards", "review", "ring", "saturday", "saw", "see", "seeing", "seen",
        "send", "she", "sincerely", "sir", "so", "some", "sunday", "surgery", "team", "tell", "thank",
        "thanks", "that", "the", "their", "them", "there", "they", "this", "thursday", "to", "today",
        "tomorrow", "tuesday", "up", "us", "very", "want", "wants", "was", "wednesday", "week", "well",
        "were", "what", "when", "where", "which", "who", "whom", "whose", "will", "wish", "with", "woman",
        "would", "year", "years", "yesterday", "yet", "you", "young", "your", "yours",
    }
)  # fmt: skip
_SOMEBODY_ELSE_AFTER = frozenset({"dear", "by", "from", "sincerely", "faithfully", "regards"})
_PATIENTS_TITLES = TITLES & {"mr", "mrs", "ms", "miss", "mx", "master", "mister"}

NOT_A_NAME = "Not part of a name."
SOMEBODY_ELSE = "The name of whoever writes, or is written to."
NOT_TITLED = "In a text with a title, only the name after it is looked up."


def words_beside_names(words: Sequence[str]) -> dict[int, str]:
    """Which words of a line are no part of the name meant, by their place, each with the reason.

    Empty where the line is no sentence. In one, words of sentences are not names; nor is what is
    written small where something else has a capital; nor whoever writes or is written to.
    """
    folded = [fold(word) for word in words]
    if len(_SENTENCES.intersection(folded)) < FEWEST:
        return {}
    names = [_can_be_name(word, plain) for word, plain in zip(words, folded, strict=True)]
    if any(name and word[:1].isupper() for name, word in zip(names, words, strict=True)):
        names = [
            name and (not word[:1].islower() or plain in PARTICLES)
            for name, word, plain in zip(names, words, folded, strict=True)
        ]
    names = [name or _is_initial(words, names, at) for at, name in enumerate(names)]
    beside = {at: NOT_A_NAME for at, name in enumerate(names) if not name}
    return beside | _other_people(folded, list(_runs(names)))


def _can_be_name(word: str, plain: str) -> bool:
    return len(plain) > 1 and (is_title(word) or plain not in _SENTENCES)


def _is_initial(words: Sequence[str], names: Sequence[bool], at: int) -> bool:
    """Whether a single capital stands beside a name: "Mr I Musa", not "I would be grateful"."""
    if len(words[at].strip(".")) != 1 or not words[at][:1].isupper():
        return False
    return any(0 <= beside < len(names) and names[beside] for beside in (at - 1, at + 1))


def _runs(names: Sequence[bool]) -> Iterator[range]:
    """Stretches of neighbouring name words."""
    start = 0
    for at, name in enumerate([*names, False]):
        if not name:
            if at > start:
                yield range(start, at)
            start = at + 1


def _other_people(folded: Sequence[str], runs: Sequence[range]) -> dict[int, str]:
    """Name words of people who are not meant. Of somebody alone in a text nothing is taken away."""
    own = [
        run
        for run in runs
        if not (run.start and folded[run.start - 1] in _SOMEBODY_ELSE_AFTER)
        and not all(folded[at] in TITLES for at in run)
    ]
    if not own:
        return {}
    titled = [run for run in own if folded[run.start] in _PATIENTS_TITLES]
    meant = titled if len(titled) == 1 else own
    return {at: NOT_TITLED if run in own else SOMEBODY_ELSE for run in runs if run not in meant for at in run}
