//! The pictures in `docs/pictures`: of screens that are there, and still what those screens look like.

use std::collections::BTreeSet;
use std::path::Path;

use image::imageops::{FilterType, resize};
use image::{Rgb, RgbImage};
use patchbay_tests::{Served, root, walks_possible};
use serde_json::json;

/// Each that is shown or kept is of a screen that the walk still reaches.
#[test]
fn the_pictures_are_those_that_the_walk_takes() {
    let walk = std::fs::read_to_string(root().join("tests/node/walks/pictures.mjs")).unwrap();
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    let mut kept: Vec<String> = std::fs::read_dir(root().join("docs/pictures"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    kept.sort();
    let mut taken: Vec<String> = walk
        .lines()
        .filter_map(|line| line.trim().strip_prefix("['")?.split_once('\'').map(|(name, _)| name.to_owned()))
        .chain(["palette", "live"].map(str::to_owned))
        .flat_map(|name| [format!("{name}-dark.png"), format!("{name}-light.png")])
        .collect();
    taken.sort();
    assert!(taken.len() > 10, "the walk names its pictures: {taken:?}");
    assert_eq!(kept, taken, "docs/pictures has drifted: run `cargo xtask gen`");
    let shown: Vec<_> =
        readme.split("docs/pictures/").skip(1).filter_map(|rest| rest.split(['"', ')']).next()).collect();
    assert!(shown.len() >= 6, "the README shows the product: {shown:?}");
    for name in shown {
        assert!(kept.iter().any(|file| file == name), "README.md shows {name}, which is not there");
    }
}

/// Pictures are compared in cells of 16 by 16 points: how a letter is drawn makes little difference to the mean colour
/// of one, and what moved, is missing or has another colour does.
const CELL: u32 = 16;
/// Cells whose mean colour is no further apart than that, of 255 in each channel, look alike.
const ALIKE: u8 = 12;
/// So many cells beside each other may differ: less than a button with an icon (3 by 3).
const GROUP: usize = 6;
/// So many may differ in all: columns are as wide as the durations in them.
const ALL: usize = 40;

/// Where something is drawn that differs each time, in points: left, top, width, height.
type Varying = [i64; 4];

/// Cells in which two pictures of the same screen do not look alike.
#[derive(Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Difference {
    /// The most of them beside each other.
    group: usize,
    /// All of them.
    all: usize,
}

impl Difference {
    fn is_small(&self) -> bool {
        self.group <= GROUP && self.all <= ALL
    }
}

fn difference(one: &RgbImage, other: &RgbImage, varying: &[Varying]) -> Difference {
    assert_eq!(one.dimensions(), other.dimensions());
    let (width, height) = (one.width() / CELL, one.height() / CELL);
    let cells = |picture: &RgbImage| resize(picture, width, height, FilterType::Triangle);
    let (one, other) = (cells(one), cells(other));
    // A text that varies may be longer in the other picture, and a cell takes in a little of its neighbours.
    let near = |x: u32, y: u32| {
        let (left, top, cell) = (i64::from(x * CELL), i64::from(y * CELL), i64::from(CELL));
        varying.iter().any(|[x, y, width, height]| {
            left + 2 * cell > *x
                && left < x + width + 2 * cell
                && top + cell > *y
                && top < y + height + cell / 2
        })
    };
    let apart = |(x, y): &(u32, u32)| {
        let channels = one.get_pixel(*x, *y).0.into_iter().zip(other.get_pixel(*x, *y).0);
        channels.into_iter().any(|(a, b)| a.abs_diff(b) > ALIKE) && !near(*x, *y)
    };
    let mut left: BTreeSet<(u32, u32)> =
        (0..width).flat_map(|x| (0..height).map(move |y| (x, y))).filter(apart).collect();
    let mut found = Difference { all: left.len(), ..Difference::default() };
    while let Some(first) = left.pop_first() {
        let (mut group, mut open) = (0, vec![first]);
        while let Some((x, y)) = open.pop() {
            group += 1;
            let around = [(x + 1, y), (x.wrapping_sub(1), y), (x, y + 1), (x, y.wrapping_sub(1))];
            open.extend(around.into_iter().filter(|cell| left.remove(cell)));
        }
        found.group = found.group.max(group);
    }
    found
}

fn read(path: &Path) -> RgbImage {
    image::open(path).unwrap_or_else(|error| panic!("{}: {error}", path.display())).into_rgb8()
}

#[test]
fn the_screens_look_as_they_did_when_somebody_looked() {
    if !walks_possible() {
        return;
    }
    let folder = root().join("target/pictures");
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    Served::start().walk("pictures", &json!({ "folder": folder, "varying": true }));
    let kept = std::fs::read_dir(root().join("docs/pictures")).unwrap().map(|entry| entry.unwrap().path());
    let mut found: Vec<_> = kept
        .map(|kept| {
            let taken = folder.join(kept.file_name().unwrap());
            let varying = std::fs::read(taken.with_extension("json")).unwrap();
            let varying: Vec<Varying> = serde_json::from_slice(&varying).unwrap();
            (difference(&read(&kept), &read(&taken), &varying), kept.file_name().unwrap().to_owned())
        })
        .collect();
    found.sort();
    println!("{found:?}");
    found.retain(|(difference, _)| !difference.is_small());
    assert!(
        found.is_empty(),
        "{found:?}: cells of these pictures changed. Look at them in target/pictures; `cargo xtask gen` keeps them."
    );
}

#[test]
fn a_button_that_is_gone_is_seen_and_another_word_is_not() {
    let kept = read(&root().join("docs/pictures/start-light.png"));
    let mut word = kept.clone();
    // A short word is rewritten: some of its points are ink.
    for x in (300..380).step_by(3) {
        (400..412).step_by(2).for_each(|y| word.put_pixel(x, y, Rgb([60, 60, 70])));
    }
    assert!(difference(&kept, &word, &[]).is_small(), "{:?}", difference(&kept, &word, &[]));
    let mut moved = kept.clone();
    image::imageops::replace(&mut moved, &kept, 0, 40);
    assert!(!difference(&kept, &moved, &[]).is_small(), "{:?}", difference(&kept, &moved, &[]));
    // What is as large as a button with an icon, in a colour that stands out little.
    let mut button = kept.clone();
    let Rgb([r, g, b]) = *kept.get_pixel(700, 700);
    let colour = Rgb([r.wrapping_sub(24), g.wrapping_sub(24), b.wrapping_sub(24)]);
    image::imageops::replace(&mut button, &RgbImage::from_pixel(80, 36, colour), 690, 690);
    assert!(!difference(&kept, &button, &[]).is_small(), "{:?}", difference(&kept, &button, &[]));
    // Where something varies it is not looked at.
    assert_eq!(difference(&kept, &button, &[[690, 690, 80, 36]]), Difference::default());
}
