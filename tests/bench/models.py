from django.db import models


class Publisher(models.Model):
    name = models.CharField(max_length=100, unique=True)
    city = models.CharField(max_length=50, blank=True)
    founded = models.PositiveSmallIntegerField(null=True)

    class Meta:
        ordering = ["name"]

    def __str__(self):
        return self.name


class Author(models.Model):
    name = models.CharField(max_length=100)
    email = models.EmailField(blank=True)
    born = models.DateField(null=True, blank=True)
    mentor = models.ForeignKey("self", models.SET_NULL, null=True, related_name="pupils")

    def __str__(self):
        return self.name


class Tag(models.Model):
    name = models.SlugField(unique=True)

    def __str__(self):
        return self.name


class Book(models.Model):
    title = models.CharField(max_length=200, db_index=True)
    author = models.ForeignKey(Author, models.CASCADE, related_name="books")
    publisher = models.ForeignKey(Publisher, models.SET_NULL, null=True, blank=True)
    tags = models.ManyToManyField(Tag, blank=True)
    pages = models.IntegerField(default=0)
    price = models.DecimalField(max_digits=7, decimal_places=2)
    rating = models.FloatField(null=True)
    published = models.DateField(null=True)
    in_print = models.BooleanField(default=True)

    class Meta:
        ordering = ["title"]
        get_latest_by = "published"

    def __str__(self):
        return self.title


class Review(models.Model):
    book = models.ForeignKey(Book, models.CASCADE, related_name="reviews", related_query_name="review")
    reader = models.CharField(max_length=50)
    stars = models.IntegerField()
    text = models.TextField(blank=True)

    def __str__(self):
        return f"{self.reader}: {self.stars}"


class Store(models.Model):
    name = models.CharField(max_length=100)
    books = models.ManyToManyField(Book, related_name="stores")
    opened = models.DateTimeField(null=True)

    def __str__(self):
        return self.name
