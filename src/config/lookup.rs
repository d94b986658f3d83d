//! Looking things up in a desk. All of it is pure.

use super::desk::{Category, DeskSettings, Field, Named, Priority, Status, StatusKind, Team};
use super::problem::{listed, nearest, shown};

impl DeskSettings {
    /// The status of this key.
    #[must_use]
    pub fn status(&self, key: &str) -> Option<&Status> {
        self.status.iter().find(|one| one.key == key)
    }

    /// What the status of this key means to the machinery.
    #[must_use]
    pub fn kind_of(&self, key: &str) -> Option<StatusKind> {
        self.status(key).map(|status| status.kind)
    }

    /// Whether the workflow allows the step from one status to another. A status does not follow itself.
    #[must_use]
    pub fn may_follow(&self, from: &str, to: &str) -> bool {
        self.status(from)
            .is_some_and(|status| status.to.iter().any(|next| next == to))
    }

    /// The first status of a kind, in the order of the configuration.
    #[must_use]
    pub fn first_status_of_kind(&self, kind: StatusKind) -> Option<&Status> {
        self.status.iter().find(|one| one.kind == kind)
    }

    /// The priority of this key.
    #[must_use]
    pub fn priority(&self, key: &str) -> Option<&Priority> {
        self.priority.iter().find(|one| one.key == key)
    }

    /// The type of this key.
    #[must_use]
    pub fn types(&self, key: &str) -> Option<&Named> {
        self.types.iter().find(|one| one.key == key)
    }

    /// The category of this key.
    #[must_use]
    pub fn category(&self, key: &str) -> Option<&Category> {
        self.category.iter().find(|one| one.key == key)
    }

    /// The team of this key.
    #[must_use]
    pub fn team(&self, key: &str) -> Option<&Team> {
        self.team.iter().find(|one| one.key == key)
    }

    /// The team that gets the tickets of a category; nothing where they are routed to nobody.
    #[must_use]
    pub fn team_for_category(&self, key: &str) -> Option<&Team> {
        let team = self.category(key)?.team.as_deref()?;
        self.team(team)
    }

    /// The custom field of this key.
    #[must_use]
    pub fn field(&self, key: &str) -> Option<&Field> {
        self.field.iter().find(|one| one.key == key)
    }

    /// Checks a value for a custom field.
    ///
    /// # Errors
    /// A sentence for whoever gave the value: what would be right.
    pub fn check_field(&self, key: &str, value: &str) -> Result<(), String> {
        let Some(field) = self.field(key) else {
            let known = self.keys_of("field");
            let hint = match (known.is_empty(), nearest(key, &known)) {
                (true, _) => "This desk has none.".to_owned(),
                (false, Some(meant)) => format!("Did you mean `{meant}`?"),
                (false, None) => format!("There are {}.", listed(&known)),
            };
            return Err(format!("There is no field `{}`. {hint}", shown(key)));
        };
        super::value::check_field_value(field.kind, &field.choices, value)
    }
}

impl StatusKind {
    /// The word of the configuration file.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Open => "open",
            Self::Waiting => "waiting",
            Self::Resolved => "resolved",
            Self::Closed => "closed",
        }
    }
}

#[cfg(test)]
mod tests;
