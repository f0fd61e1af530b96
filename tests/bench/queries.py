"""Measures one side. The same text runs on ormscope and on real Django; it
prints one JSON object: name -> seconds of each sample, for one operation."""

import json
import time
from decimal import Decimal

from django.db.models import Avg, Count, Exists, F, OuterRef, Q, Subquery, Sum
from models import Author, Book, Review, Tag

ROWS = 10_000
PARENTS = 1_000


def get():
    return str(Book.objects.filter(pk=7).query)


def across():
    return str(Book.objects.filter(author__mentor__name="a", publisher__city="b").exclude(pages__lt=10).query)


def joined():
    return str(
        Book.objects.filter(author__name__startswith="a")
        .annotate(n=Count("tags"))
        .select_related("author")
        .order_by("-n")
        .query
    )


def tree():
    return str(
        Book.objects.filter(
            (Q(pages__gt=1) | Q(rating__isnull=True)) & ~Q(title__icontains="x") | Q(tags__name__in=["a", "b"])
        ).query
    )


def grouped():
    return str(
        Book.objects.values("author__name")
        .annotate(total=Sum("pages"), liked=Avg("review__stars"))
        .filter(total__gt=100)
        .order_by("-total")
        .query
    )


def inside():
    return str(
        Author.objects.annotate(has=Exists(Book.objects.filter(author=OuterRef("pk"), price__gt=10)))
        .filter(has=True)
        .query
    )


def without():
    return str(Author.objects.exclude(books__tags__name="a").filter(born__year=1970).query)


def deep():
    newest = Review.objects.filter(book=OuterRef("pk")).order_by("-stars").values("reader")[:1]
    return str(
        Book.objects.filter(stores__name="a")
        .annotate(reader=Subquery(newest), n=Count("review", distinct=True), cost=F("price") * F("pages"))
        .select_related("author__mentor", "publisher")
        .order_by("-n", "title")[:10]
        .query
    )


def measure(samples, operation, times):
    operation()
    found = []
    for _ in range(samples):
        begun = time.perf_counter()
        for _ in range(times):
            operation()
        found.append((time.perf_counter() - begun) / times)
    return found


shapes = {
    "SQL: a row by its key": get,
    "SQL: filters across relations": across,
    "SQL: join, count over many-to-many, select_related, ordering": joined,
    "SQL: a tree of Q": tree,
    "SQL: values and two aggregates": grouped,
    "SQL: Exists": inside,
    "SQL: exclude over two relations": without,
    "SQL: three joins, aggregate and subquery": deep,
}
found = {name: measure(7, shape, 200) for name, shape in shapes.items()}

ada = Author.objects.create(name="Ada")
price = Decimal("9.99")


def many():
    Book.objects.all()._raw_delete("default")
    return Book.objects.bulk_create([Book(title="t", author=ada, pages=1, price=price) for _ in range(ROWS)])


found["get"] = measure(5, lambda: Author.objects.get(pk=ada.pk), 200)
found["save (insert)"] = measure(5, lambda: Author(name="x").save(), 200)
Author.objects.filter(name="x").delete()
begun = time.perf_counter()
books = [Book(title=f"Title {n}", author=ada, pages=n, price=price, rating=1.5) for n in range(ROWS)]
found["10,000 instances made"] = [time.perf_counter() - begun]
begun = time.perf_counter()
Book.objects.bulk_create(books)
found["bulk_create of 10,000"] = [time.perf_counter() - begun]
found["10,000 instances read"] = measure(3, lambda: [book for book in Book.objects.all()], 1)
found["10,000 instances read, select_related"] = measure(
    3, lambda: [book for book in Book.objects.select_related("author")], 1
)
found["values() of 10,000"] = measure(3, lambda: list(Book.objects.values()), 1)
found["values_list(flat) of 10,000"] = measure(3, lambda: list(Book.objects.values_list("title", flat=True)), 1)
Author.objects.bulk_create([Author(name=f"Author {n}") for n in range(PARENTS)])
first = Author.objects.order_by("-pk").values_list("pk", flat=True)[PARENTS - 1]
Book.objects.update(author_id=F("id") % PARENTS + first)
found["prefetch of 10,000 over 1,000 parents"] = measure(
    3, lambda: [len(author.books.all()) for author in Author.objects.prefetch_related("books")], 1
)
print("@@bench@@" + json.dumps(found))
