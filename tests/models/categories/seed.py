from models import Category, Item, Supplier

home = Category.objects.create(name="Home", rank=1)
garden = Category.objects.create(name="Garden", rank=2)
kitchen = Category.objects.create(name="Kitchen", parent=home, rank=2)
bath = Category.objects.create(name="Bath", parent=home, rank=1)
knives = Category.objects.create(name="Knives", parent=kitchen)

steel = Supplier.objects.create(name="Steel & Sons", category=knives)
loose = Supplier.objects.create(name="Loose Ends")

Item.objects.create(name="Bread knife", category=knives, second=kitchen, supplier=steel, note="sharp")
Item.objects.create(name="Towel", category=bath, supplier=loose, note="")
Item.objects.create(name="Rake", category=garden, second=home)
Item.objects.create(name="Thing", note=None)
Item.objects.create(name="Kettle", category=kitchen, supplier=None, note="loud")
