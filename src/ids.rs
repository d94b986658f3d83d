//! Row ids, one type each, so that a ticket's id is never taken for a person's.

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash,
            serde::Serialize, serde::Deserialize, sqlx::Type,
        )]
        #[serde(transparent)]
        #[sqlx(transparent)]
        pub struct $name(pub i64);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

id!(/// A person.
    PersonId);
id!(/// An organization.
    OrganizationId);
id!(/// A ticket; what people see is its number.
    TicketId);
id!(/// A comment.
    CommentId);
id!(/// A customer's own thread in chat.
    CustomerThreadId);
id!(/// A row of the outbox.
    OutboxId);
id!(/// A reminder.
    ReminderId);
id!(/// A row of the inbound mail.
    InboundId);
id!(/// A subscription to a digest.
    SubscriptionId);
