from datetime import datetime, timedelta, timezone
from decimal import Decimal

customers = Customer.objects.bulk_create(
    Customer(name=name, country=country)
    for name, country in [("Aurora", "NO"), ("Boreal", "SE"), ("Cirrus", "DE"), ("Delta", "DE")]
)
products = Product.objects.bulk_create(
    Product(sku=sku, name=name, price=Decimal(price))
    for sku, name, price in [
        ("L-1", "Lamp", "39.90"),
        ("C-4", "Chair", "120.00"),
        ("D-2", "Desk", "349.00"),
        ("S-9", "Shelf", "89.50"),
    ]
)

start = datetime(2025, 1, 3, 10, 0, tzinfo=timezone.utc)
orders = Order.objects.bulk_create(
    Order(
        customer=customers[number % 3],
        placed=start + timedelta(days=9 * number, hours=number),
        status=Order.Status.SENT if number < 14 else 1 + number % 2,
    )
    for number in range(20)
)
Line.objects.bulk_create(
    Line(order=order, product=product, quantity=1 + (order.pk * product.pk) % 3, price=product.price)
    for order in orders
    for product in products
    if (order.pk + product.pk) % 3
)
