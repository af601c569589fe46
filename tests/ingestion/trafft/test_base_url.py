"""The base URL: what people paste becomes one form, or a sentence that says what to paste instead."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.trafft.base_url import InvalidBaseUrl, normalise_base_url

ORIGIN = "https://elitecuts.admin.trafft.com"


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        (ORIGIN, ORIGIN),
        (f"{ORIGIN}/", ORIGIN),
        (f"  {ORIGIN}/api/v2/\n", ORIGIN),
        ("HTTPS://EliteCuts.Admin.Trafft.com:443/", ORIGIN),
        ("https://x.admin.agency.tld", "https://x.admin.agency.tld"),
        ("https://xn--fris-1na.admin.trafft.com", "https://xn--fris-1na.admin.trafft.com"),
    ],
)
@pytest.mark.parametrize("allow_loopback", [True, False])
def test_an_account_address_is_brought_to_one_form(text: str, normal: str, *, allow_loopback: bool) -> None:
    assert normalise_base_url(text, allow_loopback=allow_loopback) == normal


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("http://127.0.0.1:8801", "http://127.0.0.1:8801"),
        ("http://localhost:80/", "http://localhost"),
        ("http://[::1]:8801/api/v2", "http://[::1]:8801"),
        ("https://localhost:8443", "https://localhost:8443"),
    ],
)
def test_this_machine_is_admitted_only_when_that_is_allowed(text: str, normal: str) -> None:
    assert normalise_base_url(text, allow_loopback=True) == normal
    with pytest.raises(InvalidBaseUrl, match="this machine"):
        normalise_base_url(text, allow_loopback=False)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "https://"),
        ("elitecuts.admin.trafft.com", "https://"),
        ("http://elitecuts.admin.trafft.com", "https://"),
        ("ftp://elitecuts.admin.trafft.com", "https://"),
        ("https:///api/v2", "https://"),
        ("https://:443", "names no host"),
        ("https://me:hush@elitecuts.admin.trafft.com", "user name or password"),
        ("https://hush@127.0.0.1", "user name or password"),
        (f"{ORIGIN}?token=hush", r"\? or #"),
        (f"{ORIGIN}/#hush", r"\? or #"),
        (f"{ORIGIN}/api/v1", "path"),
        (f"{ORIGIN}/api/v2/token", "path"),
        (f"{ORIGIN}:8443", "port 8443"),
        (f"{ORIGIN}:99999", "no number from 1"),
        (f"{ORIGIN}:0", "no number from 1"),
        ("https://8.8.8.8", "in numbers"),
        ("https://169.254.169.254", "in numbers"),
        ("https://[::ffff:127.0.0.1]", "in numbers|this machine"),
        ("https://[fe80::1]", "in numbers"),
        ("https://2130706433", "in numbers"),
        ("https://0x7f000001", "in numbers"),
        ("https://0177.0.0.1", "in numbers"),
        ("https://127.1", "in numbers"),
        ("https://intranet", "does not know"),
        ("https://metadata.google.internal", "does not know"),
        ("https://a.localhost", "does not know"),
        ("https://trafft..com", "cannot exist"),
        ("https://-a.trafft.com", "cannot exist"),
        ("https://a_b.trafft.com", "cannot exist"),
        (f"https://{'a' * 64}.com", "cannot exist"),
        ("https://elitecuts.admin.trafft.com\\@evil.example", "characters"),
        ("https://elite cuts.trafft.com", "characters"),
        ("https://elite\tcuts.trafft.com", "characters"),
        ("https://élite.trafft.com", "characters"),
        ("https://elite%2ecuts.trafft.com", "characters"),
        ("https://[::1", "cannot be read"),
    ],
)
@pytest.mark.parametrize("allow_loopback", [True, False])
def test_what_cannot_be_an_account_is_refused(text: str, reason: str, *, allow_loopback: bool) -> None:
    with pytest.raises(InvalidBaseUrl, match=reason) as refusal:
        normalise_base_url(text, allow_loopback=allow_loopback)
    assert "API card" in str(refusal.value)
    assert "hush" not in str(refusal.value)


@given(st.text(max_size=40), st.booleans())
def test_any_text_is_normalised_once_and_for_all_or_refused(text: str, allow_loopback: bool) -> None:
    try:
        normal = normalise_base_url(f"https://{text}", allow_loopback=allow_loopback)
    except InvalidBaseUrl:
        return
    assert normalise_base_url(normal, allow_loopback=allow_loopback) == normal
