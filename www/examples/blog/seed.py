from datetime import datetime, timezone

tags = {slug: Tag.objects.create(slug=slug) for slug in ["django", "sql", "rust", "life"]}


def post(title, day, slugs, status=Post.Status.PUBLISHED):
    made = Post.objects.create(
        title=title,
        body=f"{title}: a long story.",
        status=status,
        published_at=day and datetime(2025, 1, day, 9, 30, tzinfo=timezone.utc),
    )
    made.tags.set(tags[slug] for slug in slugs)
    return made


joins = post("Joins, drawn", 4, ["django", "sql"])
orm = post("What an ORM does all day", 9, ["django", "sql"])
borrow = post("Borrowed time", 12, ["rust"])
walk = post("A walk by the sea", 20, ["life"])
post("Not finished", None, ["django"], Post.Status.DRAFT)

Comment.objects.bulk_create(
    [
        Comment(post=joins, author="ada", text="At last!", approved=True),
        Comment(post=joins, author="bot", text="Buy things."),
        Comment(post=orm, author="grace", text="More, please.", approved=True),
        Comment(post=orm, author="ada", text="Indeed.", approved=True),
        Comment(post=walk, author="linus", text="Which sea?", approved=True),
    ]
)
