import uuid

from django.db import models


class Owner(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=40)

    def __str__(self):
        return self.name


class Document(models.Model):
    name = models.CharField(max_length=40)
    owner = models.ForeignKey(Owner, models.CASCADE, related_name="documents")
    data = models.JSONField(default=dict)
    extra = models.JSONField(null=True, blank=True)
    token = models.UUIDField(null=True)

    class Meta:
        ordering = ["name"]

    def __str__(self):
        return self.name
