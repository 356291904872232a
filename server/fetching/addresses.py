"""Which addresses this server may fetch from: the public internet, and what the settings allow besides."""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
IpNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network

# What `is_global` takes for public on some versions of Python, or by its number: protocol assignments (a metadata
# service of Oracle's cloud among them) and the control service of Azure's machines.
_NOT_PUBLIC = (ipaddress.ip_network("192.0.0.0/24"), ipaddress.ip_network("168.63.129.16/32"))
_INNER_NAMES = (
    ".localhost",
    ".local",
    ".localdomain",
    ".internal",
    ".intranet",
    ".lan",
    ".home.arpa",
    ".corp",
    ".home",
)


def is_public(address: IpAddress) -> bool:
    """Whether an address belongs to the public internet, by whatever address it carries inside."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if inner is not None:
            return is_public(inner)
    is_special = address.is_multicast or address.is_reserved or address.is_unspecified
    return address.is_global and not is_special and not any(address in network for network in _NOT_PUBLIC)


def is_inner_name(host: str) -> bool:
    """Whether a host name can only be one of this machine or its network, whatever it resolves to."""
    name = host.rstrip(".").lower()
    return "." not in name or f".{name}".endswith(_INNER_NAMES)


def is_disguised(host: str) -> bool:
    """Whether a host is an IPv4 address in another spelling: 2130706433, 0x7f.1, 0177.0.0.1, 127.1."""
    last = host.rstrip(".").rsplit(".", 1)[-1].lower()
    return (last.isdigit() or last.startswith("0x")) and literal(host) is None


def literal(host: str) -> IpAddress | None:
    """The address that a host is, None where it is a name."""
    try:
        return ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return None


@dataclass(frozen=True)
class Allowed:
    """The addresses that are fetched from although they are not public."""

    hosts: frozenset[str]
    networks: tuple[IpNetwork, ...]

    @classmethod
    def of(cls, entries: Sequence[str]) -> "Allowed":
        """Entries are hosts, host:port pairs and networks such as 10.0.0.0/8.

        Raises:
            ValueError: a network is none.
        """
        networks = tuple(ipaddress.ip_network(entry, strict=False) for entry in entries if "/" in entry)
        return cls(frozenset(entry.lower() for entry in entries if "/" not in entry), networks)

    def names(self, host: str, port: int) -> bool:
        """Whether the settings name this host, with or without the port."""
        written = f"[{host}]" if ":" in host else host
        return not self.hosts.isdisjoint({host, f"{written}:{port}"})

    def holds(self, address: IpAddress) -> bool:
        """Whether the settings name a network that the address lies in."""
        return any(address in network for network in self.networks)
