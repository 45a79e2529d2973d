//! The pictures in `docs/pictures`: of screens that are there, and still what those screens look like.

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
        .chain(["palette".to_owned()])
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

/// Pictures are compared in cells of 16 by 16 points: what a word or a time says makes little difference to the mean
/// colour of one, and what moved, is missing or has another colour does.
const CELL: u32 = 16;
/// Cells whose mean colour is no further apart than that, of 255 in each channel, look alike.
const ALIKE: u8 = 12;
/// Times, durations and what comes in a different order each time are no more than this share of a picture.
const CHANGES: f64 = 0.025;

/// The share of a picture that does not look like another one of the same screen; all of it where their sizes differ.
fn difference(one: &RgbImage, other: &RgbImage) -> f64 {
    if one.dimensions() != other.dimensions() {
        return 1.0;
    }
    let (width, height) = (one.width() / CELL, one.height() / CELL);
    let cells = |picture: &RgbImage| resize(picture, width, height, FilterType::Triangle);
    let apart = |(a, b): &(&Rgb<u8>, &Rgb<u8>)| a.0.iter().zip(b.0).any(|(a, b)| a.abs_diff(b) > ALIKE);
    let (one, other) = (cells(one), cells(other));
    one.pixels().zip(other.pixels()).filter(apart).count() as f64 / f64::from(width * height)
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
    Served::start().walk("pictures", &json!({ "folder": folder }));
    let kept = std::fs::read_dir(root().join("docs/pictures")).unwrap().map(|entry| entry.unwrap().path());
    let shares: Vec<_> = kept
        .map(|kept| {
            let name = kept.file_name().unwrap().to_owned();
            (difference(&read(&kept), &read(&folder.join(&name))), name)
        })
        .collect();
    println!("{shares:.3?}");
    let others: Vec<_> = shares.iter().filter(|(share, _)| *share > CHANGES).collect();
    assert!(
        others.is_empty(),
        "{others:.3?} of these pictures changed. Look at them in target/pictures; `cargo xtask gen` keeps them."
    );
}

#[test]
fn a_button_that_moved_is_seen_and_another_word_is_not() {
    let kept = read(&root().join("docs/pictures/start-light.png"));
    let mut word = kept.clone();
    // A short line of text is rewritten: some of its points are ink.
    for x in (300..420).step_by(3) {
        (400..412).step_by(2).for_each(|y| word.put_pixel(x, y, Rgb([60, 60, 70])));
    }
    assert!(difference(&kept, &word) < CHANGES, "{}", difference(&kept, &word));
    let mut moved = kept.clone();
    image::imageops::replace(&mut moved, &kept, 0, 40);
    assert!(difference(&kept, &moved) > CHANGES, "{}", difference(&kept, &moved));
    let mut bare = kept.clone();
    image::imageops::replace(&mut bare, &RgbImage::from_pixel(240, 400, Rgb([255, 0, 0])), 0, 100);
    assert!(difference(&kept, &bare) > CHANGES, "{}", difference(&kept, &bare));
}
