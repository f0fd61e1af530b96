from django.db import models


class Category(models.Model):
    name = models.CharField(max_length=60)
    parent = models.ForeignKey(
        "self", on_delete=models.CASCADE, null=True, blank=True, related_name="children"
    )
    position = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["position", "name"]
        unique_together = [("parent", "name")]
        verbose_name_plural = "categories"

    def __str__(self):
        return self.name


class Item(models.Model):
    name = models.CharField(max_length=60)
    category = models.ForeignKey(
        Category, on_delete=models.SET_NULL, null=True, related_name="items"
    )

    def __str__(self):
        return self.name
