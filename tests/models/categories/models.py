from django.db import models


class Category(models.Model):
    name = models.CharField(max_length=50)
    parent = models.ForeignKey("self", models.CASCADE, null=True, blank=True, related_name="children")
    rank = models.IntegerField(default=0)

    class Meta:
        verbose_name_plural = "categories"
        ordering = [models.F("parent").asc(nulls_first=True), "rank"]

    def __str__(self):
        return self.name


class Supplier(models.Model):
    name = models.CharField(max_length=50)
    category = models.OneToOneField(Category, models.SET_NULL, null=True, related_name="supplier")

    def __str__(self):
        return self.name


class Item(models.Model):
    name = models.CharField(max_length=50)
    category = models.ForeignKey(Category, models.SET_NULL, null=True)
    second = models.ForeignKey(Category, models.SET_NULL, null=True, related_name="second_items")
    supplier = models.ForeignKey(Supplier, models.CASCADE, null=True)
    note = models.CharField(max_length=50, null=True)

    def __str__(self):
        return self.name
