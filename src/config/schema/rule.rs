//! The keys of rules at opening.

use super::{Key, Kind, Section};

const OF_SEVERAL: &str = "any sender, word and so on";

pub(super) static RULE: Section = Section {
    about: "What a new ticket gets by what it says and who sent it. Rules are tried in order; each whose conditions all hold \
does what it says, a later one over an earlier one, until one that is `last`. They hold for mail and for what is opened by \
command, not for archives; a category that somebody chose stays. `frontdesk rules test < message` shows what they make of a \
mail, and the ticket's timeline says which rule did what.",
    keys: &[
        Key::required("name", Kind::Line, "What people call it."),
        Key::optional(
            "if_sender",
            Kind::List(&Kind::Line),
            OF_SEVERAL,
            "The requester has one of these addresses, or one in one of these domains: `jane@example.com`, `example.com`.",
        ),
        Key::optional(
            "if_organization",
            Kind::List(&Kind::Line),
            OF_SEVERAL,
            "The requester belongs to one of these, by name; each is one of `[[desk.organization]]`.",
        ),
        Key::optional(
            "if_subject",
            Kind::List(&Kind::Line),
            OF_SEVERAL,
            "One of these stands in the subject as whole words, in any case.",
        ),
        Key::optional(
            "if_words",
            Kind::List(&Kind::Line),
            OF_SEVERAL,
            "One of these stands in the subject or in the text as whole words, in any case.",
        ),
        Key::optional(
            "if_category",
            Kind::List(&Kind::Of("category")),
            OF_SEVERAL,
            "It has one of these categories by then.",
        ),
        Key::optional(
            "category",
            Kind::Of("category"),
            "as it is",
            "The category it gets; it goes to that category's team unless the rule names another.",
        ),
        Key::optional("team", Kind::Of("team"), "as it is", "The team it gets."),
        Key::optional(
            "priority",
            Kind::Of("priority"),
            "as it is",
            "The priority it gets.",
        ),
        Key::optional(
            "tags",
            Kind::List(&Kind::Line),
            "none",
            "Tags it gets besides those it has.",
        ),
        Key::optional(
            "assignee",
            Kind::Line,
            "as it is",
            "The handle of the agent who gets it. Somebody who is no agent by then is passed over, and the timeline says so.",
        ),
        Key::switch(
            "last",
            false,
            "Whether the rules below are not tried once this one matched.",
        ),
    ],
};
