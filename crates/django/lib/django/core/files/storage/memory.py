"""Files that live as long as the storage."""

from urllib.parse import quote, urljoin

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage.base import Storage
from django.utils import timezone
from django.utils.deconstruct import deconstructible


class _Kept(ContentFile):
    """A file whose closing writes it back."""

    def __init__(self, content, name, storage, writes):
        super().__init__(content, name)
        self._storage = storage
        self._writes = writes

    def close(self):
        if self._writes:
            self._storage._keep(self.name, self.file.getvalue())


@deconstructible(path="django.core.files.storage.InMemoryStorage")
class InMemoryStorage(Storage):
    """Keeps files in memory, by name."""

    def __init__(
        self,
        location=None,
        base_url=None,
        file_permissions_mode=None,
        directory_permissions_mode=None,
    ):
        self._location = location
        self._base_url = base_url
        self._files = {}

    @property
    def base_url(self):
        url = settings.MEDIA_URL if self._base_url is None else self._base_url
        return url if not url or url.endswith("/") else url + "/"

    def _keep(self, name, data):
        now = timezone.now()
        created = self._files[name][1] if name in self._files else now
        self._files[name] = (data, created, now)

    def _found(self, name):
        try:
            return self._files[name]
        except KeyError:
            raise FileNotFoundError(2, "No such file or directory", name) from None

    def _open(self, name, mode="rb"):
        writes = any(letter in mode for letter in "wax+")
        data = b"" if "w" in mode else self._found(name)[0]
        if "b" not in mode and isinstance(data, bytes):
            data = data.decode()
        elif "b" in mode and isinstance(data, str):
            data = data.encode()
        return _Kept(data, name, self, writes)

    def _save(self, name, content):
        chunks = list(content.chunks())
        kind = str if chunks and isinstance(chunks[0], str) else bytes
        self._keep(name, kind().join(chunks))
        return name

    def delete(self, name):
        self._files.pop(name, None)

    def exists(self, name):
        prefix = f"{name}/"
        return name in self._files or any(n.startswith(prefix) for n in self._files)

    def listdir(self, path):
        prefix = f"{path.rstrip('/')}/" if path and path != "." else ""
        folders, files = {}, []
        for name in self._files:
            if name.startswith(prefix):
                head, slash, _ = name[len(prefix) :].partition("/")
                folders.setdefault(head) if slash else files.append(head)
        return list(folders), files

    def size(self, name):
        return len(self._found(name)[0])

    def url(self, name):
        return urljoin(self.base_url, quote(name, safe="/~!*()'").lstrip("/"))

    def get_created_time(self, name):
        return self._found(name)[1]

    def get_modified_time(self, name):
        return self._found(name)[2]

    get_accessed_time = get_modified_time
