//! What a run did less than its chain says, in words.

use patchbay_model::run::Narrowed;

/// Parts of the sentence that a run begins with; none where it did everything.
pub(super) fn words(narrowed: &Narrowed) -> Vec<String> {
    // What is pinned of a list is as long as it was when it was pinned.
    let of = if narrowed.pinned.is_empty() { "of each list" } else { "of each other list" };
    let items = narrowed.items.map(|items| match items {
        1 => format!("Only the first item {of}"),
        n => format!("Only the first {n} items {of}"),
    });
    let listed = |names: &[String]| {
        let names: Vec<String> = names.iter().map(|name| format!("\"{name}\"")).collect();
        (!names.is_empty()).then(|| names.join(", "))
    };
    let pinned = listed(&narrowed.pinned).map(|names| format!("With what is pinned of {names}"));
    let without = listed(&narrowed.without).map(|names| format!("Without {names}"));
    pinned.into_iter().chain(items).chain(without).collect()
}
