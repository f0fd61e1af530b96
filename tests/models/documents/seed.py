import uuid

from models import Document, Owner

pia = Owner.objects.create(id=uuid.UUID("0a7b1f2e-0000-4000-8000-000000000001"), name="Pia")
quin = Owner.objects.create(id=uuid.UUID("0a7b1f2e-0000-4000-8000-000000000002"), name="Quin")

Document.objects.create(
    name="invoice",
    owner=pia,
    data={"total": 120.5, "paid": True, "lines": [{"sku": "A1", "n": 2}, {"sku": "B2", "n": 1}], "to": {"city": "Oslo"}},
    extra=None,
    token=uuid.UUID("12345678-1234-5678-1234-567812345678"),
)
Document.objects.create(
    name="letter",
    owner=pia,
    data={"paid": False, "total": 0, "to": {"city": "Bergen", "zip": "5003"}, "tags": ["old", "blue"], "it's": 'a "quote"'},
    extra=[1, 2, 3],
)
Document.objects.create(name="memo", owner=quin, data={"total": None, "paid": None, "to": None}, extra={"a": {"b": {"c": 1}}})
Document.objects.create(name="scrap", owner=quin, data=[1, "two", None], extra="text")
Document.objects.create(name="zero", owner=quin, data={}, extra=0)
