tree = {
    "Instruments": {"Scopes": {"Analogue": {}, "Digital": {}}, "Meters": {}},
    "Parts": {"Passive": {"Resistors": {}, "Capacitors": {}}, "Active": {}},
    "Books": {},
}


def grow(branches, parent=None):
    for position, (name, below) in enumerate(branches.items()):
        grow(below, Category.objects.create(name=name, parent=parent, position=position))


grow(tree)

Item.objects.create(name="Tektronix 465", category=Category.objects.get(name="Analogue"))
Item.objects.create(name="Rigol DS1054Z", category=Category.objects.get(name="Digital"))
Item.objects.create(name="10 kΩ", category=Category.objects.get(name="Resistors"))
Item.objects.create(name="1N4148", category=Category.objects.get(name="Active"))
Item.objects.create(name="A drawer of odds and ends")
