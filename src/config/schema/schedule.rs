//! The keys of what runs by the clock.

use super::{Key, Kind, Section};

pub(super) static SCHEDULE: Section = Section {
    about: "Something that runs by the clock. Several copies of the program run each slot once between them; `frontdesk schedule \
list` shows the last run and the next slots, and `frontdesk schedule run NAME` runs one by hand. A time that clocks skip, when \
they are put forward, counts as the first moment after; a time that they show twice is the first of the two.",
    keys: &[
        Key::required(
            "name",
            Kind::Word,
            "The word by which commands and logs name it.",
        ),
        Key::required(
            "cron",
            Kind::Recurrence,
            "When: five fields as in a crontab, minute, hour, day of the month, month, day of the week (0 and 7 are Sunday, or \
`sun` to `sat`), such as `0 8 * * mon-fri`; or `@hourly`, `@daily`, `@weekly`, `@monthly`, `@yearly`.",
        ),
        Key::optional(
            "zone",
            Kind::Zone,
            "the desk's zone",
            "The IANA time zone whose clocks say when.",
        ),
        Key::required(
            "job",
            Kind::Choice(&[
                (
                    "follow_ups",
                    "closes tickets that were resolved for long enough, and asks after those that wait for the customer. Runs \
every five minutes where no schedule names it",
                ),
                (
                    "digests",
                    "sends each digest that is due by its subscriber's clock. Runs every quarter of an hour where no schedule \
names it",
                ),
            ]),
            "What it does.",
        ),
        Key::text(
            "missed",
            Kind::Choice(&[
                (
                    "catch-up-once",
                    "the newest of them runs as soon as a copy is there, and stands for those before it",
                ),
                (
                    "skip",
                    "slots that are more than ten minutes past are passed over",
                ),
            ]),
            "catch-up-once",
            "What becomes of slots that passed while no copy was running.",
        ),
    ],
};
