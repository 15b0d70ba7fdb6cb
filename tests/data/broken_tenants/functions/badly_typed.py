"""A function whose parameter has no type."""


def find(order):  # type: ignore[no-untyped-def]
    """Find an order."""
    return order
