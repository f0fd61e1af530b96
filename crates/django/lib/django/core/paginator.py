"""A long list, page by page."""

import collections.abc
import inspect
import warnings
from math import ceil

from django.db.models import QuerySet
from django.db.models.manager import BaseManager
from django.utils.deprecation import RemovedInDjango2028Warning
from django.utils.functional import cached_property
from django.utils.inspect import method_has_no_args
from django.utils.translation import gettext_lazy as _


class UnorderedObjectListWarning(RuntimeWarning):
    pass


class InvalidPage(Exception):
    pass


class PageNotAnInteger(InvalidPage):
    pass


class EmptyPage(InvalidPage):
    pass


def _counter(objects, name):
    """The method that counts all objects, if they have one: a list's counts one value."""
    counter = getattr(objects, name, None)
    if isinstance(objects, (QuerySet, BaseManager)):
        return counter
    if not callable(counter) or inspect.isbuiltin(counter):
        return None
    return counter if method_has_no_args(counter) else None


class BasePaginator:
    ELLIPSIS = _("…")
    default_error_messages = {
        "invalid_page": _("That page number is not an integer"),
        "min_page": _("That page number is less than 1"),
        "no_results": _("That page contains no results"),
    }

    def __init__(
        self,
        object_list,
        per_page,
        orphans=0,
        allow_empty_first_page=True,
        error_messages=None,
    ):
        self.object_list = object_list
        self._check_object_list_is_ordered()
        self.per_page = int(per_page)
        self.orphans = int(orphans)
        self.allow_empty_first_page = allow_empty_first_page
        self.error_messages = self.default_error_messages | (error_messages or {})
        if self.orphans >= self.per_page:
            warnings.warn(
                "Support for the orphans argument being larger than or equal to the "
                "per_page argument is deprecated. This will raise a ValueError in "
                "Django 2028.",
                category=RemovedInDjango2028Warning,
                stacklevel=2,
            )

    def _check_object_list_is_ordered(self):
        objects = self.object_list
        if getattr(objects, "ordered", None) in (None, True):
            return
        shown = repr(objects)
        if hasattr(objects, "model"):
            shown = f"{objects.model} {type(objects).__name__}"
        warnings.warn(
            "Pagination may yield inconsistent results with an unordered "
            f"object_list: {shown}.",
            UnorderedObjectListWarning,
            stacklevel=3,
        )

    def _elided(self, number, num_pages, page_range, on_each_side=3, on_ends=2):
        if num_pages <= 2 * (on_each_side + on_ends):
            yield from page_range
            return
        first, last = number - on_each_side, number + on_each_side
        if first > on_ends + 2:
            yield from range(1, on_ends + 1)
            yield self.ELLIPSIS
        else:
            first = 1
        if last < num_pages - on_ends - 1:
            yield from range(first, last + 1)
            yield self.ELLIPSIS
            yield from range(num_pages - on_ends + 1, num_pages + 1)
        else:
            yield from range(first, num_pages + 1)

    def _get_page(self, *args, **kwargs):
        return Page(*args, **kwargs)

    def _validate_number(self, number, num_pages):
        try:
            whole = int(number)
            if isinstance(number, float) and whole != number:
                raise ValueError
        except (TypeError, ValueError):
            raise PageNotAnInteger(self.error_messages["invalid_page"])
        if whole < 1:
            raise EmptyPage(self.error_messages["min_page"])
        if whole > num_pages:
            raise EmptyPage(self.error_messages["no_results"])
        return whole

    def _num_pages(self, count):
        if not count and not self.allow_empty_first_page:
            return 0
        return ceil(max(1, count - self.orphans) / self.per_page)

    def _page(self, number, count):
        start = (number - 1) * self.per_page
        end = start + self.per_page
        # The last page takes the few that would have a page of their own.
        if end + self.orphans >= count:
            end = count
        return self._get_page(self.object_list[start:end], number, self)


class Paginator(BasePaginator):
    def __iter__(self):
        return map(self.page, self.page_range)

    def validate_number(self, number):
        return self._validate_number(number, self.num_pages)

    def get_page(self, number):
        """The page, or the nearest one that exists."""
        try:
            number = self.validate_number(number)
        except PageNotAnInteger:
            number = 1
        except EmptyPage:
            number = self.num_pages
        return self.page(number)

    def page(self, number):
        return self._page(self.validate_number(number), self.count)

    @cached_property
    def count(self):
        counter = _counter(self.object_list, "count")
        return counter() if counter else len(self.object_list)

    @cached_property
    def num_pages(self):
        return self._num_pages(self.count)

    @property
    def page_range(self):
        return range(1, self.num_pages + 1)

    def get_elided_page_range(self, number=1, *, on_each_side=3, on_ends=2):
        """The pages around one and at both ends, with dots for the rest."""
        yield from self._elided(
            self.validate_number(number),
            self.num_pages,
            self.page_range,
            on_each_side,
            on_ends,
        )


class AsyncPaginator(BasePaginator):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self._cache_acount = None
        self._cache_anum_pages = None

    async def __aiter__(self):
        for number in await self.apage_range():
            yield await self.apage(number)

    def _get_page(self, *args, **kwargs):
        return AsyncPage(*args, **kwargs)

    async def avalidate_number(self, number):
        return self._validate_number(number, await self.anum_pages())

    async def aget_page(self, number):
        try:
            number = await self.avalidate_number(number)
        except PageNotAnInteger:
            number = 1
        except EmptyPage:
            number = await self.anum_pages()
        return await self.apage(number)

    async def apage(self, number):
        number = await self.avalidate_number(number)
        return self._page(number, await self.acount())

    async def acount(self):
        if self._cache_acount is None:
            counter = _counter(self.object_list, "acount")
            counted = counter() if counter else len(self.object_list)
            waits = inspect.isawaitable(counted)
            self._cache_acount = await counted if waits else counted
        return self._cache_acount

    async def anum_pages(self):
        if self._cache_anum_pages is None:
            self._cache_anum_pages = self._num_pages(await self.acount())
        return self._cache_anum_pages

    async def apage_range(self):
        return range(1, await self.anum_pages() + 1)

    async def aget_elided_page_range(self, number=1, *, on_each_side=3, on_ends=2):
        number = await self.avalidate_number(number)
        num_pages = await self.anum_pages()
        page_range = await self.apage_range()
        for page in self._elided(number, num_pages, page_range, on_each_side, on_ends):
            yield page


class Page(collections.abc.Sequence):
    def __init__(self, object_list, number, paginator):
        self.object_list = object_list
        self.number = number
        self.paginator = paginator

    def __repr__(self):
        return f"<Page {self.number} of {self.paginator.num_pages}>"

    def __len__(self):
        return len(self.object_list)

    def __getitem__(self, index):
        if not isinstance(index, (int, slice)):
            raise TypeError(
                "Page indices must be integers or slices, not "
                f"{type(index).__name__}."
            )
        # One query for all, not one for each item.
        if not isinstance(self.object_list, list):
            self.object_list = list(self.object_list)
        return self.object_list[index]

    def has_next(self):
        return self.number < self.paginator.num_pages

    def has_previous(self):
        return self.number > 1

    def has_other_pages(self):
        return self.has_previous() or self.has_next()

    def next_page_number(self):
        return self.paginator.validate_number(self.number + 1)

    def previous_page_number(self):
        return self.paginator.validate_number(self.number - 1)

    def start_index(self):
        """The place of the page's first object in all of them, from 1."""
        if not self.paginator.count:
            return 0
        return self.paginator.per_page * (self.number - 1) + 1

    def end_index(self):
        paginator = self.paginator
        if self.number == paginator.num_pages:
            return paginator.count
        return self.number * paginator.per_page


class AsyncPage:
    def __init__(self, object_list, number, paginator):
        self.object_list = object_list
        self.number = number
        self.paginator = paginator

    def __repr__(self):
        return f"<Async Page {self.number}>"

    async def __aiter__(self):
        for one in await self._all():
            yield one

    async def _all(self):
        if hasattr(self.object_list, "__aiter__"):
            return [one async for one in self.object_list]
        return self.object_list

    def _fetched(self, action):
        if not isinstance(self.object_list, list):
            raise TypeError(
                f"AsyncPage.aget_object_list() must be awaited before {action}."
            )
        return self.object_list

    def __len__(self):
        return len(self._fetched("calling len()"))

    def __reversed__(self):
        return reversed(self._fetched("calling reversed()"))

    def __getitem__(self, index):
        if not isinstance(index, (int, slice)):
            raise TypeError(
                "AsyncPage indices must be integers or slices, not "
                f"{type(index).__name__}."
            )
        return self._fetched("using indexing")[index]

    async def aget_object_list(self):
        if not isinstance(self.object_list, list):
            self.object_list = list(await self._all())
        return self.object_list

    async def ahas_next(self):
        return self.number < await self.paginator.anum_pages()

    async def ahas_previous(self):
        return self.number > 1

    async def ahas_other_pages(self):
        return await self.ahas_previous() or await self.ahas_next()

    async def anext_page_number(self):
        return await self.paginator.avalidate_number(self.number + 1)

    async def aprevious_page_number(self):
        return await self.paginator.avalidate_number(self.number - 1)

    async def astart_index(self):
        if not await self.paginator.acount():
            return 0
        return self.paginator.per_page * (self.number - 1) + 1

    async def aend_index(self):
        if self.number == await self.paginator.anum_pages():
            return await self.paginator.acount()
        return self.number * self.paginator.per_page
