//! Reads how customers meet the team in chat, and says what does not fit in it.

use super::chat::{ChatCustomers, ChatSettings};
use super::desk::DeskSettings;
use super::desk_check::{reference, twice};
use super::problem::{Fault, KeyPath};
use super::read::Table;

/// The most buttons of a panel: five rows of five, on every platform.
const BUTTONS: usize = 25;
/// The most fields of a form besides subject and description: a form has five on every platform.
const FIELDS: usize = 3;

/// A `[chat.customers]`.
pub(super) fn read(table: &Table<'_>) -> ChatCustomers {
    ChatCustomers {
        place: table.text("place"),
        categories: table.texts("categories"),
        fields: table.texts("fields"),
        tickets_per_hour: table.number("tickets_per_hour"),
        messages_per_hour: table.number("messages_per_hour"),
    }
}

/// What is wrong with it.
pub(super) fn faults(
    chat: &ChatSettings,
    desk: Option<&DeskSettings>,
    path: &KeyPath,
    faults: &mut Vec<Fault>,
) {
    let Some(customers) = &chat.customers else {
        return;
    };
    if chat.has_place(&customers.place) {
        faults.push(Fault::new(
            path.key("place"),
            "Customers would stand where staff writes its notes.",
            "Give them a channel that is no `place` of this chat.",
        ));
    }
    if chat.operators.as_ref() == Some(&customers.place) {
        faults.push(Fault::new(
            path.key("place"),
            "Customers would read what the operators are told.",
            "Give either of them another channel.",
        ));
    }
    let lists = [
        ("categories", "category", &customers.categories, BUTTONS),
        ("fields", "field", &customers.fields, FIELDS),
    ];
    for (key, list, words, most) in lists {
        let at = |item: usize| path.key(key).item(item);
        let all = || words.iter().enumerate();
        twice(
            all().map(|(item, word)| (word.as_str(), at(item))),
            list,
            faults,
        );
        if let Some(desk) = desk {
            for (item, word) in all() {
                reference(desk, list, word, &at(item), faults);
            }
        }
        if words.len() > most {
            faults.push(Fault::new(
                at(most),
                format!("There are more than {most}."),
                "The platforms take no more; leave some out.",
            ));
        }
    }
    let all = desk.filter(|desk| customers.categories.is_empty() && desk.category.len() > BUTTONS);
    if let Some(desk) = all {
        faults.push(Fault::new(
            path.key("place"),
            format!(
                "The panel would have {} buttons, and the platforms take {BUTTONS}.",
                desk.category.len()
            ),
            "Name those that have one in `categories`.",
        ));
    }
}
