from django.db import models


class Person(models.Model):
    name = models.CharField(max_length=40)
    nickname = models.CharField(max_length=40, null=True)
    friends = models.ManyToManyField("self")
    follows = models.ManyToManyField(
        "self", through="Follow", through_fields=("follower", "followed"), symmetrical=False, related_name="followers"
    )
    parent = models.ForeignKey("self", models.CASCADE, null=True, related_name="children")

    def __str__(self):
        return self.name


class Follow(models.Model):
    follower = models.ForeignKey(Person, models.CASCADE, related_name="+")
    followed = models.ForeignKey(Person, models.CASCADE, related_name="+")
    since = models.DateField()
    muted = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["follower", "followed"], name="follow_once")]


class Group(models.Model):
    name = models.CharField(max_length=40)
    founder = models.ForeignKey(Person, models.RESTRICT, related_name="founded")
    members = models.ManyToManyField(Person, through="Membership", related_name="groups")

    def __str__(self):
        return self.name


class Membership(models.Model):
    person = models.ForeignKey(Person, models.CASCADE)
    group = models.ForeignKey(Group, models.CASCADE)
    role = models.CharField(max_length=20, default="member")
    joined = models.DateField()

    class Meta:
        ordering = ["joined"]

    def __str__(self):
        return f"{self.person} in {self.group} as {self.role}"


class Message(models.Model):
    sender = models.ForeignKey(Person, models.CASCADE, related_name="sent")
    receivers = models.ManyToManyField(Person, related_name="received")
    group = models.ForeignKey(Group, models.SET_NULL, null=True)
    text = models.TextField()

    class Meta:
        order_with_respect_to = "sender"

    def __str__(self):
        return self.text
