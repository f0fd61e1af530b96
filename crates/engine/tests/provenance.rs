//! Which piece of Python became which piece of SQL: the exact text on both sides.
mod support;
use ormscope_engine::Engine;
use protocol::message::Limits;
use protocol::report::{Provenance, QueryRecord, SourceRange};
use protocol::{Project, Report};
use support::engine;

const MODELS: &str = r#"from django.db import models
from django.db.models import Q

CHEAP = Q(price__lt=10)


class Publisher(models.Model):
    name = models.CharField(max_length=50)


class Author(models.Model):
    name = models.CharField(max_length=50)
    publisher = models.ForeignKey(Publisher, models.CASCADE, null=True)


class BookQuerySet(models.QuerySet):
    def cheap(self):
        return self.filter(CHEAP)

    def by(self, name):
        return self.filter(author__name=name)


class Published(models.Manager):
    def get_queryset(self):
        return super().get_queryset().filter(published=True)


class Book(models.Model):
    title = models.CharField(max_length=50)
    price = models.IntegerField(default=1)
    published = models.BooleanField(default=True)
    author = models.ForeignKey(Author, models.CASCADE, related_name="books")

    objects = BookQuerySet.as_manager()
    out = Published()


class Review(models.Model):
    book = models.ForeignKey(Book, models.CASCADE, related_name="reviews")
    stars = models.IntegerField()
"#;

const SEED: &str = r#"from models import Author, Book, Publisher, Review
ann = Author.objects.create(name="Ann", publisher=Publisher.objects.create(name="Pub"))
Review.objects.create(book=Book.objects.create(title="Sea", author=ann), stars=3)
"#;

/// A script that was run, and what its cards say.
struct Ran {
    script: String,
    report: Report,
}

fn run(script: &str) -> Ran {
    ran(&mut engine(), script)
}

fn ran(engine: &mut Engine, script: &str) -> Ran {
    let names = "from django.db.models import Count, Exists, F, OuterRef, Q, Subquery\n";
    let script = format!("{names}{script}");
    let mut project = Project::default();
    project.write("models.py", MODELS);
    project.write("seed.py", SEED);
    project.write("queries.py", script.as_str());
    let report = engine.run(&project, Limits::default(), &mut |_, _| {});
    assert!(report.succeeded(), "{:?}", report.diagnostics);
    Ran { script, report }
}

impl Ran {
    /// A query of the last card.
    fn query(&self, index: usize) -> &QueryRecord {
        let card = self
            .report
            .cards
            .last()
            .unwrap_or_else(|| panic!("no card"));
        &card.queries[index]
    }
    /// The text of a range of a file.
    fn text(&self, range: &SourceRange) -> String {
        let file = if range.file == "models.py" {
            MODELS
        } else {
            &self.script
        };
        let lines: Vec<&str> = file.split_inclusive('\n').collect();
        let offset = |line: u32, column: u32| -> usize {
            let before: usize = lines[..line as usize - 1].iter().map(|l| l.len()).sum();
            let inside = lines[line as usize - 1].chars().take(column as usize);
            before + inside.map(char::len_utf8).sum::<usize>()
        };
        let start = offset(range.line, range.column);
        file[start..offset(range.end_line, range.end_column)].to_owned()
    }
    fn piece(&self, query: usize, python: &str) -> &Provenance {
        let all = &self.query(query).provenance;
        let is_it =
            |p: &&Provenance| p.python.as_ref().map(|r| self.text(r)) == Some(python.into());
        all.iter().find(is_it).unwrap_or_else(|| {
            let known = all.iter().filter_map(|p| p.python.as_ref());
            let known: Vec<String> = known.map(|r| self.text(r)).collect();
            panic!("nothing came from {python}; from these something did: {known:#?}")
        })
    }
    /// The SQL that a piece of Python became, tables without the app's name.
    fn sql_of(&self, query: usize, python: &str) -> Vec<String> {
        let sql = &self.query(query).text.sql;
        let pieces = self.piece(query, python).sql.iter();
        pieces
            .map(|r| sql[r.start as usize..r.end as usize].replace("playground_", ""))
            .collect()
    }
    /// In the last card's first query.
    fn sql(&self, python: &str) -> Vec<String> {
        self.sql_of(0, python)
    }
}

const AUTHOR: &str = r#"INNER JOIN "author" ON ("book"."author_id" = "author"."id")"#;
const PUBLISHER: &str =
    r#"LEFT OUTER JOIN "publisher" ON ("author"."publisher_id" = "publisher"."id")"#;
const COLUMNS: &str =
    r#""book"."id", "book"."title", "book"."price", "book"."published", "book"."author_id""#;

#[test]
fn a_filter_over_two_joins() {
    let ran =
        run("Book.objects.filter(author__name__startswith='A', author__publisher__name='P')\n");
    assert_eq!(
        ran.sql("author__name__startswith='A'"),
        [AUTHOR, r#""author"."name" LIKE %s ESCAPE '\'"#]
    );
    let inner = PUBLISHER.replace("LEFT OUTER", "INNER");
    assert_eq!(
        ran.sql("author__publisher__name='P'"),
        [AUTHOR, &inner, r#""publisher"."name" = %s"#]
    );
    assert_eq!(ran.sql("Book.objects"), [COLUMNS, r#""book""#]);
    let piece = ran.piece(0, "author__name__startswith='A'");
    assert_eq!(piece.text, "author__name__startswith");
    assert_eq!(piece.aliases, ["playground_author"]);
    assert_eq!(piece.columns, ["author_id"]);
    let piece = ran.piece(0, "author__publisher__name='P'");
    assert_eq!(piece.aliases, ["playground_author", "playground_publisher"]);
}

#[test]
fn the_same_method_twice_in_a_chain() {
    let ran = run(
        "(Book.objects\n    .filter(reviews__stars=1)\n    .filter(reviews__stars=2)\n    .filter(title='é').filter(title='Sea'))\n",
    );
    let join = |alias: &str| {
        let table = if alias == "review" {
            "\"review\""
        } else {
            "\"review\" \"T3\""
        };
        format!(r#"INNER JOIN {table} ON ("book"."id" = "{alias}"."book_id")"#)
    };
    assert_eq!(
        ran.sql("reviews__stars=1"),
        [join("review"), r#""review"."stars" = %s"#.to_owned()]
    );
    assert_eq!(
        ran.sql("reviews__stars=2"),
        [join("T3"), r#""T3"."stars" = %s"#.to_owned()]
    );
    assert_eq!(ran.sql("title='é'"), [r#""book"."title" = %s"#]);
    assert_eq!(ran.sql("title='Sea'"), [r#""book"."title" = %s"#]);
    assert_ne!(
        ran.piece(0, "title='é'").sql,
        ran.piece(0, "title='Sea'").sql
    );
}

#[test]
fn an_exclude_that_becomes_a_subquery() {
    let ran = run("Book.objects.exclude(reviews__stars=2, title='x')\n");
    let exists = r#"EXISTS(SELECT %s AS "a" FROM "review" "U1" WHERE ("U1"."stars" = %s AND "U1"."book_id" = ("book"."id")) LIMIT 1)"#;
    assert_eq!(ran.sql("reviews__stars=2"), [exists]);
    assert_eq!(ran.sql("title='x'"), [r#""book"."title" = %s"#]);
    assert_eq!(
        ran.piece(0, "reviews__stars=2").aliases,
        ["playground_book", "U1"]
    );
}

#[test]
fn an_annotation_and_a_filter_on_it() {
    let ran = run(
        "Author.objects.annotate(n=Count('books')).filter(n__gt=0, name='Ann').order_by('-n')\n",
    );
    let sql = ran.sql("n=Count('books')");
    assert_eq!(sql[0], r#"COUNT("book"."id")"#);
    assert_eq!(
        sql[1],
        r#"LEFT OUTER JOIN "book" ON ("author"."id" = "book"."author_id")"#
    );
    assert!(sql[2].starts_with(r#"GROUP BY "author"."id","#), "{sql:?}");
    assert_eq!(ran.sql("n__gt=0"), [r#"COUNT("book"."id") > %s"#]);
    assert_eq!(ran.sql("name='Ann'"), [r#""author"."name" = %s"#]);
    assert_eq!(ran.sql("'-n'"), ["4 DESC"]);
    assert_eq!(ran.piece(0, "n__gt=0").columns, ["n"]);
    assert_eq!(ran.piece(0, "n=Count('books')").columns, ["n", "id"]);
}

#[test]
fn an_order_over_relations() {
    let ran =
        run("Book.objects.order_by('-author__publisher__name', F('title').desc(), 'price')\n");
    assert_eq!(
        ran.sql("'-author__publisher__name'"),
        [AUTHOR, PUBLISHER, r#""publisher"."name" DESC"#]
    );
    assert_eq!(ran.sql("F('title').desc()"), [r#""book"."title" DESC"#]);
    assert_eq!(ran.sql("'price'"), [r#""book"."price" ASC"#]);
    let ran = run("Book.objects.order_by('title').order_by('price').reverse()\n");
    assert_eq!(ran.sql("'price'"), [r#""book"."price" DESC"#]);
}

#[test]
fn selected_relations() {
    let ran = run("Book.objects.select_related('author__publisher').distinct()[1:3]\n");
    let sql = ran.sql("'author__publisher'");
    let columns = r#""author"."id", "author"."name", "author"."publisher_id", "publisher"."id", "publisher"."name""#;
    assert_eq!(sql, [columns, AUTHOR, PUBLISHER]);
    assert_eq!(ran.sql("distinct()"), ["DISTINCT"]);
    assert_eq!(ran.sql("[1:3]"), ["LIMIT 2 OFFSET 1"]);
    assert_eq!(ran.sql("Book.objects"), [COLUMNS, r#""book""#]);
}

#[test]
fn chosen_columns() {
    let ran = run("Book.objects.values('title', 'author__name', n=Count('reviews'))\n");
    assert_eq!(ran.sql("'title'"), [r#""book"."title""#]);
    assert_eq!(ran.sql("'author__name'"), [r#""author"."name""#, AUTHOR]);
    assert_eq!(ran.sql("n=Count('reviews')")[0], r#"COUNT("review"."id")"#);
    assert_eq!(ran.piece(0, "'author__name'").columns, ["author__name"]);
    assert_eq!(ran.sql("Book.objects"), [r#""book""#]);
    let ran = run("Book.objects.values_list('author__name', flat=True)\n");
    assert_eq!(ran.sql("'author__name'"), [r#""author"."name""#, AUTHOR]);
}

#[test]
fn trees_of_conditions() {
    let ran = run(
        "Book.objects.filter(Q(title='Sea') | ~Q(author__name='B'), price__lte=F('price') + 1)\n",
    );
    assert_eq!(ran.sql("title='Sea'"), [r#""book"."title" = %s"#]);
    assert_eq!(
        ran.sql("author__name='B'"),
        [AUTHOR, r#""author"."name" = %s"#]
    );
    assert_eq!(
        ran.sql("price__lte=F('price') + 1"),
        [r#""book"."price" <= ("book"."price" + %s)"#]
    );
    let ran = run("late = Q(title='Sea')\nboth = late & Q(price=1)\nBook.objects.exclude(both)\n");
    assert_eq!(ran.sql("title='Sea'"), [r#""book"."title" = %s"#]);
    assert_eq!(ran.sql("price=1"), [r#""book"."price" = %s"#]);
}

#[test]
fn queries_inside_queries() {
    let ran = run(
        "newest = Book.objects.filter(author=OuterRef('pk')).order_by('-id')\n\
         Author.objects.annotate(last=Subquery(newest.values('title')[:1])).filter(Exists(newest.filter(price=1)))\n",
    );
    let last = r#"(SELECT "U0"."title" AS "title" FROM "book" "U0" WHERE "U0"."author_id" = ("author"."id") ORDER BY "U0"."id" DESC LIMIT 1)"#;
    assert_eq!(ran.sql("last=Subquery(newest.values('title')[:1])"), [last]);
    assert_eq!(ran.sql("'title'"), [r#""U0"."title""#]);
    assert_eq!(ran.sql("[:1]"), ["LIMIT 1"]);
    assert_eq!(ran.sql("'-id'"), [r#""U0"."id" DESC"#]);
    let author = r#""U0"."author_id" = ("author"."id")"#;
    assert_eq!(ran.sql("author=OuterRef('pk')"), [author, author]);
    assert_eq!(ran.sql("price=1"), [r#""U0"."price" = %s"#]);
    assert_eq!(ran.sql("Exists(newest.filter(price=1))").len(), 1);
    let ran = run("Author.objects.filter(books__in=Book.objects.filter(title='Sea'))\n");
    assert_eq!(ran.sql("title='Sea'"), [r#""U0"."title" = %s"#]);
}

#[test]
fn several_statements_and_functions() {
    let ran = run(
        "def sea(books, **more):\n    return books.filter(title='Sea', **more)\n\n\
         books = Book.objects.filter(price=1)\n\
         books = sea(books, author__name='Ann')\n\
         for _ in range(2):\n    books = books.exclude(id=7)\n\
         books\n",
    );
    assert_eq!(ran.sql("price=1"), [r#""book"."price" = %s"#]);
    assert_eq!(ran.sql("title='Sea'"), [r#""book"."title" = %s"#]);
    assert_eq!(ran.sql("**more"), [AUTHOR, r#""author"."name" = %s"#]);
    let id = r#""book"."id" = %s"#;
    assert_eq!(ran.sql("id=7"), [id, id]);
    assert_eq!(ran.sql("Book.objects"), [COLUMNS, r#""book""#]);
}

#[test]
fn methods_of_the_models_point_to_the_models() {
    let ran = run("Book.objects.cheap().by('Ann')\n");
    assert_eq!(ran.sql("price__lt=10"), [r#""book"."price" < %s"#]);
    assert_eq!(
        ran.sql("author__name=name"),
        [AUTHOR, r#""author"."name" = %s"#]
    );
    let at = ran.piece(0, "author__name=name").python.clone();
    assert_eq!(at.map(|p| (p.file, p.line)), Some(("models.py".into(), 21)));
    let ran = run("Book.out.filter(title='Sea')\n");
    assert_eq!(ran.sql("published=True"), [r#""book"."published" = %s"#]);
    assert_eq!(ran.sql("title='Sea'"), [r#""book"."title" = %s"#]);
    assert_eq!(ran.sql("Book.out"), [COLUMNS, r#""book""#]);
}

#[test]
fn an_assigned_queryset_knows_before_it_is_run() {
    let ran = run("books = Book.objects.filter(author__name='Ann')\n");
    assert!(ran.query(0).not_run);
    assert_eq!(
        ran.sql("author__name='Ann'"),
        [AUTHOR, r#""author"."name" = %s"#]
    );
}

#[test]
fn what_asks_at_once() {
    assert_eq!(run("Book.objects.count()\n").sql("count()"), ["COUNT(*)"]);
    let ran = run("Book.objects.filter(title='Sea').exists()\n");
    assert_eq!(ran.sql("exists()"), ["%s", "LIMIT 1"]);
    let ran = run("Book.objects.first()\n");
    assert_eq!(ran.sql("first()"), [r#""book"."id" ASC"#, "LIMIT 1"]);
    let ran = run("Book.objects.get(title='Sea', author__name='Ann')\n");
    assert_eq!(ran.sql("title='Sea'"), [r#""book"."title" = %s"#]);
    assert_eq!(
        ran.sql("author__name='Ann'"),
        [AUTHOR, r#""author"."name" = %s"#]
    );
    assert_eq!(
        ran.sql("get(title='Sea', author__name='Ann')"),
        ["LIMIT 21"]
    );
    let ran = run("Book.objects.aggregate(Count('id'), n=Count('author__name'))\n");
    assert_eq!(ran.sql("Count('id')"), [r#"COUNT("book"."id")"#]);
    assert_eq!(
        ran.sql("n=Count('author__name')"),
        [r#"COUNT("author"."name")"#, AUTHOR]
    );
    let ran = run("Book.objects.filter(title='Sea').update(price=3, title='x')\n");
    assert_eq!(ran.sql("price=3"), [r#""price" = %s"#]);
    assert_eq!(ran.sql("title='x'"), [r#""title" = %s"#]);
    assert_eq!(ran.sql("title='Sea'"), [r#""book"."title" = %s"#]);
    let ran = run("Book.objects.filter(title='Sea').distinct().count()\n");
    assert_eq!(ran.sql("count()"), ["COUNT(*)"]);
    let ran = run("Book.objects.only('title')\n");
    assert_eq!(ran.sql("'title'"), [r#""book"."title""#]);
}

#[test]
fn statements_that_change_rows() {
    let ran = run("Author.objects.create(name='x')\n");
    let whole = ran.sql("create(name='x')");
    assert!(
        whole[0].starts_with("INSERT INTO \"author\"") && whole.len() == 1,
        "{whole:?}"
    );
    let ran = run("a = Author(name='y')\na.save()\n");
    assert!(ran.sql("save()")[0].starts_with("INSERT INTO"));
    let ran = run("Author.objects.filter(name='x', books=None).delete()\n");
    assert_eq!(ran.sql("name='x'"), [r#""author"."name" = %s"#]);
}

#[test]
fn prefetched_and_related_objects() {
    let ran = run("Author.objects.prefetch_related('books__reviews', 'publisher')\n");
    let books = format!("{COLUMNS}|\"book\"|\"book\".\"author_id\" IN (%s)");
    assert_eq!(ran.sql_of(1, "'books__reviews'").join("|"), books);
    assert_eq!(
        ran.sql_of(2, "'books__reviews'").last().map(String::as_str),
        Some(r#""review"."book_id" IN (%s)"#)
    );
    assert_eq!(
        ran.sql_of(3, "'publisher'").last().map(String::as_str),
        Some(r#"("publisher"."id") IN ((%s))"#)
    );
    assert!(ran.piece(0, "Author.objects").columns.is_empty());
    assert!(ran.piece(1, "'books__reviews'").columns.is_empty());
    let ran = run("Author.objects.first().books.filter(title='Sea')\n");
    assert_eq!(
        ran.sql_of(1, "Author.objects.first().books"),
        [COLUMNS, r#""book""#, r#""book"."author_id" = %s"#]
    );
    assert_eq!(ran.sql_of(1, "title='Sea'"), [r#""book"."title" = %s"#]);
}

#[test]
fn combined_queries() {
    let ran = run(
        "Book.objects.filter(price=1).union(Book.objects.filter(price=2)).order_by('title')[:3]\n",
    );
    assert_eq!(ran.sql("price=1"), [r#""book"."price" = %s"#]);
    assert_eq!(ran.sql("price=2"), [r#""book"."price" = %s"#]);
    assert_ne!(ran.piece(0, "price=1").sql, ran.piece(0, "price=2").sql);
    assert_eq!(ran.sql("union(Book.objects.filter(price=2))"), [" UNION "]);
    assert_eq!(ran.sql("[:3]"), ["LIMIT 3"]);
    let ran = run("Book.objects.filter(price=1) | Book.objects.filter(author__name='Ann')\n");
    assert_eq!(ran.sql("price=1"), [r#""book"."price" = %s"#]);
    assert_eq!(
        ran.sql("author__name='Ann'"),
        [AUTHOR, r#""author"."name" = %s"#]
    );
}

#[test]
fn runs_do_not_mix() {
    let mut engine = engine();
    for _ in 0..3 {
        let first = ran(&mut engine, "Book.objects.cheap()\n");
        assert_eq!(first.sql("price__lt=10"), [r#""book"."price" < %s"#]);
        let second = ran(&mut engine, "\n\nBook.objects.filter(id=3).cheap()\n");
        assert_eq!(second.sql("price__lt=10"), [r#""book"."price" < %s"#]);
        assert_eq!(second.sql("id=3"), [r#""book"."id" = %s"#]);
    }
}

#[test]
fn every_piece_is_a_piece_of_both_texts() {
    let ran = run(
        "Author.objects.annotate(n=Count('books', filter=Q(books__price=1), distinct=True)).filter(Q(n=1) ^ Q(name='é'))\n",
    );
    for query in &ran.report.cards[0].queries {
        for piece in &query.provenance {
            assert!(!piece.sql.is_empty());
            for range in &piece.sql {
                let text = query.text.sql.get(range.start as usize..range.end as usize);
                assert!(text.is_some_and(|t| !t.is_empty()), "{piece:?}");
            }
            let python = piece.python.as_ref().map(|r| ran.text(r));
            assert!(python.is_some_and(|p| p.contains(&piece.text)), "{piece:?}");
        }
    }
    let sql = ran.sql("books__price=1");
    assert_eq!(sql[0], r#""book"."price" = %s"#);
    assert!(sql[1].starts_with("LEFT OUTER JOIN"), "{sql:?}");
}
