"""The use cases of orders, and word to those who wait for one."""

from mela.services.orders.service.orders import EmptyCart, Orders

__all__ = ["EmptyCart", "Orders"]
