"""What our fake X pushes: webhooks that proved themselves, subscriptions, and signed events, in order."""

import base64
import hashlib
import hmac
import json
import queue
import threading
import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

import httpx

from tests.peers.fake_x_posts import Account, Post, moment
from tests.peers.fake_x_problems import Json
from tests.peers.fake_x_shapes import POST_FIELDS, USER_FIELDS, Shown, named
from tests.peers.fake_x_tokens import Credentials
from tests.peers.fake_x_trouble import Trouble
from tests.peers.fake_x_world import World

SIGNATURE = "x-twitter-webhooks-signature"
PATIENCE = 10
"""Seconds in which a webhook has to answer."""
Signature = Literal["right", "wrong", "none"]


@dataclass
class Webhook:
    """An address that events are pushed to."""

    id: str
    url: str
    created_at: datetime
    valid: bool = True


@dataclass
class Subscription:
    """Which events are wanted, and where."""

    id: str
    event_type: str
    filter: Json
    tag: str | None
    webhook_id: str | None
    created_at: datetime
    updated_at: datetime


@dataclass
class Delivery:
    """One push of one event; `status` is what the webhook answered, None if nothing came."""

    url: str
    event: Json
    status: int | None = None


@dataclass
class Activity:
    """Pushes from a thread of its own, one event after the other."""

    world: World
    credentials: Credentials
    trouble: Trouble
    webhooks: list[Webhook] = field(default_factory=list)
    subscriptions: list[Subscription] = field(default_factory=list)
    deliveries: list[Delivery] = field(default_factory=list)
    """What was pushed and answered, in order."""
    _waiting: "queue.Queue[tuple[str, Json, Signature] | None]" = field(default_factory=queue.Queue)
    _thread: threading.Thread | None = None
    _made: int = 0

    def __post_init__(self) -> None:
        self.world.on_post.append(self._hear)

    def push(self, kind: str, payload: Json, *, twice: bool, signature: Signature) -> None:
        """Push an event to the webhooks of its subscriptions, or to the first one when nobody subscribed."""
        wanted = [it for it in self.subscriptions if it.event_type == kind and self._webhook(it.webhook_id)]
        if not wanted and self.webhooks:
            now = moment(self.world.now())
            us = {"user_id": self.world.bot.id}
            wanted = [Subscription("0", kind, us, None, self.webhooks[0].id, now, now)]
        for subscription in wanted:
            self._send(subscription, payload, twice=twice, signature=signature)

    def direct_message(self, sender: Account, text: str) -> Json:
        """A private message to us, in the old shape that X pushes it in."""
        with self.world.lock:
            self._made += 1
            made, now = self._made, int(self.world.now() * 1000)
        return {
            "for_user_id": self.world.bot.id,
            "direct_message_events": [
                {
                    "type": "message_create",
                    "id": str((now << 10) + made),
                    "created_timestamp": str(now),
                    "message_create": {
                        "target": {"recipient_id": self.world.bot.id},
                        "sender_id": sender.id,
                        "message_data": {
                            "text": text,
                            "entities": {"hashtags": [], "symbols": [], "user_mentions": [], "urls": []},
                        },
                    },
                }
            ],
            "users": {account.id: _old_shape(account) for account in (sender, self.world.bot)},
        }

    def payload(self, post: Post) -> Json:
        """A post as an event carries it."""
        return self._shown().post(post)

    def is_proven(self, url: str) -> bool:
        """Whether the address answers a challenge with our secret, without a detour."""
        challenge = uuid.uuid4().hex
        try:
            answer = httpx.get(url, params={"crc_token": challenge}, timeout=PATIENCE, trust_env=False)
            found = answer.json().get("response_token", "") if answer.status_code == 200 else ""
        except (httpx.HTTPError, ValueError, AttributeError):
            return False
        return hmac.compare_digest(str(found), sign(self.credentials.consumer_secret, challenge.encode()))

    def stop(self) -> None:
        """Push no more."""
        if self._thread:
            self._waiting.put(None)
            self._thread.join(PATIENCE)
            self._thread = None

    def _hear(self, post: Post) -> None:
        if post.author.protected or self.trouble.events_lost:
            return
        for subscription in self.subscriptions:
            user = self.world.accounts.get(subscription.filter.get("user_id", ""))
            if user and post.author is not user and _concerns(post, subscription.event_type, user):
                self._send(subscription, self.payload(post), twice=self.trouble.events_twice, post=post)

    def _send(
        self,
        subscription: Subscription,
        payload: Json,
        *,
        twice: bool,
        signature: Signature = "right",
        post: Post | None = None,
    ) -> None:
        webhook = self._webhook(subscription.webhook_id)
        if webhook is None:
            return
        with self.world.lock:
            self._made += 1
            event = {
                "event_uuid": str(uuid.uuid5(uuid.NAMESPACE_OID, f"{subscription.id} {self._made}")),
                "filter": subscription.filter,
                "event_type": subscription.event_type,
                "payload": payload,
            }
            event |= {"tag": subscription.tag} if subscription.tag else {}
            event |= {"includes": {"users": [self._shown().user(post.author)]}} if post else {}
            for _ in range(2 if twice else 1):
                self._waiting.put((webhook.url, named({"data": event}, self.world.naming), signature))
            if self._thread is None:
                self._thread = threading.Thread(target=self._push_all, daemon=True)
                self._thread.start()

    def _push_all(self) -> None:
        with httpx.Client(timeout=PATIENCE, trust_env=False) as client:
            while (waiting := self._waiting.get()) is not None:
                self.deliveries.append(self._push_one(client, *waiting))

    def _push_one(self, client: httpx.Client, url: str, event: Json, signature: Signature) -> Delivery:
        body = json.dumps(event, ensure_ascii=False).encode()
        secret = self.credentials.consumer_secret if signature == "right" else "somebody else's secret"
        headers = {"content-type": "application/json"}
        headers |= {} if signature == "none" else {SIGNATURE: sign(secret, body)}
        try:
            return Delivery(url, event, client.post(url, content=body, headers=headers).status_code)
        except httpx.HTTPError:
            return Delivery(url, event)

    def _webhook(self, id: str | None) -> Webhook | None:
        return next((webhook for webhook in self.webhooks if webhook.id == id and webhook.valid), None)

    def _shown(self) -> Shown:
        wanted = {"tweet.fields": ",".join(POST_FIELDS), "user.fields": ",".join(USER_FIELDS)}
        return Shown(self.world, wanted, self.world.bot, fractions=not self.trouble.odd_timestamps)


def sign(secret: str, body: bytes) -> str:
    """What stands in the header of a push, and in the answer to a challenge."""
    return "sha256=" + base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()


def _concerns(post: Post, event_type: str, user: Account) -> bool:
    match event_type:
        case "post.mention.create":
            return post.names(user)
        case "post.reply.create":
            return post.answers is not None and post.answers.author is user
        case "post.quote.create":
            return post.quotes is not None and post.quotes.author is user
    return False


def _old_shape(account: Account) -> Json:
    return {
        "id": account.id,
        "created_timestamp": str(int(account.created_at.timestamp() * 1000)),
        "name": account.name,
        "screen_name": account.username,
        "protected": account.protected,
        "verified": False,
        "followers_count": 0,
        "friends_count": 0,
        "statuses_count": 0,
    }
