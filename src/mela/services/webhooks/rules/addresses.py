"""Which network addresses a webhook may be sent to: an address that somebody else chose must not open what only we can reach."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any

Address = IPv4Address | IPv6Address
_NAT64 = IPv6Network("64:ff9b::/96")
"""IPv4 addresses as an IPv6-only network sees them. Source: RFC 6052, section 2.1 (recalled)."""


class AddressRefused(Exception):
    """A name leads to an address that nothing is sent to."""


@dataclass(frozen=True)
class Guard:
    """`refused`: networks besides those that are not public by their kind."""

    refused: tuple[Any, ...] = ()
    allow_loopback: bool = False

    def permits(self, text: str) -> bool:
        """Whether this address may be connected to; False for what is none."""
        try:
            address = _meant(ip_address(text.split("%", 1)[0]))
        except ValueError:
            return False
        if address.is_loopback:
            return self.allow_loopback
        return (
            address.is_global and not address.is_multicast and not any(address in network for network in self.refused)
        )

    def choose(self, found: Iterable[str]) -> list[str]:
        """The addresses of a name, if all of them are permitted: a name of both kinds is a trick.

        Raises: AddressRefused.
        """
        addresses = list(dict.fromkeys(found))
        if wrong := next((one for one in addresses if not self.permits(one)), None):
            raise AddressRefused(wrong)
        return addresses


def guard(rows: Sequence[Mapping[str, Any]], day: date, *, allow_loopback: bool) -> Guard:
    """The guard of `data/addresses.yaml` as it was in force on a day."""
    found = [row["network"] for row in rows if row["effective_from"] <= day <= (row["effective_to"] or date.max)]
    return Guard(tuple(ip_network(network) for network in found), allow_loopback)


def _meant(address: Address) -> Address:
    """The IPv4 address that an IPv6 one stands for, as far as it stands for one."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None) or address
