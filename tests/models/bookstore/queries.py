from django.db.models import Avg, Count, Q

# Every book with the name of its author, in one query.
Book.objects.select_related("author")

# A filter that crosses two relations.
Author.objects.filter(books__tags__name="sea").distinct()

# Grouping: how well each author's books are liked.
Author.objects.annotate(
    titles=Count("books", distinct=True),
    liked=Avg("books__review__stars"),
).order_by("-liked")

Book.objects.filter(Q(pages__lt=150) | Q(rating__isnull=True)).values("title", "pages")
