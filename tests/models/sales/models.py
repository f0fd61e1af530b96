from datetime import timedelta
from decimal import Decimal

from django.core.validators import MinValueValidator
from django.db import models


class Customer(models.Model):
    name = models.CharField(max_length=60)
    country = models.CharField(max_length=2, default="PT")
    credit = models.DecimalField(max_digits=10, decimal_places=2, default=Decimal("0"))
    since = models.DateField()

    def __str__(self):
        return self.name


class Product(models.Model):
    code = models.CharField(max_length=8, primary_key=True)
    name = models.CharField(max_length=60)
    price = models.DecimalField(max_digits=8, decimal_places=2, validators=[MinValueValidator(0)])
    weight = models.FloatField(null=True)
    stock = models.BigIntegerField(default=0)
    lead_time = models.DurationField(default=timedelta(days=1))

    def __str__(self):
        return self.code


class Order(models.Model):
    number = models.PositiveIntegerField(unique=True)
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="orders")
    placed = models.DateTimeField()
    shipped = models.DateTimeField(null=True)
    deliver_by = models.DateField(null=True)
    window_opens = models.TimeField(null=True)
    products = models.ManyToManyField(Product, through="Line")

    class Meta:
        ordering = ["placed"]
        get_latest_by = ["placed", "number"]

    def __str__(self):
        return f"#{self.number}"


class Line(models.Model):
    order = models.ForeignKey(Order, models.CASCADE, related_name="lines")
    product = models.ForeignKey(Product, models.CASCADE, to_field="code")
    quantity = models.SmallIntegerField(default=1)
    price = models.DecimalField(max_digits=8, decimal_places=2)
    discount = models.DecimalField(max_digits=4, decimal_places=3, null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(quantity__gt=0), name="line_quantity_positive"),
            models.UniqueConstraint(fields=["order", "product"], name="line_product_once"),
        ]

    def __str__(self):
        return f"{self.quantity} x {self.product_id}"
