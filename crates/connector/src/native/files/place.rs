//! Where files may be: granted folders, and names within them. Nothing here follows a link.

use std::io::Read as _;
use std::path::{Component, Path, PathBuf};

use cap_fs_ext::{DirExt, FollowSymlinks, OpenOptionsFollowExt, OpenOptionsSyncExt};
use cap_std::ambient_authority;
use cap_std::fs::{Dir, File, OpenOptions};
use patchbay_model::problem::{Code, Problem};
use patchbay_model::{Connection, Timestamp};
use serde_json::Value;
use url::Url;

use super::{address, fault, invalid};

/// The most folders of one connection.
const MOST_FOLDERS: usize = 20;
/// The longest path below a folder, in bytes.
const LONGEST: usize = 1_024;
/// The longest name of most file systems, in bytes.
const LONGEST_NAME: usize = 255;
/// What the system keeps there are no files.
const SYSTEM: [&str; 3] = ["/proc", "/sys", "/dev"];

/// What cannot be granted.
pub(super) struct Forbidden {
    data_dir: PathBuf,
    home: Option<PathBuf>,
}

impl Forbidden {
    pub(super) fn new(data_dir: &Path, home: Option<&Path>) -> Self {
        let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
        Self { data_dir: real(data_dir), home: home.map(real) }
    }

    /// The addresses of folders, each as it is without links on the way.
    pub(super) fn grants<'t>(&self, texts: impl Iterator<Item = &'t str>) -> Result<Vec<String>, Problem> {
        let mut grants = Vec::new();
        for text in texts {
            let about = |message: &str| invalid("folders", &format!("\"{text}\" {message}"));
            let path = Path::new(text);
            if !path.is_absolute() {
                return Err(about("does not begin with a slash: give the whole path."));
            }
            let real = path.canonicalize().map_err(|_| about("is not there, or cannot be looked at."))?;
            self.check(&real)?;
            let url = address(&real)?.to_string();
            if !grants.contains(&url) {
                grants.push(url);
            }
        }
        match grants.len() {
            0 => Err(invalid("folders", "Choose at least one folder.")),
            1..=MOST_FOLDERS => Ok(grants),
            _ => Err(invalid("folders", &format!("Choose at most {MOST_FOLDERS} folders."))),
        }
    }

    /// Whether a folder, written without links, may be granted.
    pub(super) fn check(&self, folder: &Path) -> Result<(), Problem> {
        let refused = |message: &str| Err(invalid("folders", &format!("\"{}\" {message}", folder.display())));
        if folder.parent().is_none() {
            return refused("is the whole computer. Choose a folder in it.");
        }
        if SYSTEM.iter().any(|system| folder.starts_with(system)) {
            return refused("holds no files but the system itself.");
        }
        if self.home.as_ref().is_some_and(|home| home.starts_with(folder)) {
            return refused(
                "is your home folder or holds it, with all your keys and settings. Choose a folder in it.",
            );
        }
        if folder.starts_with(&self.data_dir) || self.data_dir.starts_with(folder) {
            return refused("holds what Patchbay itself keeps.");
        }
        if !folder.is_dir() {
            return refused("is not a folder.");
        }
        if folder.to_str().is_none() {
            return refused("has a name that is not text.");
        }
        Ok(())
    }
}

/// A path below a granted folder: plain names and nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Relative(String);

impl Relative {
    /// `INPUT_INVALID` for what could lead anywhere else.
    pub(super) fn parse(text: &str) -> Result<Self, Problem> {
        let refused = |message: &str| Err(invalid("file", message));
        if text.is_empty() {
            return refused("It is empty.");
        }
        if text.len() > LONGEST {
            return refused("It is too long for a path.");
        }
        if text.contains(char::is_control) {
            return refused("It holds a character that cannot be seen.");
        }
        if text.starts_with('/') {
            return refused("It begins with a slash. Name it from the granted folder on.");
        }
        for name in text.split('/') {
            if name.is_empty() || name == "." || name == ".." {
                return refused("It has an empty part, \".\" or \"..\".");
            }
            if name.starts_with('.') {
                return refused(
                    "Names that begin with a dot hold settings and keys. Grant such a folder itself where you mean it.",
                );
            }
            if name.len() > LONGEST_NAME {
                return refused("It has a name that is too long.");
            }
        }
        // What the system makes of it must be the same.
        if !Path::new(text).components().all(|part| matches!(part, Component::Normal(_))) {
            return refused("It is not a plain path.");
        }
        Ok(Self(text.to_owned()))
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    fn parts(&self) -> (impl Iterator<Item = &str>, &str) {
        let (above, name) = self.0.rsplit_once('/').unwrap_or(("", &self.0));
        (above.split('/').filter(|part| !part.is_empty()), name)
    }
}

impl std::fmt::Display for Relative {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "\"{}\"", self.0)
    }
}

/// The folders that a connection was granted.
pub(super) struct Granted(Vec<PathBuf>);

/// A file as it was read.
pub(super) struct FileRead {
    pub(super) content: Vec<u8>,
    /// RFC 3339.
    pub(super) changed_at: String,
}

/// A file's place, open: what happens to the path on the way does not matter any more.
pub(super) struct OpenPlace {
    pub(super) dir: Dir,
    pub(super) name: String,
}

impl Granted {
    /// What the user approved, and not what the settings say by now.
    pub(super) fn of(connection: &Connection) -> Self {
        let path = |text: &String| Url::parse(text).ok()?.to_file_path().ok();
        Self(connection.origins.iter().filter_map(path).collect())
    }

    pub(super) fn these(folders: Vec<PathBuf>) -> Self {
        Self(folders)
    }

    pub(super) fn folders(&self) -> &[PathBuf] {
        &self.0
    }

    /// The folder of this name, the first where none is named.
    pub(super) fn folder(&self, named: &Value) -> Result<&Path, Problem> {
        let Some(text) = named.as_str().filter(|text| !text.is_empty()) else {
            let first = self.0.first().map(PathBuf::as_path);
            return first.ok_or_else(|| invalid("folder", "No folder is granted to this connection."));
        };
        let wanted = Path::new(text.trim_end_matches('/'));
        // A link to a granted folder is that folder.
        let real = wanted.canonicalize().ok();
        let is = |folder: &&PathBuf| folder.as_path() == wanted || Some(folder.as_path()) == real.as_deref();
        self.0.iter().find(is).map(PathBuf::as_path).ok_or_else(|| {
            Problem::new(Code::TargetBlocked)
                .with("host", text)
                .detail("this folder is none of those that the connection was granted")
        })
    }

    pub(super) fn url(&self, named: &Value, below: Option<&Relative>) -> Result<Url, Problem> {
        let folder = self.folder(named)?;
        address(&below.map_or_else(|| folder.to_owned(), |below| folder.join(below.as_str())))
    }

    /// Opens the folder that a path below a granted one is in.
    pub(super) fn place(&self, named: &Value, file: &Relative) -> Result<(String, OpenPlace), Problem> {
        let folder = self.folder(named)?;
        let mut dir = open_folder(folder)?;
        let (above, name) = file.parts();
        for part in above {
            dir = dir.open_dir_nofollow(part).map_err(|error| fault::of(&file.to_string(), &error))?;
        }
        Ok((folder.display().to_string(), OpenPlace { dir, name: name.to_owned() }))
    }

    pub(super) fn read(
        &self,
        named: &Value,
        file: &Relative,
        most: usize,
    ) -> Result<(String, FileRead), Problem> {
        let (folder, place) = self.place(named, file)?;
        let read =
            place.read(most)?.ok_or_else(|| Problem::new(Code::NotFound).with("item", file.to_string()))?;
        Ok((folder, read))
    }
}

impl OpenPlace {
    /// The file, opened where it is a plain one; none where there is none.
    fn open(&self) -> Result<Option<File>, Problem> {
        let what = format!("\"{}\"", self.name);
        // A pipe would wait for somebody to write, a link would lead elsewhere.
        let mut options = OpenOptions::new();
        options.read(true).follow(FollowSymlinks::No).nonblock(true);
        let file = match self.dir.open_with(&self.name, &options) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(fault::of(&what, &error)),
        };
        match file.metadata() {
            Ok(meta) if meta.is_file() => Ok(Some(file)),
            Ok(_) => Err(fault::unusual(&what)),
            Err(error) => Err(fault::of(&what, &error)),
        }
    }

    /// What is in it, where it is no larger than `most` bytes.
    pub(super) fn read(&self, most: usize) -> Result<Option<FileRead>, Problem> {
        let Some(file) = self.open()? else { return Ok(None) };
        let what = format!("\"{}\"", self.name);
        let failed = |error: std::io::Error| fault::of(&what, &error);
        let changed_at = file.metadata().and_then(|meta| meta.modified()).map_err(failed)?;
        let mut content = Vec::new();
        file.take(most as u64 + 1).read_to_end(&mut content).map_err(failed)?;
        if content.len() > most {
            return Err(fault::too_large(&what, most));
        }
        Ok(Some(FileRead { content, changed_at: time(changed_at.into_std()).to_string() }))
    }
}

/// Opens a granted folder step by step from the root: where a link has taken the place of one
/// step since it was granted, it is refused.
pub(super) fn open_folder(folder: &Path) -> Result<Dir, Problem> {
    let what = format!("\"{}\"", folder.display());
    let open = || -> std::io::Result<Dir> {
        let mut dir = Dir::open_ambient_dir("/", ambient_authority())?;
        for part in folder.components() {
            if let Component::Normal(name) = part {
                dir = dir.open_dir_nofollow(name)?;
            }
        }
        Ok(dir)
    };
    open().map_err(|error| fault::of(&what, &error))
}

/// Opens a folder below a granted one.
pub(super) fn open_below(folder: &Path, below: Option<&Relative>) -> Result<Dir, Problem> {
    let mut dir = open_folder(folder)?;
    for part in below.iter().flat_map(|below| below.as_str().split('/')) {
        dir = dir.open_dir_nofollow(part).map_err(|error| fault::of(&format!("\"{part}\""), &error))?;
    }
    Ok(dir)
}

/// A file's time; that of the dawn of Unix where it is beyond what can be written.
pub(super) fn time(at: std::time::SystemTime) -> Timestamp {
    Timestamp::try_from(at).unwrap_or(Timestamp::UNIX_EPOCH)
}
