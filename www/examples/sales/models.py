from django.db import models


class Customer(models.Model):
    name = models.CharField(max_length=80)
    country = models.CharField(max_length=2)

    def __str__(self):
        return self.name


class Product(models.Model):
    sku = models.CharField(max_length=20, unique=True)
    name = models.CharField(max_length=80)
    price = models.DecimalField(max_digits=8, decimal_places=2)

    def __str__(self):
        return self.name


class Order(models.Model):
    class Status(models.IntegerChoices):
        OPEN = 1
        PAID = 2
        SENT = 3

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="orders")
    placed = models.DateTimeField()
    status = models.IntegerField(choices=Status, default=Status.OPEN)

    class Meta:
        get_latest_by = "placed"
        ordering = ["placed"]

    def __str__(self):
        return f"Order {self.pk}"


class Line(models.Model):
    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="lines")
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="lines")
    quantity = models.PositiveIntegerField(default=1)
    price = models.DecimalField(max_digits=8, decimal_places=2)
