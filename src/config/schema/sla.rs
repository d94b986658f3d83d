//! The keys of service levels and of calendars.

use super::desk::KEY;
use super::{Key, Kind, Section, count};

pub(super) static SLA: Section = Section {
    about: "Targets for the tickets that have all the attributes named here; an entry that names none is for all tickets. \
Each target is taken from the most special entry that has it: one with the `organization` goes before one without, then \
`category`, `type`, `team` and `priority` decide in this order. So an entry for an organization may shorten the first response \
and leave the rest as it is. A clock stands still while its ticket waits for the customer or is put off; when the \
priority or anything else named here changes, it is counted anew from its start.",
    keys: &[
        Key::optional("priority", Kind::Of("priority"), "any", "The priority."),
        Key::optional("team", Kind::Of("team"), "any", "The team."),
        Key::optional("type", Kind::Of("type"), "any", "The type."),
        Key::optional("category", Kind::Of("category"), "any", "The category."),
        Key::optional(
            "organization",
            Kind::Line,
            "any",
            "The name of the requester's organization, which is one of `[[desk.organization]]`.",
        ),
        Key::optional(
            "first_response_minutes",
            count(0, 5_256_000, "minutes"),
            "as a wider entry says",
            "The time to the first public reply by a person of the team. `0`: there is no target, whatever wider entries say.",
        ),
        Key::optional(
            "next_response_minutes",
            count(0, 5_256_000, "minutes"),
            "as a wider entry says",
            "The time to each later reply, from the first word of the customer that has no answer yet. `0` as above.",
        ),
        Key::optional(
            "resolution_minutes",
            count(0, 5_256_000, "minutes"),
            "as a wider entry says",
            "The time to the resolution; a ticket that comes back has the whole of it again. `0` as above.",
        ),
        Key::optional(
            "calendar",
            Kind::Of("calendar"),
            "every hour counts",
            "The calendar whose hours count for the targets of this entry.",
        ),
    ],
};

pub(super) static SLA_WATCH: Section = Section {
    about: "Who is told of targets that are near or missed. Before a target it is the assignee, or the team where nobody is \
assigned; at the breach whoever leads the team. Where those cannot be reached, the next wider circle is told: team, then all \
staff. Each is told once.",
    keys: &[
        Key::number(
            "warn_percent",
            75,
            count(0, 99, "percent"),
            "Warn once this share of the time is used. `0`: no such warning.",
        ),
        Key::number(
            "warn_minutes",
            0,
            count(0, 5_256_000, "minutes"),
            "Warn so many minutes before the target, counted as the target is. A target that is not longer has no such warning. `0`: none at all.",
        ),
        Key::number(
            "quiet_minutes",
            15,
            count(0, 1440, "minutes"),
            "Nothing is said of a ticket for so long after staff answered it; what is still due then is said after it.",
        ),
        Key::optional(
            "calendar",
            Kind::Of("calendar"),
            "the hours of the target's own calendar; where it has none, 08:00 to 20:00 in the desk's zone",
            "Notices leave in the hours of this calendar only. `\"always\"`: at any hour, as a desk needs whose targets of minutes \
are watched at night, too.",
        ),
        Key::optional(
            "escalate",
            Kind::Tables(&ESCALATE),
            "none",
            "Who else is told after a breach.",
        ),
    ],
};

static ESCALATE: Section = Section {
    about: "One step after a breach, while the target is still not met.",
    keys: &[
        Key::required(
            "after_minutes",
            count(1, 5_256_000, "minutes"),
            "How long after the breach, counted as the target is.",
        ),
        Key::required(
            "to",
            Kind::Choice(&[
                ("team", "everybody in the ticket's team"),
                ("lead", "who leads the ticket's team"),
                ("managers", "all managers"),
                ("admins", "all admins"),
            ]),
            "Who is told.",
        ),
    ],
};

pub(super) static CALENDAR: Section = Section {
    about: "Working hours, by which service-level targets are counted.",
    keys: &[
        Key::required("key", Kind::Word, KEY),
        Key::required("zone", Kind::Zone, "The IANA time zone of its hours."),
        Key::required(
            "hours",
            Kind::List(&Kind::Hours),
            "Ranges such as `mon 09:00-12:30` or `mon-fri 09:00-17:00`. A range whose end is not after its start crosses midnight: `fri 22:00-06:00` ends on Saturday. `24:00` is the end of the day. Ranges must not overlap.",
        ),
        Key::optional(
            "holidays",
            Kind::List(&Kind::Date),
            "none",
            "Days off, each from midnight to midnight in the calendar's zone.",
        ),
        Key::optional(
            "holidays_file",
            Kind::ExistingFile,
            "none",
            "More days off: an iCalendar file (`.ics`) of events that last whole days, as calendars of holidays are given out. \
An event may come back every year on the same day and is then entered through 2100; other rules of recurrence are refused. \
The file is read at start.",
        ),
    ],
};
