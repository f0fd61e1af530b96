from django.db.models import Avg, Count, Exists, OuterRef, Q

# Every statement with a value gets a card. Change one and watch.
Book.objects.filter(authors__name__startswith="Terry")

# One JOIN for the foreign key, and no further query for the publisher's name.
Book.objects.select_related("publisher").filter(price__lt=10).order_by("-published")

# An aggregate over a relation to many: GROUP BY.
Author.objects.annotate(books_count=Count("books"), average=Avg("books__price")).values(
    "name", "books_count", "average"
)

# "Is there one that …?" becomes a subquery, not a JOIN.
raved = Review.objects.filter(book=OuterRef("pk"), stars=5)
Book.objects.filter(Exists(raved)).exclude(stores=None)

# Two queries, however many books there are.
for book in Book.objects.prefetch_related("authors"):
    print(book, "by", ", ".join(author.name for author in book.authors.all()))

Book.objects.filter(Q(pages__gte=300) | Q(publisher__city="London")).count()

# Nothing has asked for its rows: this is the SQL that it would run.
unread = Book.objects.filter(reviews__isnull=True)
