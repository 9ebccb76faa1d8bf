"""Formats of names, keys and numbers: each function lists what is wrong with a text, or nothing.

Two faults of one text are two errors, so the number of items matters. Lengths are bytes of UTF-8.
Source: https://kubernetes.io/docs/concepts/overview/working-with-objects/names/ and apimachinery v0.36.3
pkg/util/validation, pkg/api/validate/content (read 2026-11-23).
"""

import ipaddress
import re
from collections.abc import Callable

Format = Callable[[str], list[str]]
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_LABEL = r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?"
_UNDERSCORED = r"_?[a-z0-9](?:[-_a-z0-9]*[a-z0-9])?"
LABEL = re.compile(_LABEL)
SUBDOMAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
UNDERSCORED_SUBDOMAIN = re.compile(rf"{_UNDERSCORED}(?:\.{_UNDERSCORED})*")
WILDCARD = re.compile(rf"\*\.{_LABEL}(?:\.{_LABEL})*")
KEY_NAME = re.compile(r"(?:[A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]")
CONFIG_KEY = re.compile(r"[-._a-zA-Z0-9]+")
HEADER = re.compile(r"[-A-Za-z0-9]+")
PERCENT = re.compile(r"[0-9]+%")
HTTP_PATH = re.compile(r"[A-Za-z0-9/\-._~%!$&'()*+,;=:]+")
SYSCTL = re.compile(r"(?:[a-z0-9](?:[-_a-z0-9]*[a-z0-9])?[./])*[a-z0-9](?:[-_a-z0-9]*[a-z0-9])?")

LABEL_BYTES = 63
SUBDOMAIN_BYTES = 253
PORT_NAME_BYTES = 15


def dns_label(text: str) -> list[str]:
    """RFC 1123 label: lower case, digits and hyphens, 63 bytes."""
    problems = _too_long(text, LABEL_BYTES)
    if not LABEL.fullmatch(text):
        dots = SUBDOMAIN.fullmatch(text)
        problems.append("must not have dots" if dots else "must be lower case letters, digits and inner hyphens")
    return problems


def dns_subdomain(text: str) -> list[str]:
    """RFC 1123 subdomain: labels joined by dots, 253 bytes in all."""
    return _matching(text, SUBDOMAIN, "must be lower case letters, digits, inner hyphens and dots")


def underscored_subdomain(text: str) -> list[str]:
    return _matching(text, UNDERSCORED_SUBDOMAIN, "must be lower case letters, digits, hyphens, underscores and dots")


def wildcard_subdomain(text: str) -> list[str]:
    return _matching(text, WILDCARD, "must be '*.' and a domain in lower case")


def ingress_host(text: str) -> list[str]:
    return wildcard_subdomain(text) if "*" in text else dns_subdomain(text)


def caseless_subdomain(text: str) -> list[str]:
    return dns_subdomain(text.lower())


def path_segment(text: str) -> list[str]:
    """A name that can stand in a URL."""
    if text in (".", ".."):
        return [f"may not be {text!r}"]
    return path_segment_prefix(text)


def path_segment_prefix(text: str) -> list[str]:
    return [f"may not contain {char!r}" for char in "/%" if char in text]


def prefix_of(format_: Format) -> Format:
    """For `generateName`: a hyphen at the end is fine, for a suffix follows."""
    if format_ is path_segment:
        return path_segment_prefix
    return lambda text: format_(f"{text[:-2]}a" if len(text) > 1 and text.endswith("-") else text)


def qualified_name(text: str) -> list[str]:
    """A name, or a domain, a slash and a name."""
    prefix, slash, name = text.rpartition("/")
    if "/" in prefix:
        return ["must have at most one slash"]
    problems = []
    if slash:
        problems = [
            f"before the slash: {each}" for each in (dns_subdomain(prefix) if prefix else ["nothing stands there"])
        ]
    if not name:
        problems.append("the name is empty")
    elif len(name.encode()) > LABEL_BYTES:
        problems.append(f"the name has more than {LABEL_BYTES} bytes")
    if not KEY_NAME.fullmatch(name):
        problems.append("the name must be letters, digits and inner '-', '_' or '.'")
    return problems


def annotation_key(text: str) -> list[str]:
    return qualified_name(text.lower())


def label_value(text: str) -> list[str]:
    problems = _too_long(text, LABEL_BYTES)
    if text and not KEY_NAME.fullmatch(text):
        problems.append("must be empty, or letters, digits and inner '-', '_' or '.'")
    return problems


def config_key(text: str) -> list[str]:
    """A key of a ConfigMap or Secret, which becomes a file name."""
    problems = _matching(text, CONFIG_KEY, "must be letters, digits, '-', '_' or '.'")
    return [*problems, "must not begin with '..' or be '.'"] if text == "." or text.startswith("..") else problems


def env_name(text: str) -> list[str]:
    """Any printable ASCII but the equals sign; digits may come first."""
    if not text:
        return ["must not be empty"]
    sound = all(" " <= char <= "~" and char != "=" for char in text)
    return [] if sound else ["must be printable ASCII without '='"]


def header_name(text: str) -> list[str]:
    return [] if HEADER.fullmatch(text) else ["must be letters, digits and hyphens"]


def percent(text: str) -> list[str]:
    return [] if PERCENT.fullmatch(text) else ["must be a whole number of percent, such as 25%"]


def port_name(text: str) -> list[str]:
    """15 bytes of lower case, digits and hyphens, with a letter."""
    faults = {
        f"must have at most {PORT_NAME_BYTES} bytes": len(text.encode()) > PORT_NAME_BYTES,
        "must be lower case letters, digits and hyphens": not re.fullmatch("[-a-z0-9]+", text),
        "must have a letter": not re.search("[a-z]", text),
        "must not have two hyphens in a row": "--" in text,
        "must not begin or end with a hyphen": text.startswith("-") or text.endswith("-"),
    }
    return [fault for fault, found in faults.items() if found]


def within(low: int, high: int) -> Callable[[int], list[str]]:
    return lambda number: [] if low <= number <= high else [f"must be from {low} to {high}"]


port_number = within(1, 65535)
user_id = within(0, 2**31 - 1)


def ip_address(text: str) -> list[str]:
    """Strict: no leading zeros, no IPv4 inside IPv6."""
    address = parse_ip(text)
    if address is None:
        return ["must be an IP address, such as 10.9.8.7 or 2001:db8::1"]
    problems = ["must not have leading zeros"] if _has_leading_zeros(text.split("/", maxsplit=1)[0]) else []
    mapped = isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None
    return [*problems, "must not be an IPv4 address inside IPv6"] if mapped and not problems else problems


def cidr(text: str) -> list[str]:
    """Strict: as `ip_address`, and no bits beyond the prefix."""
    if parse_cidr(text) is None:
        return ["must be an address range, such as 10.9.8.0/24 or 2001:db8::/64"]
    address, length = text.split("/")
    if _has_leading_zeros(address) or (len(length) > 1 and length[0] == "0") or not length.isdigit():
        return ["must not have leading zeros"]
    interface = ipaddress.ip_interface(text)
    if isinstance(interface, ipaddress.IPv6Interface) and interface.ip.ipv4_mapped is not None:
        return ["must not be an IPv4 range inside IPv6"]
    return ["must not have bits beyond the prefix length"] if interface.ip != interface.network.network_address else []


def parse_ip(text: str) -> Address | None:
    """As upstream's lenient parser: leading zeros are decimal."""
    if "%" in text:
        return None
    try:
        return ipaddress.ip_address(_without_leading_zeros(text))
    except ValueError:
        return None


def parse_cidr(text: str) -> Network | None:
    address, slash, length = text.partition("/")
    ip = parse_ip(address)
    if not slash or ip is None or not re.fullmatch("[0-9]+", length) or int(length) > ip.max_prefixlen:
        return None
    return ipaddress.ip_network(f"{ip}/{int(length)}", strict=False)


def is_strictly_inside(inner: Network, outer: Network) -> bool:
    """The first address of `inner` lies in `outer`, and its prefix is longer."""
    return inner.network_address in outer and inner.prefixlen > outer.prefixlen


def domain_prefixed_path(text: str) -> list[str]:
    """`example.com/anything`."""
    if not text:
        return ["must not be empty"]
    host, _, path = text.partition("/")
    if not host or not path:
        return ["must be a domain, a slash and a path, such as example.com/name"]
    problems = dns_subdomain(host)
    return problems if HTTP_PATH.fullmatch(path) else [*problems, "the path has characters that no path may have"]


def sysctl(text: str) -> bool:
    """Is it a kernel parameter's name?"""
    return len(text.encode()) <= SUBDOMAIN_BYTES and SYSCTL.fullmatch(text) is not None


def _matching(text: str, pattern: re.Pattern[str], rule: str) -> list[str]:
    problems = _too_long(text, SUBDOMAIN_BYTES)
    return problems if pattern.fullmatch(text) else [*problems, rule]


def _too_long(text: str, most: int) -> list[str]:
    return [f"must have at most {most} bytes"] if len(text.encode()) > most else []


def _has_leading_zeros(text: str) -> bool:
    """In the decimal parts any leading zero, in the hexadecimal ones those beyond four digits."""
    *groups, tail = text.split(":")
    decimals = tail.split(".") if "." in tail else []
    long = [group for group in (groups if decimals else [*groups, tail]) if len(group) > 4]
    return bool(groups and long) or any(len(part) > 1 and part[0] == "0" for part in decimals)


def _without_leading_zeros(text: str) -> str:
    *groups, tail = text.split(":")
    decimals = [part.lstrip("0") or "0" if part.isdigit() else part for part in tail.split(".")]
    if len(decimals) == 1:
        groups, decimals = [*groups, tail], []
    short = [group.lstrip("0") or "0" if len(group) > 4 else group for group in groups]
    return ":".join([*short, ".".join(decimals)] if decimals else short)
