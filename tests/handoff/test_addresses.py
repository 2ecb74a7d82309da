"""Addresses that no webhook may have, as far as one can see from their words."""

import pytest

from handoff import addresses
from handoff.integration_errors import NotAWebhook


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example/",
        "ftp://hooks.example/",
        "https://",
        "https://name:word@hooks.example/",
        "https://10.0.0.1/",
        "https://[::1]/",
        "https://169.254.169.254/latest/meta-data",
        "https://hooks.example/#part",
        "https://hooks.example:99999/",
        "https://hooks.example/" + "x" * 2000,
        "nonsense",
    ],
)
def test_an_address_that_may_not_be_called_is_refused(url: str) -> None:
    with pytest.raises(NotAWebhook):
        addresses.checked(url)
