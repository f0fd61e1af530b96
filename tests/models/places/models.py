from django.db import models


class Place(models.Model):
    name = models.CharField(max_length=50)
    street = models.CharField(max_length=80, blank=True)

    class Meta:
        ordering = ["name"]

    def __str__(self):
        return self.name


class Eatery(Place):
    stars = models.IntegerField(default=0)
    chef = models.CharField(max_length=40, null=True)

    class Meta:
        ordering = ["-stars", "name"]


class Bar(Eatery):
    late = models.BooleanField(default=False)


class Garage(Place):
    place = models.OneToOneField(Place, models.CASCADE, parent_link=True, primary_key=True, related_name="workshop")
    lifts = models.IntegerField()


class Note(models.Model):
    place = models.ForeignKey(Place, models.CASCADE, related_name="notes")
    eatery = models.ForeignKey(Eatery, models.SET_NULL, null=True)
    text = models.CharField(max_length=40)

    def __str__(self):
        return self.text
