//! The keys of a chat platform.

use super::{Key, Kind, Section, count};

/// One account on one platform.
pub(super) static CHAT: Section = Section {
    about: "A chat platform on which the team works its tickets. Each ticket gets a thread in a place that staff alone may read; \
who may read a place is the platform's matter.",
    keys: &[
        Key::required(
            "name",
            Kind::Word,
            "Its name in commands, in logs and in the database; it must not change.",
        ),
        Key::optional(
            "discord",
            Kind::Table(&DISCORD),
            "another platform",
            "The platform is a Discord server.",
        ),
        Key::optional(
            "slack",
            Kind::Table(&SLACK),
            "another platform",
            "The platform is a Slack workspace.",
        ),
        Key::required(
            "place",
            Kind::Tables(&PLACE),
            "Where tickets get their threads.",
        ),
        Key::optional(
            "role",
            Kind::Tables(&ROLE),
            "rights come from linked accounts alone",
            "What the platform's own roles mean at the desk.",
        ),
        Key::optional(
            "reply_prefix",
            Kind::Line,
            "no prefix",
            "What begins a public reply in a ticket's thread, such as `>>`. All other plain text there is an internal note.",
        ),
        Key::optional(
            "emoji",
            Kind::Table(&EMOJI),
            "the defaults",
            "The emoji that do something.",
        ),
        Key::optional(
            "customers",
            Kind::Table(&CUSTOMERS),
            "no customers in chat",
            "Customers open tickets on this platform, and are answered there.",
        ),
        Key::optional(
            "operators",
            Kind::Line,
            "operators are told by mail alone",
            "The platform's id of a channel in which the operators are told when the machinery needs help, beside the mail of \
`[notify] operators`. It may be a `place` too, but not the customers'.",
        ),
    ],
};

static DISCORD: Section = Section {
    about: "A bot on a Discord server.",
    keys: &[
        Key::required(
            "token",
            Kind::Secret { at_least: 1 },
            "The bot's token, from the page of the application at Discord.",
        ),
        Key::required(
            "server",
            Kind::Line,
            "The server's id, such as `1098765432109876543`: switch Discord's developer mode on and copy it from the server's menu.",
        ),
        Key::optional(
            "api_url",
            Kind::Endpoint,
            "Discord's own",
            "Where Discord's API is reached, for a proxy. No request goes anywhere else.",
        ),
    ],
};

static SLACK: Section = Section {
    about: "An app in a Slack workspace, made from the manifest that docs/chat.md shows.",
    keys: &[
        Key::required(
            "bot_token",
            Kind::Secret { at_least: 1 },
            "The app's bot token, from its page OAuth & Permissions; it begins with `xoxb-`.",
        ),
        Key::required(
            "app_token",
            Kind::Secret { at_least: 1 },
            "An app-level token with the scope `connections:write`, from its page Basic Information; it begins with `xapp-`.",
        ),
        Key::optional(
            "api_url",
            Kind::Endpoint,
            "Slack's own",
            "Where Slack's API is reached, for a proxy. No request goes to another host, and no connection.",
        ),
    ],
};

static PLACE: Section = Section {
    about: "A channel or forum in which tickets get their threads. A ticket's place is that of its category, else that of its \
team, else the one with neither; without any, the ticket has no thread on this platform. Staff alone may be let in: \
internal notes stand there.",
    keys: &[
        Key::required("id", Kind::Line, "The platform's id of the channel."),
        Key::optional(
            "team",
            Kind::Of("team"),
            "any team",
            "The team whose tickets stand here.",
        ),
        Key::optional(
            "category",
            Kind::Of("category"),
            "any category",
            "The category whose tickets stand here. Excludes `team`.",
        ),
    ],
};

static ROLE: Section = Section {
    about: "A role on the platform that gives rights at the desk, to whoever has it there and as long as they have it. The rights \
of a linked account hold beside it; the higher ones count.",
    keys: &[
        Key::required(
            "id",
            Kind::Line,
            "The platform's id of the role or user group.",
        ),
        Key::required(
            "role",
            Kind::Choice(&[
                ("agent", "works tickets"),
                (
                    "manager",
                    "an agent who also reads reports and manages teams",
                ),
                ("admin", "may do everything"),
            ]),
            "The role at the desk.",
        ),
    ],
};

static EMOJI: Section = Section {
    about: "What marking a message with an emoji does: the emoji itself, or the name of one of the platform's own.",
    keys: &[
        Key::text(
            "take",
            Kind::Line,
            "👀",
            "On a ticket's post: takes the ticket.",
        ),
        Key::text(
            "resolve",
            Kind::Line,
            "✅",
            "On a ticket's post: resolves the ticket.",
        ),
        Key::text(
            "open",
            Kind::Line,
            "📌",
            "On any message of a person: opens a ticket from it.",
        ),
    ],
};

static CUSTOMERS: Section = Section {
    about: "Customers in chat: a panel with a button for each category, a form behind it, and a private thread for each ticket, \
in which the customer and the team talk. Staff's own thread, with the card and the notes, stands in a `place` as for every \
other ticket.",
    keys: &[
        Key::required(
            "place",
            Kind::Line,
            "The platform's id of the channel where the panel stands and the private threads are opened. Customers see it, so it \
is none of the `place`s.",
        ),
        Key::optional(
            "categories",
            Kind::List(&Kind::Of("category")),
            "all of the desk's",
            "The categories that have a button, in this order; at most 25.",
        ),
        Key::optional(
            "fields",
            Kind::List(&Kind::Of("field")),
            "none",
            "The custom fields that the form asks for besides subject and description; at most 3.",
        ),
        Key::number(
            "tickets_per_hour",
            5,
            count(1, 1_000, "tickets"),
            "How many tickets one person may open by the panel in an hour.",
        ),
        Key::number(
            "messages_per_hour",
            200,
            count(1, 100_000, "messages"),
            "How much a customer may do in chat in an hour; more is refused, and told to them once.",
        ),
    ],
};
