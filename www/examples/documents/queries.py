from django.db.models import F, IntegerField
from django.db.models.fields.json import KT
from django.db.models.functions import Cast

Document.objects.filter(data__number=17)

Document.objects.filter(data__paid=True).values("name", "data__number")

# Paths go as deep as the document does; numbers are places in a list.
Document.objects.filter(data__lines__0__sku="L-1")

Document.objects.filter(data__to__city__startswith="Lon").values("name", "data__to")

Document.objects.filter(data__has_key="paid")

Document.objects.filter(data__has_any_keys=["level", "tags"]).values_list("name", flat=True)

# A key that is missing is not a key that is false.
Document.objects.exclude(data__paid=True)

Document.objects.filter(data__level__gte=2)

Document.objects.annotate(
    city=KT("data__to__city"), number=Cast(KT("data__number"), IntegerField())
).values("name", "city", "number")

Document.objects.filter(data__isnull=False).count()
