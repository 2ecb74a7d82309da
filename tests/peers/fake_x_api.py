"""The endpoints of our fake X for accounts and posts, in the shapes of X's published description."""

from tests.peers.fake_x_calls import FIELDS, PAGES, Asked, Endpoint, Unable, account_of, page
from tests.peers.fake_x_problems import Json, forbidden, invalid, not_found, suspended
from tests.peers.fake_x_search import search_recent
from tests.peers.fake_x_shapes import why_hidden
from tests.peers.fake_x_world import Refused

MOST_MENTIONS = 800
MOST_POSTS = 3200
FIELDS_TO_POST = (
    "text reply quote_tweet_id direct_message_deep_link made_with_ai reply_settings for_super_followers_only "
    "nullcast share_with_followers paid_partnership"
)
IN_A_POST = frozenset(FIELDS_TO_POST.split())
IN_A_REPLY = {"in_reply_to_tweet_id", "exclude_reply_user_ids", "auto_populate_reply_metadata"}


def me(asked: Asked) -> Json:
    """Whose token it is."""
    assert asked.viewer
    return {"data": asked.shown.user(asked.viewer)}


def user(asked: Asked) -> Json:
    """One account."""
    return {"data": asked.shown.user(account_of(asked))}


def user_by_username(asked: Asked) -> Json:
    """One account, by its handle."""
    handle = asked.path["username"]
    account = asked.world.with_username(handle)
    if account is None:
        raise Unable(not_found("user", "username", handle))
    if account.suspended:
        raise Unable(suspended(handle, "username"))
    return {"data": asked.shown.user(account)}


def users(asked: Asked) -> Json:
    """Several accounts."""
    ids = _ids(asked)
    known = [asked.world.accounts[id] for id in ids if id in asked.world.accounts]
    errors = [not_found("user", "ids", id) for id in ids if id not in asked.world.accounts]
    errors += [suspended(account.id, "ids") for account in known if account.suspended]
    data = [asked.shown.user(account) for account in known if not account.suspended]
    return ({"data": data} if data else {}) | ({"errors": errors} if errors else {})


def mentions(asked: Asked) -> Json:
    """Posts with an account's handle in them, be it only carried by an answer; the last 800."""
    return page(asked, asked.world.mentions_of(account_of(asked, to_read=True))[-MOST_MENTIONS:])


def posts_of_user(asked: Asked) -> Json:
    """What somebody posted."""
    posts = asked.world.posts_of(account_of(asked, to_read=True))[-MOST_POSTS:]
    if "replies" in asked.query.get("exclude", "").split(","):
        posts = [post for post in posts if not post.answers]
    return page(asked, posts)


def posts(asked: Asked) -> Json:
    """Several posts; what cannot be read is told of in `errors`."""
    ids, world = _ids(asked), asked.world
    hidden = {id: error for id in ids if (error := why_hidden(world, id, asked.viewer, "ids"))}
    answer = asked.shown.posts(world.posts[id] for id in ids if id not in hidden)
    answer["errors"] = [*hidden.values(), *answer.get("errors", [])]
    return {name: value for name, value in answer.items() if value}


def post(asked: Asked) -> Json:
    """One post."""
    id = asked.path["id"]
    if error := why_hidden(asked.world, id, asked.viewer, "id"):
        raise Unable(error)
    found = asked.world.posts[id]
    return {"data": asked.shown.post(found), **asked.shown.beside([found])}


def create_post(asked: Asked) -> Json:
    """Post, answer or quote."""
    body, reply = asked.body, asked.body.get("reply") or {}
    if unknown := set(reply) - IN_A_REPLY:
        raise invalid(f"$.reply.{unknown.pop()}: is not defined in the schema")
    if not isinstance(body.get("text"), str) or not body["text"].strip():
        raise invalid("$.text: must be a string that is not empty")
    assert asked.viewer
    try:
        made = asked.world.publish(
            asked.viewer,
            body["text"],
            answers=reply.get("in_reply_to_tweet_id"),
            quotes=body.get("quote_tweet_id"),
            deep_link=body.get("direct_message_deep_link", ""),
        )
    except Refused as refused:
        raise forbidden(str(refused)) from None
    return {"data": {"id": made.id, "text": made.text, "edit_history_tweet_ids": made.history}}


def delete_post(asked: Asked) -> Json:
    """Delete a post of one's own."""
    found = asked.world.posts.get(asked.path["id"])
    if found is None or found.deleted:
        return {"data": {"deleted": False}}
    if found.author is not asked.viewer:
        raise forbidden("You are not authorized to delete this Tweet.")
    asked.world.delete(found)
    return {"data": {"deleted": True}}


def _ids(asked: Asked) -> list[str]:
    ids = list(dict.fromkeys(asked.query.get("ids", "").split(",")))
    if not all(id.isdigit() for id in ids) or len(ids) > 100:
        raise invalid("The `ids` query parameter must hold 1 to 100 ids", "ids", asked.query.get("ids", ""))
    return ids


TO_WRITE = frozenset({"tweet.read", "tweet.write", "users.read"})
SEARCH = PAGES | {"query", "next_token", "sort_order"}
ENDPOINTS = (
    Endpoint("GET", "/2/users/me", me, FIELDS, who="person"),
    Endpoint("GET", "/2/users/by/username/:username", user_by_username, FIELDS),
    Endpoint("GET", "/2/users", users, FIELDS | {"ids"}),
    Endpoint("GET", "/2/users/:id", user, FIELDS),
    Endpoint("GET", "/2/users/:id/mentions", mentions, PAGES, metered=True),
    Endpoint("GET", "/2/users/:id/tweets", posts_of_user, PAGES | {"exclude"}, metered=True),
    Endpoint("GET", "/2/tweets/search/recent", search_recent, SEARCH, metered=True),
    Endpoint("GET", "/2/tweets", posts, FIELDS | {"ids"}, metered=True),
    Endpoint("GET", "/2/tweets/:id", post, FIELDS, metered=True),
    Endpoint(
        "POST",
        "/2/tweets",
        create_post,
        who="person",
        scopes=TO_WRITE,
        status=201,
        metered=True,
        allowed_in_body=IN_A_POST,
    ),
    Endpoint("DELETE", "/2/tweets/:id", delete_post, who="person", scopes=TO_WRITE),
)
