from datetime import date
from decimal import Decimal

le_guin = Author.objects.create(name="Ursula K. Le Guin", born=date(1929, 10, 21))
lem = Author.objects.create(name="Stanisław Lem", born=date(1921, 9, 12))
butler = Author.objects.create(name="Octavia E. Butler", born=date(1947, 6, 22))
gaiman = Author.objects.create(name="Neil Gaiman", born=date(1960, 11, 10))
pratchett = Author.objects.create(name="Terry Pratchett", born=date(1948, 4, 28))
homer = Author.objects.create(name="Homer")

ace = Publisher.objects.create(name="Ace Books", city="New York")
mon = Publisher.objects.create(name="Wydawnictwo MON", city="Warszawa")
gollancz = Publisher.objects.create(name="Gollancz", city="London")


def book(title, authors, publisher, published, price, pages):
    made = Book.objects.create(
        title=title,
        publisher=publisher,
        published=published,
        price=Decimal(price),
        pages=pages,
    )
    made.authors.set(authors)
    return made


left_hand = book("The Left Hand of Darkness", [le_guin], ace, date(1969, 3, 1), "9.99", 304)
dispossessed = book("The Dispossessed", [le_guin], gollancz, date(1974, 5, 1), "10.50", 341)
solaris = book("Solaris", [lem], mon, date(1961, 6, 1), "8.75", 204)
cyberiad = book("The Cyberiad", [lem], None, date(1965, 1, 1), "11.00", 295)
kindred = book("Kindred", [butler], None, date(1979, 7, 1), "12.25", 264)
omens = book("Good Omens", [gaiman, pratchett], gollancz, date(1990, 5, 10), "9.50", 288)
mort = book("Mort", [pratchett], gollancz, date(1987, 11, 12), "7.99", 272)
odyssey = book("Odyssey", [homer], None, date(1614, 1, 1), "6.00", 541)

corner = Store.objects.create(name="Corner Books")
corner.books.set([left_hand, solaris, omens, mort])
harbour = Store.objects.create(name="Harbour Lights")
harbour.books.set([left_hand, dispossessed, kindred, omens])
Store.objects.create(name="The Empty Shelf")

Review.objects.bulk_create(
    [
        Review(book=left_hand, stars=5, text="Winter is a character."),
        Review(book=left_hand, stars=4),
        Review(book=solaris, stars=5, text="An ocean that thinks."),
        Review(book=omens, stars=5, text="Nice and accurate."),
        Review(book=omens, stars=3),
        Review(book=kindred, stars=5),
    ]
)
