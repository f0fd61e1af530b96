from datetime import datetime, timedelta, timezone

from models import Comment, Member, Post, Profile

start = datetime(2024, 1, 15, 8, 0, tzinfo=timezone.utc)
ann = Member.objects.create(handle="ann", home="https://ann.example", role=Member.Role.EDITOR)
bo = Member.objects.create(handle="bo", role=Member.Role.WRITER)
cy = Member.objects.create(handle="cy")
Profile.objects.create(member=ann, motto="Less, but typed")
Profile.objects.create(member=cy)

posts = []
for index, (title, author, status, views) in enumerate(
    [
        ("On joins", ann, "live", 120),
        ("Second thoughts", ann, "draft", 0),
        ("Indexes at sea", bo, "live", 45),
        ("Farewell", bo, "gone", 7),
        ("A quiet release", bo, "live", 45),
    ]
):
    posts.append(
        Post.objects.create(
            title=title,
            slug=title.lower().replace(" ", "-"),
            body=title + ".",
            author=author,
            status=status,
            views=views,
            created=start + timedelta(days=20 * index, hours=index),
            changed=start + timedelta(days=30 * index) if index % 2 else None,
        )
    )
posts[0].related.add(posts[2], posts[4])
posts[2].related.add(posts[0])

first = Comment.objects.create(post=posts[0], author=bo, text="Which alias is T3?", created=start)
answer = Comment.objects.create(
    post=posts[0], author=ann, text="The third table.", answer_to=first, created=start + timedelta(hours=1)
)
Comment.objects.create(
    post=posts[0], author=None, text="Spam", answer_to=answer, hidden=True, created=start + timedelta(hours=2)
)
Comment.objects.create(post=posts[2], author=cy, text="Ahoy", hidden=False, created=start + timedelta(days=41))
