from django.db import models


def fallback():
    return Shelf.objects.get_or_create(name="fallback")[0].pk


class Room(models.Model):
    name = models.CharField(max_length=20)

    def __str__(self):
        return self.name


class Shelf(models.Model):
    name = models.CharField(max_length=20)
    room = models.ForeignKey(Room, models.CASCADE, null=True)

    def __str__(self):
        return self.name


class Box(models.Model):
    name = models.CharField(max_length=20)
    cascade = models.ForeignKey(Shelf, models.CASCADE, null=True, related_name="cascade_boxes")
    protect = models.ForeignKey(Shelf, models.PROTECT, null=True, related_name="protect_boxes")
    restrict = models.ForeignKey(Shelf, models.RESTRICT, null=True, related_name="restrict_boxes")
    set_null = models.ForeignKey(Shelf, models.SET_NULL, null=True, related_name="set_null_boxes")
    set_default = models.ForeignKey(Shelf, models.SET_DEFAULT, default=1, null=True, related_name="set_default_boxes")
    set_call = models.ForeignKey(Shelf, models.SET(fallback), null=True, related_name="set_call_boxes")
    nothing = models.ForeignKey(Shelf, models.DO_NOTHING, null=True, related_name="nothing_boxes", db_constraint=False)

    def __str__(self):
        return self.name


class Label(models.Model):
    boxes = models.ManyToManyField(Box, related_name="labels")
    text = models.CharField(max_length=20)

    def __str__(self):
        return self.text


class Lock(models.Model):
    box = models.OneToOneField(Box, models.CASCADE)
    room = models.ForeignKey(Room, models.RESTRICT, null=True)

    def __str__(self):
        return f"lock of {self.box}"
