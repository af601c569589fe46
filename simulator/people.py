"""Who a customer is: names, address and telephone, derived from a few numbers or as someone typed them in."""

from datetime import date, timedelta

from simulator.book import Book
from simulator.columns import HAS_EMAIL, HAS_PHONE, SHARED_EMAIL, WALK_IN_NAME
from simulator.edits import Person
from simulator.names import first_names, last_names, plain
from simulator.places import Place
from simulator.plan import EPOCH

GENDERS = (None, "male", "female", "other")


class People:
    """Makes names, contacts and birthdays of the numbers that a book keeps of its customers."""

    def __init__(self, book: Book, place: Place) -> None:
        self._customers = book.customers
        self._typed_in = book.people
        self._dial = place.dial
        self._firsts, self._lasts = first_names(place.names), last_names(place.names)
        self._plain_firsts = tuple(map(plain, self._firsts))
        self._plain_lasts = tuple(map(plain, self._lasts))

    def person(self, row: int) -> Person:
        """Return who the customer of this row is."""
        number = int(self._customers.number[row])
        if number in self._typed_in:
            return self._typed_in[number]
        first, last = int(self._customers.first_name[row]), int(self._customers.last_name[row])
        if first == WALK_IN_NAME:
            return Person("Walk", "In", None, None)
        reachable = int(self._customers.reachable[row])
        return Person(
            first_name=self._firsts[first],
            last_name=self._lasts[last],
            email=self._email(first, last, number, reachable),
            phone=f"{self._dial}{number % 10_000:04d}" if reachable & HAS_PHONE else None,
        )

    def birthday(self, row: int) -> date | None:
        """Return the day, or None when the customer did not tell it."""
        days = int(self._customers.born[row])
        return EPOCH + timedelta(days=days) if days else None

    def gender(self, row: int) -> str | None:
        """Return the gender as the account writes it, or None."""
        return GENDERS[int(self._customers.gender[row])]

    def _email(self, first: int, last: int, number: int, reachable: int) -> str | None:
        if not reachable & HAS_EMAIL:
            return None
        if reachable & SHARED_EMAIL:  # families book from one address: an e-mail is no key
            return f"{self._plain_lasts[last]}.family@example.com"
        return f"{self._plain_firsts[first]}.{self._plain_lasts[last]}{number}@example.com"
