from models import Box, Label, Lock, Room, Shelf

hall = Room.objects.create(name="hall")
first, second, third = [Shelf.objects.create(name=name, room=hall) for name in ("first", "second", "third")]
for kind in ("cascade", "protect", "restrict", "set_null", "set_default", "set_call"):
    Box.objects.create(name=kind, **{"set_default": None, kind: second})
kept = Box.objects.create(name="kept", set_default=None)
Lock.objects.create(box=kept)
Lock.objects.create(box=Box.objects.get(name="cascade"))
label = Label.objects.create(text="blue")
label.boxes.add(kept, *Box.objects.filter(name__startswith="set"))
