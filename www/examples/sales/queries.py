from django.db.models import Case, Count, DecimalField, F, Q, Sum, Value, When
from django.db.models.functions import Coalesce, ExtractWeekDay, TruncMonth

revenue = Sum(F("lines__quantity") * F("lines__price"))

# Money by month.
Order.objects.order_by().annotate(month=TruncMonth("placed")).values("month").annotate(
    orders=Count("pk", distinct=True), revenue=revenue
).order_by("month")

# A customer without orders has no sum: Coalesce says what stands in its place.
Customer.objects.annotate(
    revenue=Coalesce(
        Sum(F("orders__lines__quantity") * F("orders__lines__price")),
        0,
        output_field=DecimalField(),
    )
).values_list("name", "country", "revenue")

# A pivot in one query.
Customer.objects.aggregate(
    german=Count("pk", filter=Q(country="DE")), others=Count("pk", filter=~Q(country="DE"))
)

Line.objects.annotate(
    size=Case(
        When(quantity__gte=3, then=Value("large")),
        When(quantity=2, then=Value("medium")),
        default=Value("small"),
    )
).values("size").annotate(lines=Count("pk")).order_by("size")

Order.objects.annotate(weekday=ExtractWeekDay("placed")).filter(weekday__in=[1, 7])

Order.objects.filter(placed__year=2025, placed__month=2).latest()

# Everything or nothing.
from django.db import transaction

with transaction.atomic():
    Product.objects.update(price=F("price") * 2)

Product.objects.values_list("name", "price")

# PROTECT: what is sold cannot be deleted.
Product.objects.filter(sku="L-1").delete()
