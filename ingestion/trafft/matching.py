"""Finds whom or what a text means: webhooks and CSV exports name people and services, but give no ids.

Pure: `ingestion/trafft/directory.py` reads the candidates from the version log. Whatever fits several is nobody: a
missing id is mended by the next sync, a wrong one books the money of one client on another.
"""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

SHORTEST_PHONE = 7
"""Digits. A shorter number is an extension or a short code, and says nothing about who has it."""

LONGEST_COUNTRY_CODE = 3
"""Digits that one of two spellings of a number may have more than the other: +1 813 555 0142 and 813 555 0142."""


@dataclass(frozen=True)
class Candidate:
    """Somebody or something that the log knows: a person with what is known of them, or a service with its name."""

    external_id: str
    name: str | None = None
    email: str | None = None
    phone: str | None = None


class Matcher:
    """Looks candidates of one kind up by email, phone or name, the surest mark first.

    Email ignores case; a phone number is compared by its digits, with or without its country code; a name is taken
    exactly, and only when that fits nobody without regard to case and spaces.
    """

    def __init__(self, candidates: Iterable[Candidate]) -> None:
        self._emails: defaultdict[str, list[Candidate]] = defaultdict(list)
        self._phones: defaultdict[str, list[Candidate]] = defaultdict(list)
        self._names: defaultdict[str, list[Candidate]] = defaultdict(list)
        self._folded: defaultdict[str, list[Candidate]] = defaultdict(list)
        for one in candidates:
            self._add(one)

    def find(self, *, email: str | None = None, phone: str | None = None, name: str | None = None) -> str | None:
        """Return the id of the only candidate that fits, or None when nobody does or several do.

        The first mark that fits anybody decides; the weaker ones only choose among those. Nobody is found by a name
        alone whose email or phone is known to be another.
        """
        sure = self._by_email(email) or self._by_phone(phone)
        if not sure:
            named = [one for one in self._by_name(name) if not _contradicts(one, email, phone)]
            return _only(named)
        for narrower in (self._by_phone(phone), self._by_name(name)):
            sure = [one for one in sure if one in narrower] or sure
        return _only(sure)

    def _add(self, one: Candidate) -> None:
        if email := _folded(one.email):
            self._emails[email].append(one)
        if (digits := phone_digits(one.phone)) is not None:
            self._phones[digits[-SHORTEST_PHONE:]].append(one)
        if one.name and (name := one.name.strip()):
            self._names[name].append(one)
            self._folded[_folded(name)].append(one)

    def _by_email(self, email: str | None) -> list[Candidate]:
        return self._emails.get(_folded(email), [])

    def _by_phone(self, phone: str | None) -> list[Candidate]:
        digits = phone_digits(phone)
        if digits is None:
            return []
        near = self._phones.get(digits[-SHORTEST_PHONE:], [])
        same = [one for one in near if phone_digits(one.phone) == digits]
        return same or [one for one in near if _same_number(digits, phone_digits(one.phone) or "")]

    def _by_name(self, name: str | None) -> list[Candidate]:
        wanted = (name or "").strip()
        return self._names.get(wanted) or self._folded.get(_folded(wanted), [])


def phone_digits(phone: str | None) -> str | None:
    """Return a number's digits without leading zeros, or None when they are too few to mean one subscriber."""
    digits = re.sub(r"\D", "", phone or "", flags=re.ASCII).lstrip("0")
    return digits if len(digits) >= SHORTEST_PHONE else None


def _same_number(one: str, other: str) -> bool:
    shorter, longer = sorted((one, other), key=len)
    return longer.endswith(shorter) and len(longer) - len(shorter) <= LONGEST_COUNTRY_CODE


def _folded(words: str | None) -> str:
    """Return text for comparing; "-" is how Trafft writes an empty field."""
    folded = " ".join((words or "").split()).casefold()
    return "" if folded == "-" else folded


def _contradicts(one: Candidate, email: str | None, phone: str | None) -> bool:
    theirs, given = _folded(one.email), _folded(email)
    if theirs and given and theirs != given:
        return True
    number, asked = phone_digits(one.phone), phone_digits(phone)
    return number is not None and asked is not None and not _same_number(number, asked)


def _only(candidates: list[Candidate]) -> str | None:
    ids = {one.external_id for one in candidates}
    return ids.pop() if len(ids) == 1 else None
