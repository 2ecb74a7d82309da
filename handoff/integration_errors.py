"""What cannot be done by or with an integration or a webhook; each docstring is the sentence shown."""

from handoff.errors import Refusal


class IntegrationError(Refusal):
    """That cannot be done for this integration."""


class NoNameForIt(IntegrationError):
    """Give it a name, so that everybody knows whose token it is."""


class KeyUsedForSomethingElse(IntegrationError):
    """This Idempotency-Key was used for another request. Use a new key for each thing that you want done."""


class NoSuchAgent(IntegrationError):
    """No agent who may do this has this email address. Name one who can sign in to the inbox and answer customers."""


class ChangedMeanwhile(IntegrationError):
    """It changed after you read it. Read it again, then decide."""


class WebhookError(IntegrationError):
    """That cannot be done with this webhook."""


class NotAWebhook(WebhookError):
    """Give the whole address of a public server, beginning with https:// and without a name or password in it."""


class NoEvents(WebhookError):
    """Choose at least one event that it is told of."""


class NoSuchWebhook(WebhookError):
    """There is no such webhook."""


class NoSuchTelling(WebhookError):
    """This webhook was told no such thing, or we do not remember it any more."""


class NoSuchCursor(IntegrationError):
    """This cursor is not one of this list. Begin without one, then use `next` of each answer as it is."""
