from datetime import date

from models import Follow, Group, Membership, Message, Person

names = ["Ira", "Juno", "Kit", "Lev", "Mo"]
ira, juno, kit, lev, mo = [Person.objects.create(name=name) for name in names]
kit.nickname = "K"
kit.parent = ira
kit.save()
Person.objects.filter(pk=lev.pk).update(parent=kit, nickname="")

ira.friends.add(juno, kit)
kit.friends.add(lev)

for follower, followed, day, muted in [
    (ira, juno, 1, False),
    (juno, ira, 2, False),
    (kit, ira, 3, True),
    (lev, juno, 4, False),
    (mo, kit, 5, True),
]:
    Follow.objects.create(follower=follower, followed=followed, since=date(2023, 6, day), muted=muted)

chess = Group.objects.create(name="Chess", founder=ira)
choir = Group.objects.create(name="Choir", founder=juno)
Membership.objects.create(person=ira, group=chess, role="chair", joined=date(2020, 1, 1))
Membership.objects.create(person=kit, group=chess, joined=date(2021, 5, 6))
Membership.objects.create(person=juno, group=choir, role="chair", joined=date(2019, 9, 9))
Membership.objects.create(person=kit, group=choir, joined=date(2022, 2, 2))
choir.members.add(lev, through_defaults={"joined": date(2023, 3, 3), "role": "guest"})

hello = Message.objects.create(sender=ira, group=chess, text="Hello")
hello.receivers.add(kit, juno)
Message.objects.create(sender=kit, text="To nobody")
sing = Message.objects.create(sender=juno, group=choir, text="Sing")
sing.receivers.set([kit, lev, mo])
