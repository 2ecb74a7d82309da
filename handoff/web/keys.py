"""Every key of the pages, in one table: the help, the menu and the tooltips are made from it."""

from typing import NamedTuple


class Key(NamedTuple):
    """A key, as it is written; what it does; and where it does that."""

    key: str
    what: str
    where: str
    also: str = ""
    """Other words for it, by which the command menu finds it."""


KEYS = {
    "menu": Key("Ctrl+K", "Open the command menu", "Everywhere"),
    "search": Key("/", "Search", "Everywhere", "find"),
    "go_inbox": Key("G I", "Go to the inbox", "Everywhere"),
    "go_training": Key("G T", "Go to training", "Everywhere", "train review"),
    "go_models": Key("G M", "Go to the models", "Everywhere", "versions promote compare"),
    "go_admin": Key("G A", "Go to the admin pages", "Everywhere"),
    "help": Key("?", "Show these keys", "Everywhere"),
    "leave": Key("Esc", "Leave the field, close what is open", "Everywhere"),
    "down": Key("J", "Next case", "In the list"),
    "up": Key("K", "Previous case", "In the list"),
    "open": Key("O", "Open the case, as Enter does", "In the list"),
    "select": Key("X", "Select the case", "In the list"),
    "back": Key("U", "Back to the list", "In a thread"),
    "reply": Key("R", "Write a reply", "In a thread", "answer"),
    "note": Key("N", "Write an internal note", "In a thread", "internal comment"),
    "claim": Key("I", "Claim the case", "In a thread", "assign to me take"),
    "transfer": Key("A", "Give the case to a colleague", "In a thread", "assign to transfer hand over"),
    "tag": Key("T", "Tag the case", "In a thread", "label"),
    "snooze": Key("S", "Snooze the case", "In a thread", "later remind"),
    "close": Key("E", "Close the case and open the next", "In a thread", "resolve done end"),
    "close_stay": Key("Shift+E", "Close the case and stay", "In a thread", "resolve done end"),
    "give_back": Key("B", "Give the thread back to the bot", "In a thread", "hand back"),
    "details": Key("D", "Show the details, on a narrow screen", "In a thread"),
    "part_before": Key("[", "Previous part of the thread", "In a thread"),
    "part_after": Key("]", "Next part of the thread", "In a thread"),
    "wrong_intent": Key("L", "Say that the bot understood the line wrongly", "In a thread", "label intent train"),
    "guess_1": Key("1", "Take the first guess", "In the review"),
    "guess_2": Key("2", "Take the second guess", "In the review"),
    "guess_3": Key("3", "Take the third guess", "In the review"),
    "none_of_these": Key("0", "It is about none of the intents", "In the review"),
    "other_intent": Key("/", "Find another intent", "In the review", "search"),
    "ignore": Key("X", "Ignore it: it teaches nothing", "In the review", "skip"),
    "undo_review": Key("Z", "Undo the last answer", "In the review", "back"),
    "send": Key("Ctrl+Enter", "Send what you wrote", "While writing"),
    "send_close": Key("Ctrl+Shift+Enter", "Send and close", "While writing"),
    "saved": Key("/", "Choose a saved reply", "While writing"),
    "name": Key("@", "Name a colleague, in a note", "While writing"),
}
"""Every key; the pages, the help, the menu and the tooltips are made from this one table."""
