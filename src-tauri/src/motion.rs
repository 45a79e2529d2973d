//! Motion where no graphics card draws.
//!
//! Then the processor draws each frame, and what turns or flows without end costs most of a core of it. GTK's own
//! switch for animations is off in this program then; WebKitGTK tells the page so, as a wish for reduced motion.

use std::path::Path;

use gtk::prelude::GtkSettingsExt;

use crate::settings;

/// Where Linux shows the graphics cards that may draw, as `renderD128` and so on.
const CARDS: &str = "/dev/dri";

/// Fits motion to what draws. GTK has to be there, and a window need not.
pub(crate) fn fit_to_graphics() {
    if has_card(Path::new(CARDS)) && !settings::graphics_are_safe() {
        return;
    }
    if let Some(settings) = gtk::Settings::default() {
        settings.set_gtk_enable_animations(false);
    }
}

fn has_card(folder: &Path) -> bool {
    let names = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.file_name());
    names.into_iter().any(|name| name.to_string_lossy().starts_with("renderD"))
}

#[cfg(test)]
mod tests {
    use super::has_card;

    #[test]
    fn a_card_that_only_shows_pictures_draws_none() {
        let folder = tempfile::tempdir().unwrap();
        assert!(!has_card(&folder.path().join("dri")), "there is nothing of the kind");
        std::fs::write(folder.path().join("card0"), "").unwrap();
        assert!(!has_card(folder.path()));
        std::fs::write(folder.path().join("renderD128"), "").unwrap();
        assert!(has_card(folder.path()));
    }
}
