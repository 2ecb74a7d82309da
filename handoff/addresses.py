"""Addresses of others that we may call: public ones, by https. What they resolve to is judged as well, at each call."""

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

from handoff import integration_errors as errors

LONGEST_URL = 2000
NAT64 = IPv6Network("64:ff9b::/96")


def checked(url: str, *, loopback: bool = False) -> str:
    """The address, if it may be called as far as one can see from its words. Raises `NotAWebhook`.

    `loopback`: this machine may be called, and without https, for trying things out.
    """
    try:
        parts = urlsplit(url.strip())
        host, port = parts.hostname or "", parts.port
        host.encode("idna")
    except (ValueError, UnicodeError):
        raise errors.NotAWebhook from None
    odd = len(url) > LONGEST_URL or parts.username is not None or parts.fragment or port == 0
    plain = parts.scheme == "http" and loopback and (host == "localhost" or _allowed_literal(host, loopback=True))
    if not host or odd or not (parts.scheme == "https" or plain) or not url.strip().isprintable():
        raise errors.NotAWebhook
    if _is_literal(host) and not _allowed_literal(host, loopback=loopback):
        raise errors.NotAWebhook
    return url.strip()


def may_call(address: str, *, loopback: bool = False) -> bool:
    """Whether an IP address is one of the public internet; also when it is wrapped into one of IPv6."""
    found = _unwrapped(ip_address(address.split("%")[0]))
    if found.is_loopback:
        return loopback
    return found.is_global and not (found.is_multicast or found.is_reserved)


def _unwrapped(found: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    if isinstance(found, IPv4Address):
        return found
    inner = found.ipv4_mapped or found.sixtofour or (found.teredo or (None, None))[1]
    return inner or (IPv4Address(int(found) & 0xFFFFFFFF) if found in NAT64 else found)


def _is_literal(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _allowed_literal(host: str, *, loopback: bool) -> bool:
    return _is_literal(host) and may_call(host, loopback=loopback)
