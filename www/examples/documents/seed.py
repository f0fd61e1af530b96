from uuid import UUID


def document(number, name, data):
    Document.objects.create(id=UUID(int=number), name=name, data=data)


document(1, "invoice", {"number": 17, "paid": True, "lines": [{"sku": "L-1"}, {"sku": "C-4"}]})
document(2, "reminder", {"number": 17, "paid": False, "level": 2})
document(3, "letter", {"to": {"name": "Ada", "city": "London"}, "tags": ["private"]})
document(4, "list", [1, 2, 3])
document(5, "nothing", None)
