"""Images: files with a width and a height."""

from django.core.files import File


class ImageFile(File):
    """A file that knows its picture's size."""

    @property
    def width(self):
        return self._get_image_dimensions()[0]

    @property
    def height(self):
        return self._get_image_dimensions()[1]

    def _get_image_dimensions(self):
        if not hasattr(self, "_dimensions_cache"):
            close = self.closed
            self.open()
            self._dimensions_cache = get_image_dimensions(self, close=close)
        return self._dimensions_cache


def get_image_dimensions(file_or_path, close=False):
    """Width and height of a picture; reading one takes Pillow."""
    from PIL import ImageFile as reader

    raise NotImplementedError(f"pictures read by {reader.__name__}")
