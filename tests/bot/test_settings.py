"""Settings and the brand file: what ships works, and a mistake is named with file and key."""

from pathlib import Path

import pytest

from bot.brand import BrandUnreadable, read_brand
from bot.settings import BotSettings

SHIPPED = Path(__file__).parents[2] / "knock.toml"


def changed(tmp_path: Path, old: str, new: str) -> Path:
    text = SHIPPED.read_text()
    assert old in text
    path = tmp_path / "knock.toml"
    path.write_text(text.replace(old, new))
    return path


def test_the_brand_that_ships_speaks_five_languages() -> None:
    brand = read_brand(SHIPPED)
    assert brand.languages == ("en", "es", "de", "fr", "el")
    for language in brand.languages:
        text, label = brand.offer_in(language)
        assert "Northwind" in text
        assert "{" not in text + label


def test_an_offer_in_a_language_we_do_not_speak_is_in_the_first_one() -> None:
    brand = read_brand(SHIPPED)
    assert brand.offer_in("ja") == brand.offer_in("en")


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("retention_days", "retention_day", "retention_day: Extra inputs"),
        ('name = "Northwind"', "", "name: "),
        ("retention_days = 30", 'retention_days = "soon"', "retention_days: "),
        ("keep_days = 365", "keep_days = 7", "keep_days is how long a chat is kept when asked to"),
        ("[consent.training]", "[consent.trainings]", "consent.training: Field required"),
        ('el = "Η {name} μπορεί να κρατήσει', "# ", "consent.keep.el is missing"),
        ("for {days} days", "for {weeks} weeks", "consent.keep.en names {weeks}"),
        ("[offer.el]", "[offer.el", "line "),
        ('["Breeze"]', '["B"]', "products.Breeze kettle.0: "),
        ('["Zephyr"]', '["breeze"]', "products: breeze is a name of both Breeze kettle and Zephyr lamp"),
        ("would like", "would like " + "very " * 60 + "much", "offer.en.text: "),
    ],
)
def test_a_mistake_in_the_brand_file_is_named(tmp_path: Path, old: str, new: str, named: str) -> None:
    path = changed(tmp_path, old, new)
    with pytest.raises(BrandUnreadable) as caught:
        read_brand(path)
    assert str(path) in str(caught.value)
    assert named in str(caught.value)


def test_a_missing_brand_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BrandUnreadable, match="nowhere.toml"):
        read_brand(tmp_path / "nowhere.toml")


def test_secrets_do_not_show_when_settings_are_printed() -> None:
    settings = BotSettings(telegram_token="1:secret", rasa_token="secret", secret="secret")
    assert "secret'" not in repr(settings)


def test_languages_are_written_with_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KNOCK_TRIAGE_LANGUAGES", "en, de")
    assert BotSettings().triage_languages == ("en", "de")


def test_an_empty_variable_is_as_good_as_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KNOCK_TELEGRAM_TOKEN", "")
    assert BotSettings().telegram_token is None


def test_a_webhook_without_a_secret_is_refused() -> None:
    with pytest.raises(ValueError, match="KNOCK_TELEGRAM_WEBHOOK_SECRET"):
        BotSettings(telegram_webhook_url="https://knock.example/telegram")
