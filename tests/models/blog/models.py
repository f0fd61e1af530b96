from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower


class Stamped(models.Model):
    created = models.DateTimeField()
    changed = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True
        ordering = ["-created"]
        get_latest_by = "created"


class Member(models.Model):
    class Role(models.IntegerChoices):
        READER = 1
        WRITER = 2, "Writer of posts"
        EDITOR = 3

    handle = models.SlugField(max_length=30, unique=True)
    home = models.URLField(blank=True)
    role = models.IntegerField(choices=Role, default=Role.READER)

    def __str__(self):
        return self.handle


class PostQuerySet(models.QuerySet):
    def live(self):
        return self.filter(status=Post.Status.LIVE)

    def by(self, handle):
        return self.filter(author__handle=handle)


class LiveManager(models.Manager):
    def get_queryset(self):
        return super().get_queryset().filter(status="live")


class Post(Stamped):
    class Status(models.TextChoices):
        DRAFT = "draft", "Draft"
        LIVE = "live", "Live"
        GONE = "gone", "Taken down"

    title = models.CharField(max_length=120)
    slug = models.SlugField()
    body = models.TextField(blank=True)
    author = models.ForeignKey(Member, models.PROTECT)
    status = models.CharField(max_length=10, choices=Status, default=Status.DRAFT)
    views = models.PositiveIntegerField(default=0)
    related = models.ManyToManyField("self", blank=True, symmetrical=False, related_name="related_from")

    objects = PostQuerySet.as_manager()
    live = LiveManager()

    class Meta(Stamped.Meta):
        default_related_name = "posts"
        unique_together = [("author", "slug")]
        indexes = [models.Index(fields=["status", "-created"], name="post_status_created")]
        constraints = [
            models.CheckConstraint(condition=Q(views__gte=0), name="post_views_not_negative"),
            models.UniqueConstraint(Lower("title"), "author", name="post_title_once"),
        ]

    def __str__(self):
        return self.title


class Draft(Post):
    class Meta:
        proxy = True
        ordering = ["title"]


class Comment(Stamped):
    post = models.ForeignKey(Post, models.CASCADE, related_name="comments")
    author = models.ForeignKey(Member, models.CASCADE, null=True)
    answer_to = models.ForeignKey("self", models.CASCADE, null=True, related_name="answers")
    text = models.TextField()
    hidden = models.BooleanField(null=True)

    class Meta(Stamped.Meta):
        db_table = "blog_comment"
        ordering = ["created", "id"]

    def __str__(self):
        return self.text[:20]


class Profile(models.Model):
    member = models.OneToOneField(Member, models.CASCADE, primary_key=True)
    motto = models.CharField(max_length=100, blank=True)

    def __str__(self):
        return self.motto
