from datetime import date

names = ["Ada", "Barbara", "Edsger", "Grace", "Ken", "Margaret"]
ada, barbara, edsger, grace, ken, margaret = (Person.objects.create(name=name) for name in names)

barbara.mentor = ada
grace.mentor = ada
margaret.mentor = grace
for person in (barbara, grace, margaret):
    person.save()

ada.friends.add(grace, ken)
edsger.friends.add(barbara)


def follow(follower, followed, year, close=False):
    Follow.objects.create(
        follower=follower, followed=followed, since=date(year, 1, 1), close=close
    )


follow(ada, grace, 2019, close=True)
follow(grace, ada, 2019)
follow(ken, ada, 2021)
follow(ken, grace, 2022, close=True)
follow(edsger, ada, 2023)
follow(margaret, grace, 2024)
