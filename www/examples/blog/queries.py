from django.db.models import Count, Exists, OuterRef, Prefetch, Q

Post.objects.published()

# A custom queryset's methods chain like Django's own.
Post.objects.published().about("django").filter(tags__slug="sql")

# The same conditions in one filter() mean one and the same tag: nothing has both.
Post.objects.filter(tags__slug="django", title__icontains="joins")

Post.objects.annotate(
    approved=Count("comments", filter=Q(comments__approved=True)),
    waiting=Count("comments", filter=Q(comments__approved=False)),
).values_list("title", "approved", "waiting")

waiting = Comment.objects.filter(post=OuterRef("pk"), approved=False)
Post.objects.annotate(needs_care=Exists(waiting)).order_by("-needs_care").values("title", "needs_care")

# N+1: one query for the posts, one more for each of them.
for post in Post.objects.published():
    print(post.title, "has", post.comments.count(), "comments")

# The same with a prefetch: two queries.
approved = Prefetch("comments", Comment.objects.filter(approved=True), to_attr="good")
for post in Post.objects.published().prefetch_related(approved):
    print(post.title, [comment.author for comment in post.good])

Tag.objects.annotate(used=Count("posts")).order_by("-used", "slug").first()

Post.objects.get(title="Not there")
