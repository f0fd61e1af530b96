"""The log of what was done in the admin. The site itself is not part of this."""
