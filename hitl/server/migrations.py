"""The schema, as steps from an empty file to the present form.

A released step never changes: `PRAGMA user_version` of a file is the number of steps that it has seen. Documents are
kept whole, as JSON in wire form, and the columns beside them are for queries; a review is a row that its document is
made of.
"""

from __future__ import annotations

from typing import Final

_REVIEWS: Final = (
    "CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID",
    """
    CREATE TABLE templates (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        document TEXT NOT NULL
    )
    """,
    """
    CREATE TABLE reviews (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        template_id TEXT NOT NULL,
        status TEXT NOT NULL,
        priority TEXT,
        created_at TEXT NOT NULL,
        updated_at TEXT NOT NULL,
        expires_at TEXT,
        document TEXT NOT NULL
    )
    """,
    "CREATE INDEX reviews_by_status ON reviews (status, number)",
    "CREATE INDEX reviews_by_template ON reviews (template_id, number)",
    "CREATE INDEX reviews_by_change ON reviews (updated_at)",
    "CREATE INDEX reviews_by_expiry ON reviews (expires_at) WHERE expires_at IS NOT NULL",
    """
    CREATE TABLE history (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        review_id TEXT NOT NULL,
        version INTEGER NOT NULL,
        event TEXT NOT NULL,
        actor TEXT,
        at TEXT NOT NULL
    )
    """,
    "CREATE INDEX history_by_review ON history (review_id, number)",
    """
    CREATE TABLE creations (
        owner TEXT NOT NULL,
        key TEXT NOT NULL,
        fingerprint TEXT NOT NULL,
        document TEXT NOT NULL,
        PRIMARY KEY (owner, key)
    ) WITHOUT ROWID
    """,
)

# A delivery holds its own copy of the body: a callback has another body than the event has, and a test event is no
# event at all. The lane is whom it goes to; in one lane the deliveries about one subject keep their order.
_WEBHOOKS: Final = (
    """
    CREATE TABLE events (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        event TEXT NOT NULL,
        subject_id TEXT NOT NULL,
        payload TEXT NOT NULL,
        at TEXT NOT NULL
    )
    """,
    """
    CREATE TABLE subscriptions (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        url TEXT NOT NULL,
        events TEXT NOT NULL,
        secret TEXT NOT NULL,
        enabled INTEGER NOT NULL,
        created_at TEXT NOT NULL,
        updated_at TEXT NOT NULL
    )
    """,
    """
    CREATE TABLE deliveries (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        lane TEXT NOT NULL,
        webhook_id TEXT,
        url TEXT NOT NULL,
        event TEXT NOT NULL,
        subject_id TEXT NOT NULL,
        payload TEXT NOT NULL,
        created_at TEXT NOT NULL,
        status TEXT NOT NULL,
        due_at TEXT,
        round INTEGER NOT NULL DEFAULT 1,
        tries INTEGER NOT NULL DEFAULT 0
    )
    """,
    "CREATE INDEX deliveries_by_webhook ON deliveries (webhook_id, number)",
    "CREATE INDEX deliveries_pending ON deliveries (due_at) WHERE status = 'pending'",
    "CREATE INDEX deliveries_in_line ON deliveries (lane, subject_id, number) WHERE status = 'pending'",
    """
    CREATE TABLE attempts (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        delivery_number INTEGER NOT NULL REFERENCES deliveries (number),
        at TEXT NOT NULL,
        status_code INTEGER,
        error TEXT,
        excerpt TEXT,
        duration REAL NOT NULL
    )
    """,
    "CREATE INDEX attempts_by_delivery ON attempts (delivery_number, number)",
)

_TEAMS: Final = (
    """
    CREATE TABLE teams (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        name TEXT NOT NULL,
        created_at TEXT NOT NULL,
        updated_at TEXT NOT NULL
    )
    """,
    """
    CREATE TABLE team_members (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        team_id TEXT NOT NULL REFERENCES teams (id),
        user_id TEXT NOT NULL,
        email TEXT NOT NULL COLLATE NOCASE,
        role TEXT,
        joined_at TEXT NOT NULL,
        UNIQUE (team_id, email)
    )
    """,
)

# `due_at` is the next moment at which something happens to an open request without a call: its timeout, or the end
# of a claim. It is null once the request is finished.
_LOOPS: Final = (
    """
    CREATE TABLE loops (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        creator_id TEXT NOT NULL,
        invite_code TEXT NOT NULL UNIQUE,
        document TEXT NOT NULL
    )
    """,
    "CREATE INDEX loops_by_creator ON loops (creator_id, number)",
    """
    CREATE TABLE members (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        loop_id TEXT NOT NULL REFERENCES loops (id) ON DELETE CASCADE,
        user_id TEXT NOT NULL,
        document TEXT NOT NULL,
        UNIQUE (loop_id, user_id)
    )
    """,
    """
    CREATE TABLE requests (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        loop_id TEXT NOT NULL REFERENCES loops (id) ON DELETE CASCADE,
        api_key_id TEXT NOT NULL,
        status TEXT NOT NULL,
        priority TEXT NOT NULL,
        created_at TEXT NOT NULL,
        due_at TEXT,
        document TEXT NOT NULL
    )
    """,
    "CREATE INDEX requests_by_loop ON requests (loop_id, number)",
    "CREATE INDEX requests_by_key ON requests (api_key_id, number)",
    "CREATE INDEX requests_by_status ON requests (status, number)",
    "CREATE INDEX requests_by_due ON requests (due_at) WHERE due_at IS NOT NULL",
    """
    CREATE TABLE feedback (
        request_id TEXT PRIMARY KEY REFERENCES requests (id) ON DELETE CASCADE,
        document TEXT NOT NULL
    ) WITHOUT ROWID
    """,
)

_REVISIONS: Final = (
    """
    CREATE TABLE earlier_contents (
        review_id TEXT NOT NULL,
        version INTEGER NOT NULL,
        content TEXT NOT NULL,
        PRIMARY KEY (review_id, version)
    ) WITHOUT ROWID
    """,
)

_REVIEWERS: Final = (
    """
    CREATE TABLE reviewers (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        name TEXT NOT NULL UNIQUE,
        last_turn INTEGER NOT NULL DEFAULT 0
    )
    """,
    """
    INSERT OR IGNORE INTO reviewers (name)
        SELECT assignee.value FROM reviews, json_each(reviews.document, '$.assignees') AS assignee
        ORDER BY reviews.number, assignee.key
    """,
    """
    CREATE TABLE approvals (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        review_id TEXT NOT NULL,
        reviewer TEXT NOT NULL COLLATE NOCASE,
        result TEXT NOT NULL,
        at TEXT NOT NULL,
        UNIQUE (review_id, reviewer)
    )
    """,
)

# The open reviews of each reviewer: counting them uses an index instead of reading every document.
_ASSIGNMENTS: Final = (
    """
    CREATE TABLE open_assignments (
        review_id TEXT NOT NULL,
        name TEXT NOT NULL,
        PRIMARY KEY (review_id, name)
    ) WITHOUT ROWID
    """,
    "CREATE INDEX open_assignments_by_name ON open_assignments (name)",
    """
    INSERT OR IGNORE INTO open_assignments (review_id, name)
        SELECT reviews.id, assignee.value FROM reviews, json_each(reviews.document, '$.assignees') AS assignee
        WHERE reviews.status IN ('created', 'assigned', 'in_progress')
    """,
)

# One person counts once, however the name is spelled; `name_key` is that of `primitives`. The first spelling stays.
_NAMES: Final = (
    "ALTER TABLE reviewers ADD COLUMN key TEXT NOT NULL DEFAULT ''",
    "UPDATE reviewers SET key = name_key(name)",
    "UPDATE reviewers SET last_turn = (SELECT max(o.last_turn) FROM reviewers AS o WHERE o.key = reviewers.key)",
    "DELETE FROM reviewers WHERE number NOT IN (SELECT min(number) FROM reviewers GROUP BY key)",
    "CREATE UNIQUE INDEX reviewers_by_key ON reviewers (key)",
    "ALTER TABLE approvals ADD COLUMN key TEXT NOT NULL DEFAULT ''",
    "UPDATE approvals SET key = name_key(reviewer)",
    "DELETE FROM approvals WHERE number NOT IN (SELECT min(number) FROM approvals GROUP BY review_id, key)",
    "CREATE UNIQUE INDEX approvals_by_key ON approvals (review_id, key)",
    "ALTER TABLE team_members ADD COLUMN key TEXT NOT NULL DEFAULT ''",
    "UPDATE team_members SET key = name_key(email)",
    "DELETE FROM team_members WHERE number NOT IN (SELECT min(number) FROM team_members GROUP BY team_id, key)",
    "CREATE UNIQUE INDEX team_members_by_key ON team_members (team_id, key)",
    "UPDATE OR REPLACE open_assignments SET name = name_key(name)",
)

# A subscription has its secret; the answer that is kept for a repeated creation had another copy, which outlived it.
_SECRETS: Final = (
    "UPDATE creations SET document = json_set(document, '$.secret', NULL) "
    "WHERE json_extract(document, '$.id') GLOB 'wh_*' AND json_extract(document, '$.secret') IS NOT NULL",
)

# An entry is the JSON of a name and a value.
_METADATA: Final = (
    """
    CREATE TABLE review_metadata (
        review_id TEXT NOT NULL,
        entry TEXT NOT NULL,
        PRIMARY KEY (entry, review_id)
    ) WITHOUT ROWID
    """,
)

# One run has used each approval, whoever sees it.
_CONSUMPTIONS: Final = (
    """
    CREATE TABLE consumptions (
        review_id TEXT PRIMARY KEY,
        claim TEXT NOT NULL,
        call TEXT NOT NULL,
        at TEXT NOT NULL
    ) WITHOUT ROWID
    """,
)

_UPLOADS: Final = (
    """
    CREATE TABLE uploads (
        id TEXT PRIMARY KEY,
        folder TEXT NOT NULL,
        name TEXT NOT NULL,
        media_type TEXT NOT NULL,
        created_at TEXT NOT NULL,
        content BLOB NOT NULL
    )
    """,
)

_WORKFLOWS: Final = (
    """
    CREATE TABLE executions (
        id TEXT PRIMARY KEY,
        workflow_id TEXT NOT NULL,
        request_id TEXT NOT NULL UNIQUE,
        url TEXT,
        payload TEXT NOT NULL
    ) WITHOUT ROWID
    """,
)

# `due_at` is when an idle session is abandoned, or an abandoned one deleted. Sessions of browsers are in `sessions`.
_AGENT_SESSIONS: Final = (
    """
    CREATE TABLE agent_sessions (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        api_key_id TEXT NOT NULL,
        loop_id TEXT NOT NULL REFERENCES loops (id) ON DELETE CASCADE,
        agent_type TEXT NOT NULL,
        status TEXT NOT NULL,
        due_at TEXT,
        document TEXT NOT NULL
    )
    """,
    "CREATE INDEX agent_sessions_by_key ON agent_sessions (api_key_id, number)",
    "CREATE INDEX agent_sessions_by_loop ON agent_sessions (loop_id)",
    "CREATE INDEX agent_sessions_by_due ON agent_sessions (due_at) WHERE due_at IS NOT NULL",
    """
    CREATE TABLE turns (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        session_id TEXT NOT NULL REFERENCES agent_sessions (id) ON DELETE CASCADE,
        request_id TEXT NOT NULL UNIQUE,
        document TEXT NOT NULL
    )
    """,
    "CREATE INDEX turns_by_session ON turns (session_id, number)",
)

# What a list asks for is found by an index, however many reviews there are. `step` is the number of a review's last
# change in `history`.
_LARGE_LISTS: Final = (
    "CREATE INDEX reviews_by_creation ON reviews (created_at)",
    "CREATE INDEX reviews_by_priority ON reviews (priority, number)",
    "ALTER TABLE reviews ADD COLUMN step INTEGER NOT NULL DEFAULT 0",
    "UPDATE reviews SET step = (SELECT coalesce(max(number), 0) FROM history WHERE review_id = reviews.id)",
    "CREATE INDEX reviews_by_step ON reviews (step)",
    """
    CREATE TABLE assignments (
        is_open INTEGER NOT NULL,
        name TEXT NOT NULL,
        number INTEGER NOT NULL,
        PRIMARY KEY (name, is_open, number)
    ) WITHOUT ROWID
    """,
    """
    INSERT OR IGNORE INTO assignments (is_open, name, number)
        SELECT reviews.status IN ('created', 'assigned', 'in_progress'), name_key(assignee.value), reviews.number
        FROM reviews, json_each(reviews.document, '$.assignees') AS assignee
    """,
    "DROP TABLE open_assignments",
)

# The index itself is made when somebody searches, if SQLite has FTS5: to which step it reaches, and by which version of
# Unicode; and what it leaves out.
_SEARCH_INDEX: Final = (
    "CREATE TABLE search_index (reaches INTEGER NOT NULL, unicode TEXT)",
    "INSERT INTO search_index VALUES (0, NULL)",
    "CREATE TABLE unindexed_reviews (number INTEGER PRIMARY KEY)",
)

# An answer that its reviewer may still take back, by review and person; `form` is what was typed, as the page sent it.
_PENDING_ANSWERS: Final = (
    """
    CREATE TABLE pending_answers (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        batch TEXT NOT NULL,
        review_id TEXT NOT NULL,
        key TEXT NOT NULL,
        reviewer TEXT NOT NULL,
        decision TEXT NOT NULL,
        result TEXT NOT NULL,
        shown TEXT,
        form TEXT NOT NULL,
        is_final INTEGER NOT NULL,
        given_at TEXT NOT NULL,
        settles_at TEXT NOT NULL,
        state TEXT NOT NULL,
        UNIQUE (review_id, key)
    )
    """,
    "CREATE INDEX pending_answers_held ON pending_answers (settles_at) WHERE state = 'held'",
)

_SAVED_VIEWS: Final = (
    """
    CREATE TABLE saved_views (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        key TEXT NOT NULL,
        name TEXT NOT NULL,
        query TEXT NOT NULL,
        UNIQUE (key, name)
    )
    """,
)

_PEOPLE: Final = (
    """
    CREATE TABLE people (
        id TEXT PRIMARY KEY,
        email TEXT NOT NULL,
        email_key TEXT NOT NULL UNIQUE,
        name TEXT NOT NULL,
        role TEXT NOT NULL,
        state TEXT NOT NULL,
        time_zone TEXT,
        quiet_from TEXT,
        quiet_to TEXT,
        created_at TEXT NOT NULL,
        created_by TEXT NOT NULL,
        changed_at TEXT NOT NULL
    ) WITHOUT ROWID
    """,
)

# What people and keys did, each entry bound to the one before it by its hash.
_AUDIT: Final = (
    """
    CREATE TABLE audit (
        number INTEGER PRIMARY KEY,
        at TEXT NOT NULL,
        actor_kind TEXT NOT NULL,
        actor_id TEXT NOT NULL,
        event TEXT NOT NULL,
        subject TEXT NOT NULL,
        detail TEXT NOT NULL,
        previous TEXT NOT NULL,
        hash TEXT NOT NULL
    )
    """,
)

# `deadline` is when a review expires or is due, whichever is earlier; "~", behind all others, for one that has neither.
_DEADLINES: Final = (
    "ALTER TABLE reviews ADD COLUMN deadline TEXT NOT NULL DEFAULT '~'",
    """
    UPDATE reviews SET deadline = coalesce(
        min(expires_at, json_extract(document, '$.due_date')), expires_at, json_extract(document, '$.due_date'), '~'
    )
    """,
    "CREATE INDEX reviews_by_deadline ON reviews (status, deadline, id)",
)

# What an answer means, as `Review.verdict` says it: a no beats every yes, and what is unclear is only an answer.
_VERDICTS: Final = (
    "ALTER TABLE reviews ADD COLUMN verdict TEXT",
    "UPDATE reviews SET verdict = status WHERE status IN ('rejected', 'expired', 'cancelled')",
    """
    UPDATE reviews SET verdict = (
        WITH named AS (SELECT json_extract(document, '$.verdict_field') AS name),
        answers AS (
            SELECT key, type FROM json_each(document, '$.result'), named
            WHERE key IN ('approved', 'approval') OR key = name
        )
        SELECT CASE
            WHEN EXISTS (SELECT 1 FROM answers WHERE type = 'false') THEN 'rejected'
            WHEN EXISTS (SELECT 1 FROM answers WHERE type != 'true') THEN 'answered'
            WHEN name IS NULL AND (SELECT count(*) FROM answers) = 1 THEN 'approved'
            WHEN EXISTS (SELECT 1 FROM answers WHERE key = name) THEN 'approved'
            ELSE 'answered'
        END FROM named
    ) WHERE status = 'completed'
    """,
    "CREATE INDEX reviews_by_verdict ON reviews (verdict, number) WHERE verdict IS NOT NULL",
)

# The texts that searches look into, in their normal form, by review, null for those that are too large to keep; `step`
# is the number of their row in the index.
_SEARCH_TEXTS: Final = (
    """
    CREATE TABLE search_texts (
        number INTEGER PRIMARY KEY,
        step INTEGER NOT NULL UNIQUE,
        shown TEXT,
        beside TEXT
    )
    """,
    "CREATE INDEX large_texts ON search_texts (number) WHERE shown IS NULL",
    "DROP TABLE unindexed_reviews",
    "UPDATE search_index SET reaches = 0, unicode = NULL",
)

# Keys of programs, of which the file holds only digests. `asked_by` is the key that asked for a review, for its lists.
_API_KEYS: Final = (
    """
    CREATE TABLE api_keys (
        id TEXT PRIMARY KEY,
        digest TEXT NOT NULL UNIQUE,
        shown TEXT NOT NULL,
        name TEXT NOT NULL,
        scopes TEXT NOT NULL,
        person_id TEXT,
        created_at TEXT NOT NULL,
        created_by TEXT NOT NULL,
        last_used_at TEXT,
        last_used_from TEXT,
        expires_at TEXT,
        revoked_at TEXT
    ) WITHOUT ROWID
    """,
    "ALTER TABLE reviews ADD COLUMN asked_by TEXT",
    "CREATE INDEX reviews_by_asker ON reviews (asked_by, number) WHERE asked_by IS NOT NULL",
    "ALTER TABLE history ADD COLUMN self_approved INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE pending_answers ADD COLUMN person TEXT",
    "ALTER TABLE pending_answers ADD COLUMN is_confirmed INTEGER NOT NULL DEFAULT 0",
)

# Links with a code, and what they begin. Of a secret, the file holds only a digest.
_ACCESS: Final = (
    """
    CREATE TABLE tickets (
        digest TEXT PRIMARY KEY,
        kind TEXT NOT NULL,
        person_id TEXT NOT NULL,
        review_id TEXT,
        code_digest TEXT NOT NULL,
        wrong_codes INTEGER NOT NULL,
        created_at TEXT NOT NULL,
        created_by TEXT NOT NULL,
        expires_at TEXT NOT NULL,
        used_at TEXT,
        ended_at TEXT,
        ended_why TEXT
    ) WITHOUT ROWID
    """,
    "CREATE INDEX tickets_by_person ON tickets (person_id) WHERE ended_at IS NULL",
    "CREATE INDEX tickets_by_review ON tickets (review_id) WHERE ended_at IS NULL AND review_id IS NOT NULL",
    """
    CREATE TABLE person_sessions (
        digest TEXT PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        person_id TEXT NOT NULL,
        scope TEXT NOT NULL,
        review_id TEXT,
        how TEXT NOT NULL,
        begun_at TEXT NOT NULL,
        seen_at TEXT NOT NULL,
        idle_ends_at TEXT NOT NULL,
        ends_at TEXT NOT NULL,
        ended_at TEXT,
        ended_why TEXT,
        address TEXT NOT NULL,
        agent TEXT NOT NULL
    ) WITHOUT ROWID
    """,
    "CREATE INDEX person_sessions_by_person ON person_sessions (person_id) WHERE ended_at IS NULL",
    """
    CREATE INDEX person_sessions_by_review ON person_sessions (review_id)
    WHERE ended_at IS NULL AND review_id IS NOT NULL
    """,
)

# What reaches people. A message with an empty `lane` is the time of a rule, at which its readers are looked for.
_NOTIFICATIONS: Final = (
    """
    CREATE TABLE channels (
        id TEXT PRIMARY KEY,
        name TEXT NOT NULL UNIQUE,
        person_id TEXT,
        url TEXT NOT NULL,
        hint TEXT NOT NULL,
        state TEXT NOT NULL,
        failures INTEGER NOT NULL,
        probe_at TEXT,
        last_ok_at TEXT,
        last_error TEXT,
        created_at TEXT NOT NULL,
        created_by TEXT NOT NULL
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE notification_rules (
        id TEXT PRIMARY KEY,
        position INTEGER NOT NULL,
        enabled INTEGER NOT NULL,
        template_id TEXT,
        priority TEXT,
        kind TEXT NOT NULL,
        audience TEXT NOT NULL,
        after_seconds INTEGER,
        before_due_seconds INTEGER,
        every_seconds INTEGER,
        content TEXT NOT NULL
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE messages (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        dedupe TEXT NOT NULL UNIQUE,
        kind TEXT NOT NULL,
        rule_id TEXT,
        channel_id TEXT NOT NULL,
        person_id TEXT,
        recipient TEXT NOT NULL,
        lane TEXT NOT NULL,
        review_id TEXT,
        content TEXT NOT NULL,
        due_at TEXT NOT NULL,
        ends_at TEXT NOT NULL,
        state TEXT NOT NULL,
        tries INTEGER NOT NULL,
        last_error TEXT,
        created_at TEXT NOT NULL,
        ended_at TEXT
    )
    """,
    "CREATE INDEX messages_planned ON messages (due_at, number) WHERE state = 'planned'",
    "CREATE INDEX messages_by_review ON messages (review_id, lane, number) WHERE review_id IS NOT NULL",
    "CREATE INDEX messages_by_lane ON messages (lane, due_at)",
    "CREATE INDEX messages_by_rule ON messages (rule_id) WHERE state = 'planned' AND lane = ''",
    "CREATE INDEX messages_ended ON messages (ended_at) WHERE ended_at IS NOT NULL",
    # A new team hears of what is asked, and once more an hour before it is due, as soon as there are channels.
    """
    INSERT INTO notification_rules (id, position, enabled, kind, audience, before_due_seconds, content) VALUES
        ('rul_' || lower(hex(randomblob(12))), 1, 1, 'asked', 'assignees', NULL, 'title'),
        ('rul_' || lower(hex(randomblob(12))), 2, 1, 'reminder', 'assignees', 3600, 'title')
    """,
)

# An answer to a request that its person may still take back; `actor` is the person as a team's server knows him.
_PENDING_RESPONSES: Final = (
    """
    CREATE TABLE pending_responses (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        batch TEXT NOT NULL,
        request_id TEXT NOT NULL REFERENCES requests (id) ON DELETE CASCADE,
        person_id TEXT NOT NULL,
        person TEXT NOT NULL,
        actor TEXT,
        is_confirmed INTEGER NOT NULL,
        response TEXT NOT NULL,
        shown TEXT NOT NULL,
        form TEXT NOT NULL,
        given_at TEXT NOT NULL,
        settles_at TEXT NOT NULL,
        state TEXT NOT NULL,
        UNIQUE (request_id, person_id)
    )
    """,
    "CREATE INDEX pending_responses_held ON pending_responses (settles_at) WHERE state = 'held'",
)

# A review is a row of its fields; those without a column are in `further`. What people and programs wrote is JSON. What
# is null, empty, or as at the creation takes no room, and the last five columns none at all: they are made when they
# are read. `number` is that of the id.
_REVIEW_ROWS: Final = (
    """
    CREATE TABLE review_rows (
        number INTEGER PRIMARY KEY,
        template_id TEXT NOT NULL,
        status TEXT NOT NULL,
        priority TEXT,
        created_at TEXT NOT NULL,
        changed_at TEXT,
        expires_at TEXT,
        due_date TEXT,
        verdict TEXT,
        asked_by TEXT,
        step INTEGER NOT NULL,
        version INTEGER NOT NULL,
        metadata TEXT,
        verdict_field TEXT,
        assignees TEXT,
        assignment_strategy TEXT,
        result TEXT,
        reviewer TEXT,
        completed_at TEXT,
        further TEXT,
        content TEXT NOT NULL,
        id TEXT AS ('rev_' || number),
        updated_at TEXT AS (coalesce(changed_at, created_at)),
        deadline TEXT AS (coalesce(min(expires_at, due_date), expires_at, due_date, '~')),
        summary TEXT AS (
            '{"id":"' || id || '","template_id":' || json_quote(template_id)
            || ',"metadata":' || coalesce(metadata, '{}') || ',"verdict_field":' || coalesce(verdict_field, 'null')
            || ',"assignees":' || coalesce(assignees, '[]') || ',"priority":' || json_quote(priority)
            || ',"due_date":' || json_quote(due_date) || ',"assignment_strategy":' || json_quote(assignment_strategy)
            || ',"status":' || json_quote(status) || ',"result":' || coalesce(result, 'null')
            || ',"reviewer":' || coalesce(reviewer, 'null') || ',"created_at":' || json_quote(created_at)
            || ',"updated_at":' || json_quote(updated_at)
            || ',"completed_at":' || json_quote(completed_at) || ',"version":' || version
            || coalesce(',' || substr(further, 2, length(further) - 2), '') || '}'
        ),
        document TEXT AS (substr(summary, 1, length(summary) - 1) || ',"content":' || content || '}')
    )
    """,
    """
    INSERT INTO review_rows
        SELECT CAST(substr(id, 5) AS INTEGER), template_id, status, priority, created_at,
            CASE WHEN coalesce(json_extract(document, '$.version'), 1) > 1 THEN updated_at END,
            expires_at, json_extract(document, '$.due_date'), verdict, asked_by, step,
            coalesce(json_extract(document, '$.version'), 1),
            nullif(json_extract(document, '$.metadata'), '{}'),
            nullif(trim(json_remove(json_extract(document, '$.verdict_field', '$.id'), '$[1]'), '[]'), 'null'),
            nullif(json_extract(document, '$.assignees'), '[]'),
            json_extract(document, '$.assignment_strategy'),
            json_extract(document, '$.result'),
            nullif(trim(json_remove(json_extract(document, '$.reviewer', '$.id'), '$[1]'), '[]'), 'null'),
            json_extract(document, '$.completed_at'),
            nullif(json_remove(document, '$.id', '$.template_id', '$.metadata', '$.verdict_field', '$.assignees',
                '$.priority', '$.due_date', '$.assignment_strategy', '$.status', '$.result', '$.reviewer',
                '$.created_at', '$.updated_at', '$.completed_at', '$.version', '$.content'), '{}'),
            coalesce(json_extract(document, '$.content'), '{}')
        FROM reviews ORDER BY number
    """,
    "ALTER TABLE assignments RENAME TO earlier_assignments",
    """
    CREATE TABLE assignments (
        is_open INTEGER NOT NULL,
        name TEXT NOT NULL,
        number INTEGER NOT NULL,
        PRIMARY KEY (name, is_open, number)
    ) WITHOUT ROWID
    """,
    """
    INSERT INTO assignments
        SELECT is_open, name, CAST(substr(id, 5) AS INTEGER) FROM earlier_assignments JOIN reviews USING (number)
    """,
    "DROP TABLE earlier_assignments",
    "ALTER TABLE review_metadata RENAME TO earlier_metadata",
    """
    CREATE TABLE review_metadata (
        entry TEXT NOT NULL,
        number INTEGER NOT NULL,
        PRIMARY KEY (entry, number)
    ) WITHOUT ROWID
    """,
    "INSERT INTO review_metadata SELECT json(entry), CAST(substr(review_id, 5) AS INTEGER) FROM earlier_metadata",
    "DROP TABLE earlier_metadata",
    "DROP TABLE reviews",
    "ALTER TABLE review_rows RENAME TO reviews",
    "CREATE INDEX reviews_by_status ON reviews (status)",
    "CREATE INDEX reviews_by_template ON reviews (template_id)",
    "CREATE INDEX reviews_by_priority ON reviews (priority)",
    "CREATE INDEX reviews_by_creation ON reviews (created_at)",
    "CREATE INDEX reviews_by_change ON reviews (changed_at) WHERE changed_at IS NOT NULL",
    "CREATE INDEX reviews_by_expiry ON reviews (expires_at) WHERE expires_at IS NOT NULL",
    "CREATE INDEX reviews_by_step ON reviews (step)",
    "CREATE INDEX reviews_by_deadline ON reviews (status, deadline)",
    "CREATE INDEX reviews_by_verdict ON reviews (verdict) WHERE verdict IS NOT NULL",
    "CREATE INDEX reviews_by_asker ON reviews (asked_by) WHERE asked_by IS NOT NULL",
    "DELETE FROM counters WHERE name = 'review'",
    # Its rows are found by the numbers that were.
    "UPDATE search_index SET reaches = 0, unicode = NULL",
)

# That a review was created stands in its own row until it changes.
_STEPS: Final = (
    """
    CREATE TABLE steps (
        number INTEGER PRIMARY KEY,
        review_number INTEGER NOT NULL,
        version INTEGER NOT NULL,
        event TEXT NOT NULL,
        actor TEXT,
        at TEXT NOT NULL,
        self_approved INTEGER NOT NULL
    )
    """,
    """
    INSERT INTO steps
        SELECT history.number, reviews.number, history.version, event, actor, at, self_approved
        FROM history JOIN reviews ON reviews.number = CAST(substr(review_id, 5) AS INTEGER)
        WHERE reviews.version > 1 ORDER BY 1
    """,
    "CREATE INDEX steps_by_review ON steps (review_number)",
    "DROP TABLE history",
    """
    CREATE VIEW history AS
        SELECT number, review_number, version, event, actor, at, self_approved FROM steps
        UNION ALL
        SELECT step, number, 1, 'created', NULL, created_at, 0 FROM reviews WHERE version = 1
    """,
)

# Words that occur in many events are numbers, in the order of `storage.outbox`; times are microseconds since 1970, and
# reviews their number. A payload that can be composed is the number of the status.
_EVENT_NUMBERS: Final = (
    "CREATE TABLE numbered_events (number INTEGER PRIMARY KEY, event NOT NULL, subject_id NOT NULL, payload NOT NULL, "
    "at INTEGER NOT NULL)",
    """
    INSERT INTO numbered_events
        SELECT number,
            coalesce((SELECT key FROM json_each('["review.created", "review.assigned", "review.started",
                "review.completed", "review.cancelled", "template.updated"]') WHERE value = event), event),
            CASE subject_id WHEN 'rev_' || CAST(substr(subject_id, 5) AS INTEGER)
                THEN CAST(substr(subject_id, 5) AS INTEGER) ELSE subject_id END,
            coalesce((SELECT key FROM json_each('["created", "assigned", "in_progress", "completed", "rejected",
                "expired", "cancelled"]') WHERE value = coalesce(json_extract(payload, '$.review.status'),
                json_extract(payload, '$'))), payload),
            coalesce(strftime('%s', substr(at, 1, 19)) * 1000000 + CAST(substr(at, 21, 6) AS INTEGER), 0)
        FROM events ORDER BY number
    """,
    "DROP TABLE events",
    "ALTER TABLE numbered_events RENAME TO events",
)

# An idempotency key is kept as a digest, and what was created under it as the number of the review that it was; what of
# that changes later is in `first_states`. Earlier versions kept a document for each, which stays where it is needed.
_KEY_DIGESTS: Final = (
    """
    CREATE TABLE first_states (
        review_number INTEGER PRIMARY KEY,
        document TEXT NOT NULL
    )
    """,
    """
    CREATE TABLE keyed_creations (
        key BLOB PRIMARY KEY,
        fingerprint NOT NULL,
        made NOT NULL
    ) WITHOUT ROWID
    """,
    """
    INSERT INTO keyed_creations
        SELECT key_digest(owner, key), CASE typeof(fingerprint) WHEN 'blob' THEN substr(fingerprint, 1, 16) ELSE
            fingerprint END, coalesce((SELECT number FROM reviews WHERE version = 1
            AND reviews.number = CAST(substr(json_extract(creations.document, '$.id'), 5) AS INTEGER)
            AND json_extract(creations.document, '$.id') GLOB 'rev_*'), creations.document)
        FROM creations
    """,
    "DROP TABLE creations",
    "ALTER TABLE keyed_creations RENAME TO creations",
)

# Lists are counted and paged in one index, which holds what their filters and orders ask for, and has the numbers of
# each status in their order. It takes the place of two others. Who answered a review is found by the key of the name.
_LISTED: Final = (
    """
    CREATE INDEX listed_reviews ON reviews (
        status, number, priority, template_id, asked_by, verdict, created_at, changed_at, expires_at, due_date, step
    )
    """,
    "DROP INDEX reviews_by_status",
    "DROP INDEX reviews_by_deadline",
    """
    CREATE TABLE answered_reviews (
        name TEXT NOT NULL,
        number INTEGER NOT NULL,
        PRIMARY KEY (name, number)
    ) WITHOUT ROWID
    """,
    """
    INSERT INTO answered_reviews (name, number)
        SELECT name_key(json_extract(document, '$.reviewer')), number FROM reviews
        WHERE json_extract(document, '$.reviewer') IS NOT NULL
    """,
    "CREATE INDEX approvals_by_person ON approvals (key, review_id)",
)

MIGRATIONS: Final[tuple[tuple[str, ...], ...]] = (
    _REVIEWS,
    (*_WEBHOOKS, *_TEAMS),
    _LOOPS,
    ("CREATE TABLE sessions (digest TEXT PRIMARY KEY, begun_at TEXT NOT NULL) WITHOUT ROWID",),
    _REVISIONS,
    _REVIEWERS,
    _ASSIGNMENTS,
    _SECRETS,
    _NAMES,
    _METADATA,
    _CONSUMPTIONS,
    (*_UPLOADS, *_WORKFLOWS),
    _AGENT_SESSIONS,
    (*_LARGE_LISTS, *_SEARCH_INDEX),
    (*_PENDING_ANSWERS, *_SAVED_VIEWS),
    (*_PEOPLE, *_AUDIT),
    (*_DEADLINES, *_VERDICTS, *_SEARCH_TEXTS),
    _API_KEYS,
    _ACCESS,
    _NOTIFICATIONS,
    _PENDING_RESPONSES,
    (*_REVIEW_ROWS, *_STEPS, *_EVENT_NUMBERS, *_KEY_DIGESTS),
    _LISTED,
)
