"""The promises, kept by the database itself: even wrong code cannot break them.

Each trigger refuses with a sentence that names the promise.
"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

FUNCTIONS = {
    "attempts_only_settle": """
        IF TG_OP = 'DELETE' THEN
            RAISE EXCEPTION 'an attempt is never deleted';
        ELSIF TG_OP = 'INSERT' THEN
            IF EXISTS (SELECT FROM offers JOIN promises USING (account)
                       WHERE offers.id = NEW.offer_id AND promises.stopped_at IS NOT NULL) THEN
                RAISE EXCEPTION 'no offer after a STOP';
            END IF;
        ELSIF OLD.state = 'sent' AND NEW.state <> 'sent' THEN
            RAISE EXCEPTION 'an attempt that was sent stays sent';
        ELSIF OLD.state = 'not_sent' AND NEW.state <> 'not_sent' THEN
            RAISE EXCEPTION 'an attempt that was not sent is over';
        ELSIF OLD.state = 'in_doubt' AND NEW.state NOT IN ('in_doubt', 'sent') THEN
            RAISE EXCEPTION 'an attempt in doubt can only turn out to be sent';
        END IF;
        RETURN NEW;
    """,
    "offers_stay_true": """
        IF TG_OP = 'DELETE' THEN
            RAISE EXCEPTION 'an offer is never deleted';
        ELSIF NEW.state = 'sent'
              AND NOT EXISTS (SELECT FROM attempts WHERE offer_id = NEW.id AND state = 'sent') THEN
            RAISE EXCEPTION 'an offer is sent only by an attempt that was sent';
        ELSIF TG_OP = 'UPDATE' AND OLD.state <> 'ready' AND NEW.state = 'ready'
              AND EXISTS (SELECT FROM attempts WHERE offer_id = NEW.id AND state <> 'not_sent') THEN
            RAISE EXCEPTION 'an offer that may have been sent is not made ready again';
        END IF;
        RETURN NEW;
    """,
    "promises_are_kept": """
        RAISE EXCEPTION 'a promise is never deleted';
    """,
    "opt_ins_are_final": """
        RAISE EXCEPTION 'an opt-in is never changed or deleted';
    """,
    "no_private_word_before_an_opt_in": """
        IF (NEW.kind = 'chat' OR NEW.delivery IS NOT NULL)
           AND NOT EXISTS (SELECT FROM opt_ins WHERE thread_id = NEW.thread_id) THEN
            RAISE EXCEPTION 'no private word before an opt-in';
        END IF;
        RETURN NEW;
    """,
    "nobody_is_lost": """
        IF EXISTS (SELECT FROM threads WHERE id = NEW.id AND ended_at IS NULL AND speaker = 'team'
                   AND NOT EXISTS (SELECT FROM cases WHERE thread_id = NEW.id AND closed_at IS NULL)) THEN
            RAISE EXCEPTION 'a thread that the team has needs an open case';
        ELSIF EXISTS (SELECT FROM threads JOIN opt_ins ON thread_id = id
                      WHERE id = NEW.id AND ended_at IS NULL AND speaker = 'nobody') THEN
            RAISE EXCEPTION 'a thread with an opt-in needs somebody who speaks';
        END IF;
        RETURN NULL;
    """,
    "no_case_closes_alone": """
        IF EXISTS (SELECT FROM threads WHERE id = NEW.thread_id AND ended_at IS NULL AND speaker = 'team'
                   AND NOT EXISTS (SELECT FROM cases WHERE thread_id = NEW.thread_id AND closed_at IS NULL)) THEN
            RAISE EXCEPTION 'a thread that the team has needs an open case';
        END IF;
        RETURN NULL;
    """,
}

TRIGGERS = {
    "attempts_only_settle": "BEFORE INSERT OR UPDATE OR DELETE ON attempts",
    "offers_stay_true": "BEFORE INSERT OR UPDATE OR DELETE ON offers",
    "promises_are_kept": "BEFORE DELETE ON promises",
    "opt_ins_are_final": "BEFORE UPDATE OR DELETE ON opt_ins",
    "no_private_word_before_an_opt_in": "BEFORE INSERT OR UPDATE OF kind, delivery, thread_id ON messages",
    "nobody_is_lost": "AFTER INSERT OR UPDATE ON threads DEFERRABLE INITIALLY DEFERRED",
    "no_case_closes_alone": "AFTER UPDATE ON cases DEFERRABLE INITIALLY DEFERRED",
}


def upgrade() -> None:
    for name, body in FUNCTIONS.items():
        op.execute(f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} END $$")
    for name, when in TRIGGERS.items():
        kind = "CONSTRAINT TRIGGER" if "DEFERRABLE" in when else "TRIGGER"
        op.execute(f"CREATE {kind} {name} {when} FOR EACH ROW EXECUTE FUNCTION {name}()")


def downgrade() -> None:
    for name in FUNCTIONS:
        op.execute(f"DROP FUNCTION {name} CASCADE")
