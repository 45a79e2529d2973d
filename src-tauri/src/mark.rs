//! The icon in the tray: its shape says what is going on, whatever its colours mean to whom.

use ksni::Icon;
use patchbay_api::desktop::Standing;
use tauri::image::Image;

/// What the icon shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mark {
    /// The sign alone.
    Plain,
    /// A dot: something needs the person.
    Dot,
    /// A ring: runs are under way.
    Ring,
}

impl Mark {
    pub(crate) fn of(standing: &Standing) -> Self {
        match (standing.need_you, standing.under_way.len()) {
            (0, 0) => Self::Plain,
            (0, _) => Self::Ring,
            _ => Self::Dot,
        }
    }
}

const SIGN: Image<'static> = tauri::include_image!("src-tauri/icons/32x32.png");
/// Red, green, blue.
const DOT: [u8; 3] = [0xf1, 0xb4, 0x4c];
const RING: [u8; 3] = [0xff, 0xff, 0xff];
/// Around both, so that they stand out from any panel.
const EDGE: [u8; 3] = [0x10, 0x12, 0x16];

/// The icon as a StatusNotifierItem has it: ARGB, the highest byte first.
pub(crate) fn drawn(mark: Mark) -> Icon {
    let (width, height) = (SIGN.width(), SIGN.height());
    let (centre, radius) = (f64::from(width) * 0.72, f64::from(width) * 0.26);
    let mut data = Vec::with_capacity(SIGN.rgba().len());
    for (at, pixel) in (0_u32..).zip(SIGN.rgba().chunks_exact(4)) {
        let away =
            f64::hypot(f64::from(at % width) + 0.5 - centre, f64::from(at / width) + 0.5 - centre) / radius;
        let painted = match mark {
            Mark::Plain => None,
            Mark::Dot if away < 0.75 => Some(DOT),
            Mark::Ring if away < 0.4 => Some(EDGE),
            Mark::Ring if away < 0.8 => Some(RING),
            _ => (away < 1.0).then_some(EDGE),
        };
        match (painted, pixel) {
            (Some([red, green, blue]), _) => data.extend([0xff, red, green, blue]),
            (None, &[red, green, blue, alpha]) => data.extend([alpha, red, green, blue]),
            (None, _) => {}
        }
    }
    Icon { width: width as i32, height: height as i32, data }
}

#[cfg(test)]
mod tests {
    use patchbay_api::desktop::UnderWay;

    use super::*;

    #[test]
    fn each_state_has_a_shape_of_its_own_and_what_needs_the_person_comes_first() {
        let run = UnderWay { workspace: "default".into(), run: "r".into() };
        let standing = |need_you, under_way| Standing { need_you, under_way, ..Standing::default() };
        assert_eq!(Mark::of(&standing(0, vec![])), Mark::Plain);
        assert_eq!(Mark::of(&standing(0, vec![run.clone()])), Mark::Ring);
        assert_eq!(Mark::of(&standing(1, vec![run])), Mark::Dot);
        let [plain, dot, ring] = [Mark::Plain, Mark::Dot, Mark::Ring].map(drawn);
        for icon in [&plain, &dot, &ring] {
            assert_eq!((icon.width, icon.height, icon.data.len()), (32, 32, 32 * 32 * 4));
        }
        // In black and white too: what is bright differs.
        let bright =
            |icon: &Icon| icon.data.chunks_exact(4).map(|p| p[1] > 0x80 && p[2] > 0x80).collect::<Vec<_>>();
        assert!(
            bright(&plain) != bright(&dot) && bright(&dot) != bright(&ring) && bright(&plain) != bright(&ring)
        );
    }
}
