"""Accounts and posts as version 2 of X's API shows them: the fields asked for, expansions, and both namings."""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Literal

from tests.peers.fake_x_posts import Account, Post
from tests.peers.fake_x_problems import PROBLEMS, Json, invalid, not_authorized, not_found, suspended
from tests.peers.fake_x_text import Wording
from tests.peers.fake_x_world import World

FIELDS_OF_POSTS = (
    "article attachments author_id card_uri community_id context_annotations conversation_id created_at "
    "display_text_range edit_controls edit_history_tweet_ids entities geo id in_reply_to_user_id lang "
    "non_public_metrics note_tweet organic_metrics paid_partnership possibly_sensitive promoted_metrics "
    "public_metrics referenced_tweets reply_settings scopes source text withheld"
)
FIELDS_OF_USERS = (
    "affiliation connection_status created_at description entities id is_identity_verified location "
    "most_recent_tweet_id name parody pinned_tweet_id profile_banner_url profile_image_url protected "
    "public_metrics receives_your_dm subscription_type url username verified verified_followers_count "
    "verified_type withheld"
)
POST_FIELDS, USER_FIELDS = set(FIELDS_OF_POSTS.split()), set(FIELDS_OF_USERS.split())
EXPANSIONS = {
    "author_id": "author_id",
    "in_reply_to_user_id": "in_reply_to_user_id",
    "entities.mentions.username": "entities",
    "referenced_tweets.id": "referenced_tweets",
    "referenced_tweets.id.author_id": "referenced_tweets",
    "edit_history_tweet_ids": "edit_history_tweet_ids",
    "attachments.media_keys": "attachments",
    "attachments.poll_ids": "attachments",
    "geo.place_id": "geo",
    "pinned_tweet_id": "pinned_tweet_id",
}
"""Each with the field of a post that it shows as well."""
OTHER_FIELDS = {"media.fields", "poll.fields", "place.fields"}
ALWAYS = {"id", "text", "edit_history_tweet_ids"}
ALWAYS_OF_USERS = {"id", "name", "username"}
NEW_NAMES = {
    "edit_history_tweet_ids": "edit_history_post_ids",
    "referenced_tweets": "referenced_posts",
    "tweets": "posts",
    "note_tweet": "note_post",
    "pinned_tweet_id": "pinned_post_id",
    "most_recent_tweet_id": "most_recent_post_id",
    "retweet_count": "repost_count",
    "tweet_count": "post_count",
}
NEW_PROBLEMS = "https://api.x.com/2/problems/"
EDITABLE = timedelta(hours=1)


class Shown:
    """What one call asked to see: `tweet.fields` or `post.fields`, `user.fields` and `expansions`. Raises `Problem`."""

    def __init__(self, world: World, asked: Mapping[str, str], viewer: Account | None, *, fractions: bool) -> None:
        self._world, self._viewer, self._fractions = world, viewer, fractions
        fields = asked.get("tweet.fields", asked.get("post.fields", ""))
        self.fields = _known("tweet.fields", fields, POST_FIELDS)
        self.user_fields = _known("user.fields", asked.get("user.fields", ""), USER_FIELDS) | ALWAYS_OF_USERS
        self.expansions = _known("expansions", asked.get("expansions", ""), set(EXPANSIONS))
        self.fields |= ALWAYS | {EXPANSIONS[name] for name in self.expansions}

    def posts(self, posts: Iterable[Post]) -> Json:
        """`data`, and where they are asked for and there, `includes` and `errors`."""
        shown = list(posts)
        return {"data": [self.post(post) for post in shown], **self.beside(shown)}

    def beside(self, posts: list[Post]) -> Json:
        """What stands beside the data: other posts and accounts that these tell of."""
        users, tweets, errors = self._expanded(posts)
        includes: Json = {}
        if users:
            includes["users"] = [self.user(user) for user in users.values()]
        if tweets:
            includes["tweets"] = [self.post(post) for post in tweets.values()]
        return ({"includes": includes} if includes else {}) | ({"errors": errors} if errors else {})

    def post(self, post: Post) -> Json:
        """One post."""
        return {name: value for name, value in self._all_of(post).items() if name in self.fields and value is not None}

    def user(self, account: Account) -> Json:
        """One account."""
        counts = {"followers_count": 0, "following_count": 0, "listed_count": 0, "like_count": 0, "media_count": 0}
        shown: Json = {
            "id": account.id,
            "name": account.name,
            "username": account.username,
            "created_at": self.time(account.created_at),
            "description": account.description,
            "protected": account.protected,
            "verified": False,
            "verified_type": "none",
            "profile_image_url": "https://abs.twimg.com/sticky/default_profile_images/default_profile_normal.png",
            "public_metrics": counts | {"tweet_count": len(self._world.posts_of(account))},
        }
        return {name: value for name, value in shown.items() if name in self.user_fields}

    def time(self, at: datetime) -> str:
        """A time as X writes it: UTC with milliseconds."""
        return at.strftime("%Y-%m-%dT%H:%M:%S") + (f".{at.microsecond // 1000:03d}Z" if self._fractions else "Z")

    def _all_of(self, post: Post) -> Json:
        return {
            "id": post.id,
            "text": post.text,
            "edit_history_tweet_ids": post.history,
            "author_id": post.author.id,
            "conversation_id": post.conversation_id,
            "created_at": self.time(post.created_at),
            "display_text_range": [post.wording.begins, post.wording.ends],
            "edit_controls": {
                "edits_remaining": max(0, 6 - len(post.history)),
                "is_edit_eligible": post.answers is None,
                "editable_until": self.time(post.created_at + EDITABLE),
            },
            "entities": self._entities(post.wording) or None,
            "in_reply_to_user_id": post.answers.author.id if post.answers else None,
            "lang": post.lang,
            "note_tweet": {"text": note.text, "entities": self._entities(note)} if (note := post.note) else None,
            "possibly_sensitive": False,
            "public_metrics": self._counts(post) if "public_metrics" in self.fields else None,
            "referenced_tweets": referenced(post) or None,
            "reply_settings": "following" if post.restricted else "everyone",
        }

    def _entities(self, wording: Wording) -> Json:
        handles = [(start, end, self._world.with_username(handle)) for start, end, handle in wording.handles]
        mentions = [
            {"start": start, "end": end, "username": account.username, "id": account.id}
            for start, end, account in handles
            if account
        ]
        urls = [
            {
                "start": link.start,
                "end": link.end,
                "url": link.short,
                "expanded_url": link.address,
                "display_url": re.sub(r"^https?://(www\.)?", "", link.address)[:26],
                "unwound_url": link.address,
                "status": 200,
            }
            for link in wording.links
        ]
        return ({"mentions": mentions} if mentions else {}) | ({"urls": urls} if urls else {})

    def _counts(self, post: Post) -> Json:
        nothing = {"retweet_count": 0, "like_count": 0, "quote_count": 0, "bookmark_count": 0, "impression_count": 0}
        return nothing | {"reply_count": len(self._world.replies_to(post))}

    def _expanded(self, posts: list[Post]) -> tuple[dict[str, Account], dict[str, Post], list[Json]]:
        users: dict[str, Account] = {}
        tweets: dict[str, Post] = {}
        errors: list[Json] = []
        for post in posts if self.expansions else ():
            if "author_id" in self.expansions:
                users[post.author.id] = post.author
            if "in_reply_to_user_id" in self.expansions and post.answers:
                users[post.answers.author.id] = post.answers.author
            if "entities.mentions.username" in self.expansions:
                users |= {found.id: found for _, _, it in post.whole.handles if (found := self._known_as(it))}
            for other in self._others(post):
                if (error := why_hidden(self._world, other.id, self._viewer, "referenced_tweets.id")) is None:
                    tweets[other.id] = other
                    users |= {other.author.id: other.author} if self._wants_their_authors() else {}
                elif error not in errors:
                    errors.append(error)
        return users, tweets, errors

    def _wants_their_authors(self) -> bool:
        return bool({"author_id", "referenced_tweets.id.author_id"} & self.expansions)

    def _others(self, post: Post) -> list[Post]:
        if not {"referenced_tweets.id", "referenced_tweets.id.author_id"} & self.expansions:
            return []
        return [other for other in (post.quotes, post.answers) if other]

    def _known_as(self, handle: str) -> Account | None:
        return self._world.with_username(handle)


def referenced(post: Post) -> list[Json]:
    """What the post quotes and answers."""
    pairs = (("quoted", post.quotes), ("replied_to", post.answers))
    return [{"type": type, "id": other.id} for type, other in pairs if other]


def why_hidden(world: World, id: str, viewer: Account | None, parameter: str) -> Json | None:
    """The error that stands for a post which the viewer cannot read."""
    post = world.posts.get(id)
    if post is None or post.deleted:
        return not_found("tweet", parameter, id)
    if post.author.suspended:
        return suspended(id, parameter)
    return None if world.is_shown(post, viewer) else not_authorized("tweet", parameter, id)


def named(answer: Json, naming: Literal["tweet", "post"]) -> Json:
    """The answer in the naming that is on."""
    if naming == "tweet":
        return answer
    return {NEW_NAMES.get(name, name): _renamed(name, value) for name, value in answer.items()}


def old_name(value: str) -> str:
    """A field or an expansion as it was called before August 2026."""
    value = value.replace("referenced_posts", "referenced_tweets")
    value = {"referenced_tweets.author_id": "referenced_tweets.id.author_id"}.get(value, value)
    return {new: old for old, new in NEW_NAMES.items()}.get(value, value)


def _known(parameter: str, given: str, allowed: set[str]) -> set[str]:
    values = {old_name(value) for value in given.split(",") if value}
    if parameter == "expansions":
        values = {"referenced_tweets.id" if value == "referenced_tweets" else value for value in values}
    for value in sorted(values - allowed):
        text = f"The `{parameter}` query parameter value [{value}] is not one of [{','.join(sorted(allowed))}]"
        raise invalid(text, parameter, value)
    return values


def _renamed(name: str, value: Any) -> Any:
    if isinstance(value, dict):
        return {NEW_NAMES.get(inner, inner): _renamed(inner, it) for inner, it in value.items()}
    if isinstance(value, list):
        return [_renamed(name, it) for it in value]
    return value.replace(PROBLEMS, NEW_PROBLEMS) if name == "type" else value
