"""What the bot reads from the environment, once, when it starts."""

from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, field_validator, model_validator
from pydantic_settings import NoDecode

from handoff.settings import Settings
from nlu.language import LANGUAGES
from nlu.server import ROOT
from nlu.workshop import Workshop


class BotSettings(Settings):
    """Settings of everything; docs/operations.md has the table."""

    brand_file: Path = Path("knock.toml")
    """The brand: its words, its offer, its languages, how long chats are kept."""

    telegram_token: str | None = Field(default=None, repr=False)
    """Token of the bot on Telegram, from BotFather; no Telegram when not set."""

    telegram_api: str | None = None
    """Another server of Telegram's Bot API than Telegram's own."""

    telegram_webhook_url: str | None = None
    """Where Telegram shall push updates, under the public address; we ask for them when not set."""

    telegram_webhook_secret: str | None = Field(default=None, repr=False, pattern=r"^[A-Za-z0-9_-]{16,256}$")
    """What proves that a push is Telegram's: 16 to 256 of A-Z, a-z, 0-9, _ and -."""

    x_client_id: str | None = None
    """OAuth 2.0 client id of your app on X; no X when not set."""

    x_client_secret: str | None = Field(default=None, repr=False)
    """Its client secret."""

    x_access_token: str | None = Field(default=None, repr=False)
    """User access token of the account that answers (tweet.read, tweet.write, users.read, offline.access)."""

    x_refresh_token: str | None = Field(default=None, repr=False)
    """Its refresh token, with which Knock gets the next ones by itself."""

    x_bearer_token: str | None = Field(default=None, repr=False)
    """The app's own token, for webhooks and for listening beyond mentions."""

    x_consumer_secret: str | None = Field(default=None, repr=False)
    """The app's consumer secret, with which X signs what it pushes."""

    x_webhook_url: str | None = None
    """Where X shall push mentions, under the public address and without a port; we only ask for them when not set."""

    x_search: str | None = None
    """A search whose posts are counted as "would have offered"; nobody that it finds is answered."""

    x_stream: bool = False
    """Whether that search is followed as a stream in place of asking again and again."""

    x_poll_seconds: float = Field(default=30, ge=2)
    """Seconds between two looks at our mentions."""

    x_budget: float = Field(default=10, ge=0, allow_inf_nan=False)
    """Dollars that X may cost on one day (UTC); no call is made beyond them."""

    x_sign_in: bool = True
    """Whether customers may prove who they are by "Sign in with X"; posting a code works in any case."""

    x_api: str = "https://api.x.com"
    """Another server of X's API than X's own."""

    x_sign_in_url: str = "https://x.com/i/oauth2/authorize"
    """Where people sign in with X."""

    rasa_url: str | None = None
    """A Rasa server of your own; one is started as a child when not set."""

    rasa_token: str | None = Field(default=None, repr=False)
    """The token of that server. A child gets a new one at each start."""

    rasa_python: Path = ROOT / ".venv-rasa/bin/python"
    """The Python of Rasa's own environment."""

    rasa_models: Path | None = None
    """The folder `models` of KNOCK_HOME as the Rasa at KNOCK_RASA_URL sees it, when it has another path there."""

    actions_url: str | None = None
    """The action server of that Rasa, as `http://…/webhook`, for trying out what triage would say."""

    keep_models: int = Field(default=5, ge=1)
    """Versions of the model whose files are kept, besides the one at work and the one before it."""

    triage_languages: Annotated[tuple[str, ...], NoDecode] = LANGUAGES
    """Languages, with commas, in which the bot triages; customers who speak another go straight to a person."""

    cool_down_days: float = Field(default=30, ge=0)
    """Days after an offer in which the same account gets no other one."""

    link_days: float = Field(default=7, gt=0)
    """Days for which the link of an offer can be used."""

    lease_seconds: float = Field(default=60, gt=15)
    """Seconds after which the sender of an offer is taken for dead; longer than its patience (10) and a call."""

    turn_seconds: float = Field(default=15, gt=3)
    """Seconds for which a worker has a thread to itself while Rasa thinks; a call to Rasa takes 3 at most."""

    sending_seconds: float = Field(default=30, gt=0)
    """Seconds after which a private line whose sending has no end is sent again."""

    doubt_minutes: float = Field(default=15, gt=0)
    """Minutes in which we look for an offer in doubt, before a person is asked."""

    rasa_wait_seconds: float = Field(default=60, ge=0)
    """Seconds that somebody who opted in waits for a Rasa that is not ready, before a person gets the thread."""

    silent_minutes: float = Field(default=30, gt=0)
    """Minutes that a customer waits for an agent who is gone, before the case is in the queue again."""

    smtp_url: str | None = Field(default=None, repr=False, pattern=r"^smtps?://[^/\s]+$")
    """A mail server, as `smtp://user:password@host:port` (with STARTTLS) or `smtps://…`; no mails when not set."""

    alarm_to: str | None = None
    """Mail addresses, with commas, of who is alarmed when a case comes and nobody is here."""

    quiet_hours: float = Field(default=24, gt=0)
    """Hours without a word in the middle of triage, after which a person gets the thread."""

    @field_validator("triage_languages", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(value.replace(",", " ").split()) if isinstance(value, str) else value

    @model_validator(mode="after")
    def _webhook_has_a_secret(self) -> Self:
        if self.telegram_webhook_url and not self.telegram_webhook_secret:
            raise ValueError("KNOCK_TELEGRAM_WEBHOOK_URL needs KNOCK_TELEGRAM_WEBHOOK_SECRET")
        return self

    @model_validator(mode="after")
    def _a_mail_has_both_ends(self) -> Self:
        if bool(self.smtp_url) != bool(self.alarm_to):
            raise ValueError("KNOCK_SMTP_URL and KNOCK_ALARM_TO need one another")
        return self

    @model_validator(mode="after")
    def _x_is_whole(self) -> Self:
        if not self.x_client_id and (self.x_access_token or self.x_webhook_url or self.x_search):
            raise ValueError("the settings of X need KNOCK_X_CLIENT_ID, without which X is not used")
        if self.x_webhook_url and not (self.x_consumer_secret and self.x_bearer_token):
            raise ValueError("KNOCK_X_WEBHOOK_URL needs KNOCK_X_CONSUMER_SECRET and KNOCK_X_BEARER_TOKEN")
        if self.x_search and not self.x_bearer_token:
            raise ValueError("KNOCK_X_SEARCH needs KNOCK_X_BEARER_TOKEN")
        return self

    @cached_property
    def workshop(self) -> Workshop:
        """Where models are made and kept."""
        return Workshop(self.rasa_python.absolute(), self.home.resolve() / "models", self.keep_models)

    @cached_property
    def cool_down(self) -> timedelta:
        """Between two offers to one account."""
        return timedelta(days=self.cool_down_days)

    @cached_property
    def link_life(self) -> timedelta:
        """Of an offer's link."""
        return timedelta(days=self.link_days)

    @cached_property
    def lease(self) -> timedelta:
        """Of who sends an offer."""
        return timedelta(seconds=self.lease_seconds)

    @cached_property
    def turn(self) -> timedelta:
        """Of a worker in a talk."""
        return timedelta(seconds=self.turn_seconds)

    @cached_property
    def sending(self) -> timedelta:
        """Of a private line."""
        return timedelta(seconds=self.sending_seconds)

    @cached_property
    def doubt(self) -> timedelta:
        """Between the doubt and the question to a person."""
        return timedelta(minutes=self.doubt_minutes)

    @cached_property
    def rasa_wait(self) -> timedelta:
        """Between an opt-in and the handoff, while there is no Rasa."""
        return timedelta(seconds=self.rasa_wait_seconds)

    @cached_property
    def silence(self) -> timedelta:
        """Between a customer's line to an agent who is gone and the case's return to the queue."""
        return timedelta(minutes=self.silent_minutes)

    @property
    def alarm_sender(self) -> str:
        """Who alarms: the first who is alarmed writes to all."""
        return (self.alarm_to or "").split(",")[0].strip()

    @cached_property
    def quiet(self) -> timedelta:
        """Between a customer's last line in triage and the handoff."""
        return timedelta(hours=self.quiet_hours)
