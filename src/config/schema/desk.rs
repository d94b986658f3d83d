//! The keys of the desk.

use super::rule::RULE;
use super::sla::{CALENDAR, SLA, SLA_WATCH};
use super::{Key, Kind, Section, count};

/// A whole desk.
pub(in crate::config) static DESK: Section = Section {
    about: "How tickets are named, numbered, ordered and moved. The desk is either a table of this file, `[desk]` with its \
lists `[[desk.status]]`, `[[desk.priority]]` and so on, or a file of its own: `desk = \"desks/saas.toml\"`. In a file of its \
own the same keys stand at the top: `name = …`, `[[status]]`, `[[priority]]`.",
    keys: &[
        Key::required(
            "name",
            Kind::Line,
            "The name that customers read as the sender of mail, such as `Example Support`.",
        ),
        Key::text(
            "zone",
            Kind::Zone,
            "UTC",
            "The IANA time zone of the desk's dates, such as `Europe/Berlin`.",
        ),
        Key::text(
            "number",
            Kind::NumberFormat,
            "TKT-{date}-{seq:4}",
            "How tickets are numbered. `{date}` is YYYYMMDD in the desk's zone; `{seq}` counts within the text before it, \
`{seq:4}` with at least four digits; `{random:6}` is six letters and digits that cannot be confused; `{project}` is the \
value of the custom field `project`, or of any other that has a default, cut down to its letters, digits and hyphens. Besides these, letters, digits and `-_./`. \
A format needs `{seq}` or `{random}`.",
        ),
        Key::number(
            "reopen_days",
            14,
            count(0, 36_500, "days"),
            "A reply to a ticket that has been closed for longer opens a new, linked ticket. With 0 closed tickets stay closed.",
        ),
        Key::optional(
            "auto_close_hours",
            count(1, 876_000, "hours"),
            "never",
            "Resolved tickets close after this time, with a mail that says how to take them up again.",
        ),
        Key::optional(
            "nudge_days",
            count(1, 3_650, "days"),
            "never",
            "A ticket that has waited for the customer this long, and nobody wrote, is asked after once, politely.",
        ),
        Key::optional(
            "close_waiting_days",
            count(1, 3_650, "days"),
            "never",
            "A ticket that has waited for the customer this long closes. It needs `nudge_days`, and follows the nudge by the \
difference of the two at the least.",
        ),
        Key::number(
            "close_request_hours",
            72,
            count(1, 8_760, "hours"),
            "How long a customer who is asked whether the matter is settled (`resolve --ask`) has to answer before the ticket \
closes.",
        ),
        Key::optional(
            "follow_up_calendar",
            Kind::Of("calendar"),
            "every day from 08:00 to 20:00 in the desk's zone",
            "The calendar in whose hours tickets close by themselves and are asked after: nobody gets such mail at night or on a \
holiday.",
        ),
        Key::optional(
            "report_calendar",
            Kind::Of("calendar"),
            "every hour counts",
            "The calendar in whose hours reports count first responses and resolutions.",
        ),
        Key::optional(
            "comment_max_chars",
            count(1, 10_000_000, "characters"),
            "no limit",
            "The longest comment that is accepted from a command. Mail is never cut by it.",
        ),
        Key::required(
            "initial_status",
            Kind::Of("status"),
            "The status of a new ticket, of kind `new` or `open`.",
        ),
        Key::optional(
            "assigned_status",
            Kind::Of("status"),
            "no change",
            "The status that an untouched ticket takes from the initial one when somebody is assigned, of kind `open`.",
        ),
        Key::required(
            "active_status",
            Kind::Of("status"),
            "The status that a waiting ticket takes when the customer writes, of kind `new` or `open`.",
        ),
        Key::required(
            "reopened_status",
            Kind::Of("status"),
            "The status that a resolved or closed ticket takes when the customer writes, of kind `new` or `open`.",
        ),
        Key::required(
            "default_priority",
            Kind::Of("priority"),
            "The priority of a ticket that names none.",
        ),
        Key::optional(
            "default_type",
            Kind::Of("type"),
            "no type",
            "The type of a ticket that names none.",
        ),
        Key::optional(
            "default_category",
            Kind::Of("category"),
            "no category",
            "The category of a ticket that names none.",
        ),
        Key::required("status", Kind::Tables(&STATUS), "The workflow."),
        Key::required(
            "priority",
            Kind::Tables(&PRIORITY),
            "The priorities, most urgent first.",
        ),
        Key::optional(
            "type",
            Kind::Tables(&TYPE),
            "no types",
            "The types of tickets.",
        ),
        Key::optional(
            "category",
            Kind::Tables(&CATEGORY),
            "no categories",
            "The categories and the team that gets each.",
        ),
        Key::optional("team", Kind::Tables(&TEAM), "no teams", "The teams."),
        Key::optional(
            "field",
            Kind::Tables(&FIELD),
            "no custom fields",
            "Custom fields.",
        ),
        Key::optional(
            "sla",
            Kind::Tables(&SLA),
            "no targets",
            "Service-level targets.",
        ),
        Key::optional(
            "sla_watch",
            Kind::Table(&SLA_WATCH),
            "its defaults",
            "Who is told of targets that are near or missed.",
        ),
        Key::optional(
            "calendar",
            Kind::Tables(&CALENDAR),
            "no calendars",
            "Working hours.",
        ),
        Key::optional(
            "rule",
            Kind::Tables(&RULE),
            "no rules",
            "What new tickets get by what they say and who sent them.",
        ),
        Key::optional(
            "organization",
            Kind::Tables(&ORGANIZATION),
            "none",
            "Organizations that are known from the start.",
        ),
    ],
};

pub(super) const KEY: &str = "The word used in commands and by other keys.";
const NAME: &str = "The word people read.";

static STATUS: Section = Section {
    about: "One status of the workflow, in the order in which they are listed. Names are the desk's own; the machinery looks at \
`kind` only. `to` binds people; the steps of a customer's reply \
(`active_status`, `reopened_status`), of an assignment (`assigned_status`) and of the clock (`auto_close_hours`) are permitted by \
these settings. Each status must be reachable from the initial one, and from each a resolved or closed one.",
    keys: &[
        Key::required("key", Kind::Word, KEY),
        Key::required("name", Kind::Line, NAME),
        Key::required(
            "kind",
            Kind::Choice(&[
                ("new", "nobody has looked at it yet"),
                ("open", "somebody is, or should be, working on it"),
                ("waiting", "waiting for the customer"),
                ("resolved", "answered for good as far as the team knows"),
                ("closed", "put away"),
            ]),
            "What the status means to the machinery.",
        ),
        Key::required(
            "to",
            Kind::List(&Kind::Of("status")),
            "The statuses that people may let follow; empty where none may.",
        ),
        Key::optional(
            "meaning",
            Kind::Line,
            "the mail says only the name",
            "What the status means for the customer, as a sentence of the status mail.",
        ),
        Key::switch(
            "needs_reason",
            false,
            "Whether entering the status needs a reason.",
        ),
    ],
};

static PRIORITY: Section = Section {
    about: "One priority, most urgent first.",
    keys: &[
        Key::required("key", Kind::Word, KEY),
        Key::required("name", Kind::Line, NAME),
    ],
};

static TYPE: Section = Section {
    about: "One type of ticket.",
    keys: &[
        Key::required("key", Kind::Word, KEY),
        Key::required("name", Kind::Line, NAME),
    ],
};

static CATEGORY: Section = Section {
    about: "One category.",
    keys: &[
        Key::required("key", Kind::Word, KEY),
        Key::required("name", Kind::Line, NAME),
        Key::optional(
            "team",
            Kind::Of("team"),
            "its tickets are routed to nobody",
            "The team that gets its tickets.",
        ),
        Key::optional(
            "auto_close_hours",
            count(0, 876_000, "hours"),
            "the desk's",
            "As the desk's, for this category; 0 is never.",
        ),
        Key::optional(
            "nudge_days",
            count(0, 3_650, "days"),
            "the desk's",
            "As the desk's, for this category; 0 is never.",
        ),
        Key::optional(
            "close_waiting_days",
            count(0, 3_650, "days"),
            "the desk's",
            "As the desk's, for this category; 0 is never.",
        ),
    ],
};

static TEAM: Section = Section {
    about: "One team. Who is in it is kept in the database and managed by command.",
    keys: &[
        Key::required("key", Kind::Word, KEY),
        Key::required("name", Kind::Line, NAME),
        Key::optional(
            "assign",
            Kind::Choice(&[
                ("round_robin", "one after the other"),
                (
                    "least_loaded",
                    "whoever has the fewest unfinished tickets that are not put off",
                ),
            ]),
            "nobody gets a ticket by itself",
            "How tickets that nobody has are shared among the team's agents who are present: not `away`, and within \
`assign_calendar`. Where nobody is present they wait, and go to whoever comes back first.",
        ),
        Key::optional(
            "assign_calendar",
            Kind::Of("calendar"),
            "at any hour",
            "The calendar in whose hours tickets are shared.",
        ),
    ],
};

static FIELD: Section = Section {
    about: "One custom field of tickets.",
    keys: &[
        Key::required(
            "key",
            Kind::Word,
            "The word used in commands and in the number format; not `date`, `seq` or `random`.",
        ),
        Key::required("name", Kind::Line, NAME),
        Key::required(
            "type",
            Kind::Choice(&[
                ("text", "any text of one line, up to 1,000 characters"),
                ("number", "a decimal number such as `12.50`"),
                ("date", "a date, YYYY-MM-DD"),
                ("choice", "one of `choices`"),
                ("link", "an `http` or `https` address"),
            ]),
            "What may stand in it.",
        ),
        Key::optional(
            "choices",
            Kind::List(&Kind::Line),
            "none",
            "The allowed values; for the type `choice`, which needs them.",
        ),
        Key::optional(
            "default",
            Kind::Line,
            "empty",
            "The value of a ticket that names none; mail cannot name any. A field that stands in the number format needs it.",
        ),
    ],
};

static ORGANIZATION: Section = Section {
    about: "One organization; it is created at start where it is missing.",
    keys: &[
        Key::required("name", Kind::Line, "Its name."),
        Key::optional(
            "domains",
            Kind::List(&Kind::Domain),
            "none",
            "The mail domains of its people, such as `example.com`. A domain belongs to one organization.",
        ),
    ],
};
