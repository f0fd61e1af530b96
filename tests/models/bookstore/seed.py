from datetime import date, datetime, timezone
from decimal import Decimal

from models import Author, Book, Publisher, Review, Store, Tag

harbour = Publisher.objects.create(name="Harbour Press", city="Lisbon", founded=1921)
lantern = Publisher.objects.create(name="Lantern House", city="Leeds", founded=1978)
Publisher.objects.create(name="Nightjar", city="")

ada = Author.objects.create(name="Ada Finch", email="ada@example.org", born=date(1951, 3, 9))
ben = Author.objects.create(name="Ben Okoro", born=date(1963, 11, 30), mentor=ada)
cleo = Author.objects.create(name="Cleo Marsh", email="cleo@example.org", mentor=ada)
Author.objects.create(name="Dov Stein", born=date(1980, 1, 1), mentor=ben)

sea, night, maps, cook = [Tag.objects.create(name=name) for name in ("sea", "night", "maps", "cooking")]


def book(title, author, publisher, pages, price, rating, published, tags, in_print=True):
    made = Book.objects.create(
        title=title,
        author=author,
        publisher=publisher,
        pages=pages,
        price=Decimal(price),
        rating=rating,
        published=published,
        in_print=in_print,
    )
    made.tags.set(tags)
    return made


tide = book("A Slow Tide", ada, harbour, 312, "14.50", 4.2, date(1999, 5, 4), [sea])
atlas = book("Atlas of Small Rooms", ben, lantern, 180, "22.00", 3.9, date(2007, 9, 18), [maps, night])
salt = book("Salt", ada, harbour, 96, "8.99", None, date(2011, 2, 28), [sea, cook])
owls = book("The Owls' Parliament", cleo, lantern, 420, "18.25", 4.8, date(2016, 12, 31), [night])
draft = book("100% Weather", cleo, None, 0, "0.00", None, None, [], in_print=False)
soup = book("Soup_and_Bread", ben, None, 144, "12.00", 3.1, date(2007, 1, 1), [cook])

for title, reader, stars in [
    (tide, "mia", 5),
    (tide, "noor", 4),
    (atlas, "mia", 3),
    (owls, "oto", 5),
    (owls, "mia", 5),
    (owls, "noor", 2),
    (salt, "oto", 4),
]:
    Review.objects.create(book=title, reader=reader, stars=stars)

quay = Store.objects.create(name="Quay Books", opened=datetime(2001, 4, 1, 9, 30, tzinfo=timezone.utc))
quay.books.add(tide, salt, owls)
arcade = Store.objects.create(name="Arcade", opened=None)
arcade.books.add(atlas, owls, soup)
