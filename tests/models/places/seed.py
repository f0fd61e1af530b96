from models import Bar, Eatery, Garage, Note, Place

Place.objects.create(name="Square", street="Old Town 1")
figs = Eatery.objects.create(name="Figs", street="Hill 2", stars=4, chef="Ida")
soot = Bar.objects.create(name="Soot", stars=2, late=True)
Garage.objects.create(name="Bolt", lifts=3)
Note.objects.create(place=figs, eatery=figs, text="Go in autumn")
Note.objects.create(place=soot, text="Loud")
