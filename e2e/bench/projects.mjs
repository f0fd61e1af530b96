// What is run on both sides: the first example, and one of three models.

import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const examples = join(dirname(fileURLToPath(import.meta.url)), "../../www/examples");

/** The example that the page opens with, which is the largest. */
export async function bookstore() {
  const files = {};
  for (const file of ["models.py", "seed.py", "queries.py"]) {
    files[file] = await readFile(join(examples, "bookstore", file), "utf8");
  }
  return files;
}

export const small = {
  "models.py": `from django.db import models


class Author(models.Model):
    name = models.CharField(max_length=100)


class Tag(models.Model):
    name = models.CharField(max_length=100)


class Book(models.Model):
    title = models.CharField(max_length=100)
    author = models.ForeignKey(Author, models.CASCADE)
    tags = models.ManyToManyField(Tag)
`,
  "seed.py": `from models import Author, Book

author = Author.objects.create(name="x")
Book.objects.create(title="t", author=author)
`,
  "queries.py": `from django.db.models import Count

Book.objects.filter(author__name__startswith="x").annotate(n=Count("tags")).order_by("-n")
`,
};
