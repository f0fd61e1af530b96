from django.db.models import Count, F, Q

# A relation to the same table: the alias T3.
Person.objects.filter(mentor__mentor__name="Ada")

# Follows back: two paths through the same model.
Person.objects.filter(follows__follows=F("pk")).distinct()

Person.objects.annotate(
    followers_count=Count("followers", distinct=True),
    follows_count=Count("follows", distinct=True),
).values("name", "followers_count", "follows_count")

# The link itself has columns.
Follow.objects.filter(close=True).select_related("follower", "followed").values_list(
    "follower__name", "followed__name", "since"
)

# Not "has a follower who is not Ada", but "has no follower called Ada".
Person.objects.exclude(followers__name="Ada")

ada = Person.objects.get(name="Ada")
ada.followers.all()
ada.friends.values_list("name", flat=True)

# The database refuses: nobody follows themselves.
Follow.objects.create(follower=ada, followed=ada, since="2025-01-01")
