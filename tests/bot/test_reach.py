"""Addresses of others: only public ones are reached, and only the one that was looked at."""

import httpx
import pytest

from bot.reach import Forbidden, Reach
from handoff import addresses
from handoff.integration_errors import NotAWebhook

PUBLIC = "93.184.216.34"


class Names:
    """A name server that answers each look with the next of its answers."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers, self.looks = list(answers), 0

    async def look_up(self, host: str, port: int) -> list[str]:
        self.looks += 1
        return self.answers.pop(0)


async def reached(names: Names, url: str = "https://hooks.example:8443/knock?a=1", status: int = 204) -> httpx.Request:
    """The request as it left us."""
    left: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        left.append(request)
        return httpx.Response(status, headers={"Location": "http://10.0.0.1/"})

    reach = Reach(look_up=names.look_up, transport=httpx.MockTransport(answer))
    assert await reach.post(url, b"{}", {"webhook-id": "msg_1"}) == status
    assert len(left) == 1
    return left[0]


async def test_we_connect_to_the_address_that_was_judged_and_not_to_the_name() -> None:
    names = Names([PUBLIC], ["127.0.0.1"])
    request = await reached(names)
    assert str(request.url) == f"https://{PUBLIC}:8443/knock?a=1"
    assert request.headers["host"] == "hooks.example:8443"
    assert request.extensions["sni_hostname"] == "hooks.example", "the certificate is checked for the name"
    assert names.looks == 1, "a second look could be answered otherwise"


async def test_a_redirect_is_not_followed() -> None:
    await reached(Names([PUBLIC]), status=302)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1%eth0",
        "fd00::1",
        "::ffff:10.0.0.1",
        "64:ff9b::a00:1",
        "2002:a00:1::1",
        "ff02::1",
    ],
)
async def test_a_name_that_leads_into_a_private_net_is_not_reached(address: str) -> None:
    for answer in ([address], [PUBLIC, address]):
        with pytest.raises(Forbidden):
            await reached(Names(answer))


async def test_a_name_that_leads_nowhere_is_not_reached() -> None:
    with pytest.raises(Forbidden):
        await reached(Names([]))


@pytest.mark.parametrize(
    "url", ["http://hooks.example/", "http://127.0.0.1/", "https://127.0.0.1/", "https://[fd00::1]/"]
)
async def test_what_may_not_be_called_is_not_even_looked_up(url: str) -> None:
    names = Names([PUBLIC])
    with pytest.raises(NotAWebhook):
        await reached(names, url)
    assert names.looks == 0


@pytest.mark.parametrize("address", [PUBLIC, "2606:2800:220:1:248:1893:25c8:1946", "::ffff:93.184.216.34"])
def test_the_public_internet_may_be_called(address: str) -> None:
    assert addresses.may_call(address)


def test_this_machine_may_be_called_only_where_that_is_set() -> None:
    assert addresses.checked("http://127.0.0.1:8080/", loopback=True)
    assert not addresses.may_call("127.0.0.1")
    assert not addresses.may_call("10.0.0.1", loopback=True)
