"""A summary that is the first words of a post follows the post: whoever changes or empties one need not think of it."""

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

SUMMARIES_FOLLOW_POSTS = """
    CREATE FUNCTION summaries_follow_posts() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        UPDATE cases SET summary = CASE
            WHEN NEW.text = '' THEN 'The post was deleted by its author.'
            WHEN length(NEW.text) > 200 THEN left(NEW.text, 199) || '…'
            ELSE NEW.text END
            WHERE thread_id = NEW.thread_id AND (
                summary IN (OLD.text, left(OLD.text, 199) || '…')
                OR starts_with(summary, OLD.text || ' (') OR starts_with(summary, left(OLD.text, 199) || '… (')
            );
        RETURN NULL;
    END $$
"""
"""A longer post stands there with its first 199 characters; once, what was wrong with Rasa stood behind it."""


def upgrade() -> None:
    op.execute(SUMMARIES_FOLLOW_POSTS)
    op.execute(
        "CREATE TRIGGER summaries_follow_posts AFTER UPDATE OF text ON messages FOR EACH ROW"
        " WHEN (NEW.kind = 'post' AND NEW.by = 'customer' AND OLD.text <> '' AND NEW.text <> OLD.text)"
        " EXECUTE FUNCTION summaries_follow_posts()"
    )


def downgrade() -> None:
    op.execute("DROP FUNCTION summaries_follow_posts CASCADE")
