//! Persons, their addresses and roles, teams, organizations.

pub mod blocked;
pub mod chat_account;
pub mod connect;
pub mod organization;
pub mod presence;
pub mod standing;
pub mod store;
pub mod zone;

use serde::{Deserialize, Serialize};

use crate::ids::{OrganizationId, PersonId};

/// What a person may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Sees and answers only tickets in which they take part.
    Customer,
    /// Works tickets.
    Agent,
    /// An agent who also reads reports and manages teams.
    Manager,
    /// May do everything.
    Admin,
}

impl Role {
    /// The word by which the role is stored and written in commands.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Agent => "agent",
            Self::Manager => "manager",
            Self::Admin => "admin",
        }
    }

    /// The role as what somebody is: `an agent`.
    #[must_use]
    pub fn with_article(self) -> &'static str {
        match self {
            Self::Customer => "a customer",
            Self::Agent => "an agent",
            Self::Manager => "a manager",
            Self::Admin => "an admin",
        }
    }

    /// The role of that word. A word that is none has no rights beyond a customer's.
    #[must_use]
    pub fn from_key(key: &str) -> Self {
        [Self::Admin, Self::Manager, Self::Agent]
            .into_iter()
            .find(|role| role.key() == key)
            .unwrap_or(Self::Customer)
    }

    /// Whether the role belongs to the team behind the desk.
    #[must_use]
    pub fn is_staff(self) -> bool {
        self >= Self::Agent
    }
}

/// A person with the address they are written to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The row.
    pub id: PersonId,
    /// The name; the address's local part where none was ever given.
    pub name: String,
    /// The role.
    pub role: Role,
    /// The word by which an agent is assigned and mentioned.
    pub handle: Option<String>,
    /// The organization.
    pub organization_id: Option<OrganizationId>,
    /// The primary address, lower-cased. Every person who came by mail has one.
    pub address: Option<String>,
    /// Whether the person's rights were taken away.
    pub disabled: bool,
}

impl Person {
    /// Whether the person is staff and may act as such.
    #[must_use]
    pub fn is_active_staff(&self) -> bool {
        self.role.is_staff() && !self.disabled
    }
}
