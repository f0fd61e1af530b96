"""Moving a file."""

import os

__all__ = ["file_move_safe"]


def file_move_safe(
    old_file_name, new_file_name, chunk_size=64 * 1024, allow_overwrite=False
):
    """Gives a file another name; an existing one is only replaced when asked to."""
    if os.path.abspath(old_file_name) == os.path.abspath(new_file_name):
        return
    if not allow_overwrite and os.path.exists(new_file_name):
        raise FileExistsError(
            f"Destination file {new_file_name} exists and allow_overwrite is False."
        )
    os.rename(old_file_name, new_file_name)
