"""The endpoints of our fake X for webhooks and activity subscriptions."""

from collections.abc import Callable
from urllib.parse import urlsplit

from tests.peers.fake_x_activity import Activity, Subscription, Webhook
from tests.peers.fake_x_calls import Asked, Endpoint
from tests.peers.fake_x_posts import moment
from tests.peers.fake_x_problems import Json, Problem, forbidden, invalid
from tests.peers.fake_x_shapes import Shown

PRIVATE = {"post.mention.create", "post.reply.create", "post.quote.create", "dm.received", "dm.sent", "chat.received"}
"""Events that only the account itself may subscribe to."""
OTHERS = {"post.create", "post.delete", "profile.update.bio", "follow.follow", "follow.unfollow"}
MOST_SUBSCRIPTIONS = 1500
MOST_WEBHOOKS = 1
"""Of a pay-per-use app."""
LOOPBACK = {"127.0.0.1", "localhost", "::1"}


class Subscriptions:
    """Who wants which events, where."""

    def __init__(self, activity: Activity) -> None:
        self._activity, self._world = activity, activity.world
        self._numbers = 0

    def endpoints(self) -> list[Endpoint]:
        """All of them."""
        fields, several = frozenset({"webhook_config.fields"}), frozenset({"ids"})
        anything = frozenset({"event_type", "filter", "tag", "webhook_id"})
        hooks, subscriptions = "/2/webhooks", "/2/activity/subscriptions"
        url = frozenset({"url"})
        return [
            Endpoint("POST", hooks, self.add_webhook, who="app", slow=True, allowed_in_body=url),
            Endpoint("GET", hooks, self.webhooks, fields, who="app"),
            Endpoint("PUT", f"{hooks}/:id", self.prove_again, who="app", slow=True),
            Endpoint("DELETE", f"{hooks}/:id", self.remove_webhook, who="app"),
            Endpoint("POST", subscriptions, self.subscribe, status=201, allowed_in_body=anything),
            Endpoint("GET", subscriptions, self.subscriptions, frozenset({"max_results", "pagination_token"})),
            Endpoint("PUT", f"{subscriptions}/:id", self.change, who="app", allowed_in_body=anything),
            Endpoint("DELETE", f"{subscriptions}/:id", self.unsubscribe, who="app"),
            Endpoint("DELETE", subscriptions, self.unsubscribe_from, several, who="app"),
        ]

    # Webhooks

    def add_webhook(self, asked: Asked) -> Json:
        """Register an address, after it has proven to know our secret."""
        url = str(asked.body.get("url", ""))
        parts = urlsplit(url)
        if parts.hostname not in LOOPBACK and (parts.scheme != "https" or parts.port is not None):
            raise invalid("A webhook must be https, public, and without a port", "url", url)
        if len(self._activity.webhooks) >= MOST_WEBHOOKS:
            raise forbidden("You have reached the maximum number of webhooks.")
        if not self._activity.is_proven(url):
            raise Problem(400, "CrcValidationFailed", "The challenge (CRC) was not answered as it must be.")
        webhook = Webhook(self._id(), url, moment(self._world.now()))
        self._activity.webhooks.append(webhook)
        return {"data": _shown_webhook(asked, webhook)}

    def webhooks(self, asked: Asked) -> Json:
        """All addresses."""
        found = [_shown_webhook(asked, webhook) for webhook in self._activity.webhooks]
        return ({"data": found} if found else {}) | {"meta": {"result_count": len(found)}}

    def prove_again(self, asked: Asked) -> Json:
        """Challenge an address once more; that also makes it valid again."""
        webhook = self._webhook(asked)
        webhook.valid = self._activity.is_proven(webhook.url)
        return {"data": {"valid": webhook.valid}}

    def remove_webhook(self, asked: Asked) -> Json:
        """Forget an address, and what was subscribed for it."""
        webhook = self._webhook(asked)
        self._activity.webhooks.remove(webhook)
        self._keep(lambda it: it.webhook_id != webhook.id)
        return {"data": {"deleted": True}}

    def _webhook(self, asked: Asked) -> Webhook:
        for webhook in self._activity.webhooks:
            if webhook.id == asked.path["id"]:
                return webhook
        raise Problem(404, "Not Found", "There is no such webhook.")

    # Subscriptions

    def subscribe(self, asked: Asked) -> Json:
        """Ask for events of an account."""
        kind, filter = asked.body.get("event_type"), asked.body.get("filter")
        if kind not in PRIVATE | OTHERS:
            raise invalid(f"$.event_type: does not have a value in the enumeration {sorted(PRIVATE | OTHERS)}")
        if not isinstance(filter, dict) or filter.get("user_id") not in self._world.accounts:
            raise invalid("$.filter.user_id: is not an account")
        if kind in PRIVATE and (asked.viewer is None or asked.viewer.id != filter["user_id"]):
            raise forbidden(f"Only the account itself may subscribe to {kind}.")
        if kind.startswith("dm.") and "dm.read" not in asked.token.scopes:
            raise forbidden("The token lacks dm.read.")
        if any(it.event_type == kind and it.filter == filter for it in self._activity.subscriptions):
            raise Problem(409, "Conflict", "There is such a subscription already.")
        if len(self._activity.subscriptions) >= MOST_SUBSCRIPTIONS:
            raise forbidden("You have reached the maximum number of subscriptions.")
        now = moment(self._world.now())
        body = asked.body
        made = Subscription(self._id(), kind, filter, body.get("tag"), body.get("webhook_id"), now, now)
        self._activity.subscriptions.append(made)
        return {"data": {"subscription": _shown(asked, made)}, "meta": self._total()}

    def subscriptions(self, asked: Asked) -> Json:
        """All subscriptions."""
        found = [_shown(asked, subscription) for subscription in self._activity.subscriptions]
        return {"data": found, "meta": self._total() | {"result_count": len(found)}}

    def change(self, asked: Asked) -> Json:
        """Another tag or another address."""
        found = self._subscription(asked)
        found.tag = asked.body.get("tag", found.tag)
        found.webhook_id = asked.body.get("webhook_id", found.webhook_id)
        found.updated_at = moment(self._world.now())
        return {"data": {"subscription": _shown(asked, found)} | self._total()}

    def unsubscribe(self, asked: Asked) -> Json:
        """End one."""
        self._activity.subscriptions.remove(self._subscription(asked))
        return {"data": {"deleted": True}, "meta": self._total()}

    def unsubscribe_from(self, asked: Asked) -> Json:
        """End several."""
        ids = asked.query.get("ids", "").split(",")
        known = {it.id for it in self._activity.subscriptions}
        self._keep(lambda it: it.id not in ids)
        return {"data": [{"subscription_id": id, "deleted": id in known} for id in ids], "meta": self._total()}

    def _subscription(self, asked: Asked) -> Subscription:
        for subscription in self._activity.subscriptions:
            if subscription.id == asked.path["id"]:
                return subscription
        raise Problem(404, "Not Found", "There is no such subscription.")

    def _keep(self, wanted: Callable[[Subscription], bool]) -> None:
        self._activity.subscriptions[:] = [it for it in self._activity.subscriptions if wanted(it)]

    def _total(self) -> Json:
        return {"total_subscriptions": len(self._activity.subscriptions)}

    def _id(self) -> str:
        self._numbers += 1
        return str(1_800_000_000_000_000_000 + self._numbers)


def _shown_webhook(asked: Asked, webhook: Webhook) -> Json:
    at = _times(asked).time(webhook.created_at)
    return {"id": webhook.id, "url": webhook.url, "valid": webhook.valid, "created_at": at}


def _shown(asked: Asked, it: Subscription) -> Json:
    shown = {
        "subscription_id": it.id,
        "event_type": it.event_type,
        "filter": it.filter,
        "tag": it.tag,
        "webhook_id": it.webhook_id,
        "created_at": _times(asked).time(it.created_at),
        "updated_at": _times(asked).time(it.updated_at),
    }
    return {name: value for name, value in shown.items() if value is not None}


def _times(asked: Asked) -> Shown:
    return Shown(asked.world, {}, asked.viewer, fractions=asked.fractions)
