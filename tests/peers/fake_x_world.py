"""The people and posts of our fake X, and what X refuses to publish; no HTTP in here."""

import re
import threading
import time
import unicodedata
from bisect import insort
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Literal

from tests.peers.fake_x_posts import Account, Post, moment
from tests.peers.fake_x_text import LONGEST, Wording, beginning, weight, word

EPOCH = 1288834974657
"""Milliseconds at which X's ids begin to count."""
NOT_SUMMONED = (
    "Reply to this conversation is not allowed because you have not been mentioned or otherwise engaged by the author "
    "of the post you are replying to."
)
NOT_MENTIONED = "You can only reply to or quote posts where you are mentioned or are the author."
GONE = "You attempted to reply to a Tweet that is deleted or not visible to you."
DUPLICATE = "You are not allowed to create a Tweet with duplicate content."
BLOCKED = "You have been blocked from the author of this tweet."
RESTRICTED = "The original Tweet author restricted who can reply to this Tweet."
TOO_LONG = "Your Tweet text is too long."
DAY = 24 * 3600


class Refused(Exception):
    """X does not publish this; the sentence is the `detail` of its 403."""


class World:
    """Everybody is called by name; who is not known yet comes to be when first named. Safe for several threads."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.summon_rule = True
        """Whether only who mentioned or quoted us can be answered through the API."""
        self.naming: Literal["tweet", "post"] = "tweet"
        """How answers name their fields: as they always did, or as since August 2026."""
        self.accounts: dict[str, Account] = {}
        self.posts: dict[str, Post] = {}
        self.order: list[Post] = []
        """All posts, by id."""
        self.log: list[Post] = []
        """All posts, as they were written."""
        self.sent: list[Post] = []
        """What our account posted through the API, deleted or not."""
        self.on_post: list[Callable[[Post], None]] = []
        self._ahead = 0.0
        self._last = 0
        self._names: dict[str, Account] = {}
        self._usernames: dict[str, Account] = {}
        self._mentions: dict[str, list[Post]] = defaultdict(list)
        self._by_author: dict[str, list[Post]] = defaultdict(list)
        self._answers: dict[str, list[Post]] = defaultdict(list)
        self._same: dict[tuple[str, str], Post] = {}
        self.bot = self.person("Northwind Help", username="northwind_help")

    # Time

    def now(self) -> float:
        """Seconds of the clock of X."""
        return time.time() + self._ahead

    def pass_time(self, seconds: float) -> None:
        """Let time pass on X, for codes, tokens, limits and searches."""
        self._ahead += seconds

    # What people do

    def person(self, name: str, *, username: str | None = None, id: str | None = None) -> Account:
        """The account of somebody."""
        with self.lock:
            if name not in self._names:
                number = id or str(1_700_000_000_000_000_001 + 7_919 * len(self.accounts))
                handle = username or self._free_username(name)
                account = Account(number, handle, name, moment(1_700_000_000))
                self._names[name] = self._usernames[handle.lower()] = self.accounts[number] = account
            return self._names[name]

    def with_username(self, username: str) -> Account | None:
        """Who has this handle."""
        return self._usernames.get(username.lower().removeprefix("@"))

    def post(
        self,
        author_name: str,
        text: str,
        *,
        answers: Post | None = None,
        quotes: Post | None = None,
        lang: str = "en",
        at: datetime | None = None,
    ) -> Post:
        """Somebody posts, at greater length than 280 too."""
        return self._add(self.person(author_name), text, answers=answers, quotes=quotes, lang=lang, at=at)

    def edit(self, post: Post, text: str) -> Post:
        """The author changes a post: another id, and both know of one another."""
        with self.lock:
            new = self._add(post.author, text, answers=post.answers, quotes=post.quotes, lang=post.lang, edits=post)
            return new

    def delete(self, post: Post) -> None:
        """The author deletes a post, in all its versions."""
        with self.lock:
            for id in post.history:
                self.posts[id].deleted = True

    def protect(self, name: str) -> None:
        """From now on others cannot read what this person posts or posted."""
        self.person(name).protected = True

    def block(self, name: str) -> None:
        """This person blocks our account."""
        self.person(name).blocks_us = True

    def restrict(self, post: Post) -> None:
        """The author lets only those answer whom they follow, and they do not follow us."""
        post.restricted = True

    def suspend(self, name: str) -> None:
        """X takes the account away."""
        self.person(name).suspended = True

    # What can be read

    def is_shown(self, post: Post, viewer: Account | None) -> bool:
        """Whether a post can be read by this account, None for an app by itself."""
        return not post.deleted and not post.author.suspended and (not post.author.protected or post.author is viewer)

    def mentions_of(self, account: Account) -> list[Post]:
        """Posts of others whose text has the handle, by id; what X's mentions timeline draws on."""
        return self._mentions[account.id]

    def posts_of(self, account: Account) -> list[Post]:
        """What somebody wrote, by id."""
        return self._by_author[account.id]

    def replies_to(self, post: Post) -> list[Post]:
        """The answers to a post that can still be read, by anybody."""
        found = [answer for id in post.history for answer in self._answers[id]]
        return [answer for answer in found if answer.is_current and not answer.deleted]

    # What our account, or whoever has a token, does through the API

    def publish(self, author: Account, text: str, *, answers: str | None, quotes: str | None, deep_link: str) -> Post:
        """A post through the API. Raises `Refused`."""
        with self.lock:
            parent, quoted = self._found(answers, author), self._found(quotes, author)
            if weight(text) > LONGEST:
                raise Refused(TOO_LONG)
            if parent and author is self.bot and parent.author.blocks_us:
                raise Refused(BLOCKED)
            if parent and parent.restricted and parent.author is not author:
                raise Refused(RESTRICTED)
            self._check_summoned(author, parent, quoted)
            self._check_new(author, word(text, self._carried(author, parent)))
            post = self._add(author, text, answers=parent, quotes=quoted)
            post.direct_message_deep_link = deep_link or None
            if author is self.bot:
                self.sent.append(post)
            return post

    def _found(self, id: str | None, viewer: Account) -> Post | None:
        if id is None:
            return None
        post = self.posts.get(id)
        if post is None or not self.is_shown(post, viewer):
            raise Refused(GONE)
        return post

    def _check_summoned(self, author: Account, parent: Post | None, quoted: Post | None) -> None:
        for post in (parent, quoted) if self.summon_rule else ():
            if post is None or post.author is author or post.summons(author):
                continue
            engaged = any(self._in_conversation(post.conversation_id, author))
            raise Refused(NOT_MENTIONED if post is quoted or engaged else NOT_SUMMONED)

    def _in_conversation(self, conversation: str, account: Account) -> Iterator[Post]:
        """The posts of the conversation that summon the account, or are its own."""
        root = self.posts.get(conversation)
        waiting = [root] if root else []
        while waiting:
            post = waiting.pop()
            if post.author is account or post.summons(account):
                yield post
            waiting += self._answers[post.id]

    def _check_new(self, author: Account, wording: Wording) -> None:
        """X compares with what the account posted lately; an answer to somebody else has another handle in front."""
        same = self._same.get((author.id, wording.text))
        if same and not same.deleted and self.now() - same.created_at.timestamp() < DAY:
            raise Refused(DUPLICATE)

    def _add(
        self,
        author: Account,
        text: str,
        *,
        answers: Post | None = None,
        quotes: Post | None = None,
        lang: str = "en",
        at: datetime | None = None,
        edits: Post | None = None,
    ) -> Post:
        with self.lock:
            created = at or moment(self.now())
            id = self._new_id(created)
            older = edits or answers
            carried = self._carried(author, answers)
            quoted = f"https://x.com/{quotes.author.username}/status/{quotes.id}" if quotes else ""
            wording, note = word(text, carried, quoted), None
            if weight(text) > LONGEST:
                wording, note = word(beginning(text), carried, f"https://x.com/i/web/status/{id}"), wording
            conversation = older.conversation_id if older else id
            post = Post(id, author, text, wording, note, conversation, created, answers, quotes, lang)
            post.history = edits.history if edits else post.history
            post.history.append(id)
            self._file(post)
        for hear in self.on_post:
            hear(post)
        return post

    def _file(self, post: Post) -> None:
        self.posts[post.id] = self._same[post.author.id, post.text] = post
        self.log.append(post)
        named = {handle.lower() for _, _, handle in post.whole.handles}
        mentioned = {account.id for handle in named if (account := self._usernames.get(handle))}
        shelves = [self.order, self._by_author[post.author.id]]
        for shelf in [*shelves, *(self._mentions[id] for id in mentioned - {post.author.id})]:
            insort(shelf, post, key=number)
        if post.answers:
            self._answers[post.answers.id].append(post)

    def _carried(self, author: Account, answers: Post | None) -> list[str]:
        """The handles that an answer carries: of the author of the post, and of all who are mentioned in it."""
        if answers is None:
            return []
        mentioned = [self._usernames.get(handle.lower()) for _, _, handle in answers.whole.handles]
        found = [answers.author, *(account for account in mentioned if account)]
        return list(dict.fromkeys(account.username for account in found if account is not author))

    def _new_id(self, at: datetime) -> str:
        id = (round(at.timestamp() * 1000) - EPOCH) << 22
        if id <= self._last < id + (1 << 22):
            id = self._last + 1
        while str(id) in self.posts:
            id += 1
        self._last = max(self._last, id)
        return str(id)

    def _free_username(self, name: str) -> str:
        plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
        handle = re.sub(r"\W+", "_", plain).strip("_")[:15] or "person"
        while handle in self._usernames:
            tail = str(len(self.accounts))
            handle = handle[: 15 - len(tail)] + tail
        return handle


def number(post: Post) -> int:
    """Ids are compared as numbers."""
    return int(post.id)
