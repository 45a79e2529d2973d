//! What a run did less than its chain says, in words.

use patchbay_model::run::Narrowed;

/// Parts of the sentence that a run begins with; none where it did everything.
pub(super) fn words(narrowed: &Narrowed) -> Vec<String> {
    let items = narrowed.items.map(|items| match items {
        1 => "Only the first item of each list".to_owned(),
        n => format!("Only the first {n} items of each list"),
    });
    let names: Vec<String> = narrowed.without.iter().map(|name| format!("\"{name}\"")).collect();
    let without = (!names.is_empty()).then(|| format!("Without {}", names.join(", ")));
    items.into_iter().chain(without).collect()
}
