from django.db.models import Count, Exists, F, OuterRef, Q

Category.objects.filter(parent=None)

# The parent may be missing: LEFT OUTER JOIN, and NULL in the rows.
Category.objects.values_list("name", "parent__name", "parent__parent__name")

# A condition on the grandparent needs it to be there: the joins become INNER.
Category.objects.filter(parent__parent__name="Instruments")

Category.objects.filter(Q(parent__name="Parts") | Q(parent=None)).count()

# Leaves: nobody has them as a parent.
Category.objects.filter(children__isnull=True)

children = Category.objects.filter(parent=OuterRef("pk"))
Category.objects.annotate(is_branch=Exists(children)).values("name", "is_branch")

Category.objects.annotate(below=Count("children")).filter(below__gt=1)

# NULL is neither equal nor unequal: exclude() takes care of it.
Item.objects.exclude(category__name="Digital")

Item.objects.order_by(F("category__name").desc(nulls_last=True)).values("name", "category__name")

# The whole branch goes with its root.
Category.objects.get(name="Parts").delete()
