"""What cannot be done with a case, or by somebody; each docstring is the sentence shown."""


class Refusal(Exception):
    """That cannot be done."""

    @property
    def sentence(self) -> str:
        """What the agent reads."""
        return (type(self).__doc__ or "").strip()


class CaseError(Refusal):
    """That cannot be done with this case."""


class NoSuchCase(CaseError):
    """There is no such case, or it is not yours to see."""


class ClaimedBySomebodyElse(CaseError):
    """A colleague has claimed this case. Ask them to release it, or leave a note."""


class NotClaimed(CaseError):
    """Claim the case first, so that everybody sees who answers."""


class AlreadyClosed(CaseError):
    """This case is closed. It opens again when the customer writes; until then you can leave a note."""


class WithTheBot(AlreadyClosed):
    """The bot answers here now. Take it back to answer yourself, or leave a note."""


class NewerChat(CaseError):
    """The customer has begun a newer chat. Go on there: it stands beside this one, under Earlier threads."""


class SomebodyReplied(CaseError):
    """Somebody replied after the last message you saw. Your text is kept: read theirs, then send yours or not."""


class NothingSaid(CaseError):
    """Write something first."""


class TooLong(CaseError):
    """That is too long for one message. Shorten it or send it in parts."""


class Stopped(CaseError):
    """The customer said STOP: nothing more can be sent. Leave a note, or close the case; who writes again opens it."""


class Blocked(Stopped):
    """The customer blocked us: nothing can be sent. Leave a note, or close the case; who writes again opens it."""


class NoAddress(CaseError):
    """We do not know where to send it: the address was forgotten. Leave a note; it is known again when they write."""


class NotTheirLine(NoSuchCase):
    """The model guesses what customers say, and this is no line of the customer, or it is not there any more."""


class GapLeft(CaseError):
    """There is still a {{…}} in your text. Put in what belongs there, then send."""


class FileGone(CaseError):
    """A file of your reply is gone. Look at your files, then send again."""


class FileLeft(CaseError):
    """Press Attach beside the file you chose, then send: it would have stayed behind."""


class OnItsWay(CaseError):
    """It is on its way already and cannot be taken back. Write another reply to put it right."""


class NoSuchColleague(CaseError):
    """Choose a colleague who works here. Reload the page to see who does."""


class NoSuchTeam(CaseError):
    """That team is not there any more. Reload the page to see which are."""


class Erased(CaseError):
    """The customer had everything about them deleted: nothing more is written down here. Go on with another case."""


class NoSuchCustomer(Refusal):
    """There is no such customer, or nothing is left of them."""


class NotTwo(Refusal):
    """These are one and the same already. Choose another customer."""


class NotThere(CaseError):
    """That chat is not open any more, so your text stays here. Reload the page to see what is left to do."""


class NoTag(CaseError):
    """Write the tag first: a word or two, as "refund"."""


class TooManyTags(CaseError):
    """A case has at most 20 tags. Remove one that helps nobody."""


class ViewWithoutName(CaseError):
    """Give the view a name first, as "Refunds on X"."""


class TooManyViews(CaseError):
    """You have 30 views already. Remove one that you do not need, then save this one."""


class NotAhead(CaseError):
    """Choose a moment that is still to come, within a year."""


class ShutOut(CaseError):
    """An admin has shut you out meanwhile. Nothing was sent; ask them."""


class AgentError(Refusal):
    """That cannot be done with this agent."""


class WrongSignIn(AgentError):
    """The email address or the password is wrong."""


class TooManySignIns(AgentError):
    """Many people are signing in right now. Wait a moment, then try again."""


class NotInvited(AgentError):
    """Nobody with your address works here. Ask an admin for an invitation, and come in by its link."""


class LinkIsOver(AgentError):
    """This link was used or has expired. Ask an admin for a new one."""


class AlreadyAnAgent(AgentError):
    """Somebody with this email address is an agent already."""


class NotAnAddress(AgentError):
    """That is not an email address."""


class TeamNameMissing(AgentError):
    """Give the team a name, as "Billing"."""


class TeamNameTaken(AgentError):
    """There is a team of this name already. Choose another name."""


class NameMissing(AgentError):
    """Tell your colleagues and customers your name."""


class PasswordTooShort(AgentError):
    """A password has at least 10 characters. A few words in a row are easy to remember."""


class PasswordTooLong(AgentError):
    """A password has at most 200 characters."""


class NotYourself(AgentError):
    """Ask another admin to do that to you."""


class SavedReplyError(Refusal):
    """That cannot be done with this saved reply."""


class NoSuchSavedReply(SavedReplyError):
    """This saved reply is gone. Reload the page to see which there are."""


class SavedReplyIncomplete(SavedReplyError):
    """A saved reply has a key to find it by, a title and a text. Fill in what is missing."""


class KeyIsTaken(SavedReplyError):
    """Another saved reply has this key. Choose another, or change that one."""


class LastAdmin(AgentError):
    """Somebody has to look after Knock. Make somebody else an admin first."""


class WrongPassword(AgentError):
    """That is not your password. Nothing was changed."""


class FactorIsOn(AgentError):
    """Your authenticator app is set up already. Turn it off first if you have a new one."""


class WrongCode(AgentError):
    """That code is not right, or was used already. Wait for the next one, or use a recovery code."""


class WrongPasskey(AgentError):
    """That passkey does not open this inbox. Try again, or sign in with your password."""


class TooManyPasskeys(AgentError):
    """You have 20 passkeys. Remove one that you do not use any more."""


class FactorMissing(AgentError):
    """Set up an authenticator app or a passkey first: recovery codes stand in for it."""


class TooManyTries(AgentError):
    """Too many tries. Wait a quarter of an hour, then try again."""


class TooLate(AgentError):
    """That took too long. Sign in again."""
