from django.db import models


class Person(models.Model):
    name = models.CharField(max_length=60)
    friends = models.ManyToManyField("self", blank=True)
    follows = models.ManyToManyField(
        "self",
        through="Follow",
        through_fields=("follower", "followed"),
        symmetrical=False,
        related_name="followers",
    )
    mentor = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, blank=True, related_name="mentees"
    )

    class Meta:
        ordering = ["name"]
        verbose_name_plural = "people"

    def __str__(self):
        return self.name


class Follow(models.Model):
    follower = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    followed = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    since = models.DateField()
    close = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["follower", "followed"], name="follows_once"),
            models.CheckConstraint(
                condition=~models.Q(follower=models.F("followed")), name="not_oneself"
            ),
        ]
