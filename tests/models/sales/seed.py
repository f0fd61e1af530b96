from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal

from models import Customer, Line, Order, Product

UTC = timezone.utc
rui = Customer.objects.create(name="Rui", credit=Decimal("120.50"), since=date(2018, 7, 1))
sol = Customer.objects.create(name="Sol", country="ES", since=date(2020, 2, 29))
tove = Customer.objects.create(name="Tove", country="DK", credit=Decimal("-3.10"), since=date(2023, 12, 31))

Product.objects.bulk_create(
    [
        Product(code="LAMP", name="Lamp", price=Decimal("39.90"), weight=1.25, stock=12),
        Product(code="ROPE", name="Rope, 10 m", price=Decimal("7.05"), weight=0.8, stock=300),
        Product(code="TENT", name="Tent", price=Decimal("210.00"), weight=None, lead_time=timedelta(days=3, hours=4)),
        Product(code="MAP", name="Map", price=Decimal("5.00"), stock=9_000_000_000, lead_time=timedelta(minutes=90)),
    ]
)


def order(number, customer, placed, shipped, deliver_by, opens, lines):
    made = Order.objects.create(
        number=number,
        customer=customer,
        placed=placed,
        shipped=shipped,
        deliver_by=deliver_by,
        window_opens=opens,
    )
    for code, quantity, price, discount in lines:
        Line.objects.create(
            order=made,
            product_id=code,
            quantity=quantity,
            price=Decimal(price),
            discount=None if discount is None else Decimal(discount),
        )


order(1001, rui, datetime(2024, 2, 29, 23, 59, 59, 500000, UTC), datetime(2024, 3, 2, 8, 0, tzinfo=UTC),
      date(2024, 3, 5), time(8, 30), [("LAMP", 1, "39.90", None), ("ROPE", 3, "7.05", "0.100")])
order(1002, sol, datetime(2024, 12, 30, 12, 0, tzinfo=UTC), None,
      date(2025, 1, 2), time(17, 0), [("TENT", 1, "199.00", "0.050")])
order(1003, rui, datetime(2025, 1, 1, 0, 0, 1, tzinfo=UTC), datetime(2025, 1, 1, 10, 30, tzinfo=UTC),
      None, None, [("MAP", 10, "4.50", None), ("LAMP", 2, "35.00", "0.125")])
order(1004, tove, datetime(2025, 6, 15, 6, 45, tzinfo=UTC), None, date(2025, 6, 20), None, [])
