"""Views, as plain callables. There is no server here that would call them."""
