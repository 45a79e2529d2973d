use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Mutex;

use patchbay_model::run::RunState;
use patchbay_model::time::ManualClock;
use patchbay_model::{Clock, Connection, ConnectorId, SystemClock};
use patchbay_vault::{MemoryStore, Secret};

use super::*;
use crate::hub::HubOptions;
use crate::place;
use crate::runs::RunStartRequest;
use crate::secrets::SecretsChoice;
use crate::workspace::tests::Nobody;
use crate::workspaces::{DEFAULT, WorkspaceCreate};
use crate::{runs, sandbox, workspaces};

const WORD: &str = "correct horse";

fn hub_with(dir: &Path, secrets: SecretsChoice, clock: Arc<dyn Clock>) -> Hub {
    Hub::start(HubOptions { data_dir: dir.to_owned(), secrets, clock, host: Arc::new(Nobody) }).unwrap()
}

fn by_passphrase() -> SecretsChoice {
    SecretsChoice::passphrase(WORD.to_owned())
}

fn with(passphrase: &str) -> UnlockRequest {
    UnlockRequest { passphrase: Some(PassphraseInput::new(passphrase)) }
}

/// Keeps a connection with a sealed key, without asking any service.
async fn keep(hub: &Hub, workspace: &str, name: &str) {
    let workspace = hub.workspace(workspace).await.unwrap();
    let mut connection = Connection::new(ConnectorId::from("github-issues"), "1.0.0".into(), hub.clock().now());
    connection.name = name.to_owned();
    let credential =
        patchbay_auth::Credential::new([("token".to_owned(), Secret::new(name.to_owned()))].into());
    let sealed = workspace.authoriser().seal(&connection.id, &credential).await.unwrap();
    workspace.store().connection_insert(&connection, Some(&sealed)).await.unwrap();
}

/// How many secrets open, over all workspaces.
async fn opens(hub: &Hub) -> usize {
    let mut opened = 0;
    for name in names(hub).unwrap() {
        let workspace = hub.workspace(&name).await.unwrap();
        for one in workspace.store().credentials_kept().await.unwrap() {
            let secret =
                workspace.vault().open(&one.sealed, &format!("connection:{}", one.connection)).unwrap();
            assert!(secret.expose().contains(&one.name));
            opened += 1;
        }
    }
    opened
}

async fn now(hub: &Hub) -> (&'static str, &'static str) {
    let status = status(hub, DEFAULT, Empty {}).await.unwrap();
    (status.store, status.state)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn work_waits_for_the_lock_and_goes_on_when_it_is_opened() {
    let dir = tempfile::tempdir().unwrap();
    let hub = hub_with(dir.path(), by_passphrase(), Arc::new(SystemClock::new()));
    let ready = sandbox::start(&hub, DEFAULT, Empty {}).await.unwrap();
    lock(&hub, DEFAULT, Empty {}).await.unwrap();
    assert_eq!(now(&hub).await, ("passphrase", "locked"));
    let workspace = hub.workspace(DEFAULT).await.unwrap();
    assert!(!workspace.vault().holds_keys(), "no key is left in memory");

    let request: RunStartRequest = serde_json::from_value(serde_json::json!({ "chain": ready.chain })).unwrap();
    let run = runs::start(&hub, DEFAULT, request).await.unwrap().id;
    let waits = async {
        while workspace.run(&run).await.unwrap().state != RunState::Waiting {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), waits).await.expect("the run waits for the lock");
    // Long enough that the pause until the next try by itself is a long one.
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(workspace.run(&run).await.unwrap().state, RunState::Waiting);

    let wrong = unlock(&hub, DEFAULT, with("correct house")).await.unwrap_err();
    assert_eq!(wrong.code(), Code::PassphraseWrong);
    assert_eq!(now(&hub).await.1, "locked");
    let none = unlock(&hub, DEFAULT, UnlockRequest { passphrase: None }).await.unwrap_err();
    assert_eq!(none.code(), Code::SecretStoreLocked);

    unlock(&hub, DEFAULT, with(WORD)).await.unwrap();
    let done = tokio::time::timeout(Duration::from_secs(20), workspace.wait(&run)).await.unwrap().unwrap();
    assert_eq!(done, RunState::Done);
    assert_eq!(now(&hub).await, ("passphrase", "unlocked"));
    hub.shut_down().await;
}

#[tokio::test]
async fn a_store_nobody_looks_after_locks_itself() {
    let dir = tempfile::tempdir().unwrap();
    let clock = Arc::new(ManualClock::at("2026-11-20T12:00:00Z".parse().unwrap()));
    let hub = hub_with(dir.path(), by_passphrase(), clock.clone());
    keep(&hub, DEFAULT, "one").await;
    let minutes = |minutes: u64| clock.advance(Duration::from_secs(60 * minutes));
    let call = async |command: &str| {
        crate::dispatch(&hub, DEFAULT, command, serde_json::Value::Null).await.unwrap();
    };
    minutes(14);
    lock_if_idle(&hub).await;
    assert_eq!(now(&hub).await.1, "unlocked");
    call("presence").await;
    minutes(14);
    lock_if_idle(&hub).await;
    assert_eq!(now(&hub).await.1, "unlocked", "somebody was here");
    // What a screen reads by itself is no sign of a person.
    for command in ["health", "connection_list", "run_list", "secrets_status"] {
        call(command).await;
    }
    minutes(1);
    lock_if_idle(&hub).await;
    assert_eq!(now(&hub).await.1, "locked");
    assert!(!hub.workspace(DEFAULT).await.unwrap().vault().holds_keys());

    unlock(&hub, DEFAULT, with(WORD)).await.unwrap();
    let never = SecretsSetRequest { lock_after_minutes: Some(0), remind_after_days: None };
    set(&hub, DEFAULT, never).await.unwrap();
    minutes(600);
    lock_if_idle(&hub).await;
    assert_eq!(now(&hub).await.1, "unlocked", "switched off");
    let too_long = SecretsSetRequest { lock_after_minutes: Some(1_000_000), remind_after_days: None };
    assert_eq!(set(&hub, DEFAULT, too_long).await.unwrap_err().code(), Code::InputInvalid);
    hub.shut_down().await;
}

#[tokio::test]
async fn a_key_is_called_old_when_the_user_says() {
    let dir = tempfile::tempdir().unwrap();
    let clock = Arc::new(ManualClock::at("2026-01-01T12:00:00Z".parse().unwrap()));
    let hub = hub_with(dir.path(), SecretsChoice::Memory, clock.clone());
    keep(&hub, DEFAULT, "old").await;
    clock.advance(Duration::from_secs(179 * 86_400));
    keep(&hub, DEFAULT, "young").await;
    let ages = async || -> Vec<(String, u32, bool)> {
        let secrets = status(&hub, DEFAULT, Empty {}).await.unwrap().secrets;
        secrets.into_iter().map(|one| (one.connection, one.days, one.old)).collect()
    };
    assert_eq!(ages().await, [("old".to_owned(), 179, false), ("young".to_owned(), 0, false)]);
    clock.advance(Duration::from_secs(86_400));
    assert_eq!(ages().await, [("old".to_owned(), 180, true), ("young".to_owned(), 1, false)]);
    rotate(&hub, DEFAULT, Empty {}).await.unwrap();
    assert!(ages().await[0].2, "sealed anew, it is as old as it was");
    let never = SecretsSetRequest { lock_after_minutes: None, remind_after_days: Some(0) };
    set(&hub, DEFAULT, never).await.unwrap();
    assert!(!ages().await[0].2, "switched off");
    assert_eq!(lock(&hub, DEFAULT, Empty {}).await.unwrap_err().code(), Code::NotOffered);
    hub.shut_down().await;
}

/// A keyring that outlives its program, and a program that dies at one of its operations.
struct Keyring {
    kept: Arc<Mutex<BTreeMap<String, Secret>>>,
    left: Mutex<usize>,
}

impl Keyring {
    fn new(kept: &Arc<Mutex<BTreeMap<String, Secret>>>, operations: usize) -> Arc<Self> {
        Arc::new(Self { kept: kept.clone(), left: Mutex::new(operations) })
    }

    fn act<T>(&self, act: impl FnOnce(&mut BTreeMap<String, Secret>) -> T) -> Result<T, VaultError> {
        let mut left = self.left.lock().unwrap();
        if *left == 0 {
            return Err(VaultError::Unavailable("dead".to_owned()));
        }
        *left -= 1;
        Ok(act(&mut self.kept.lock().unwrap()))
    }
}

impl SecretStore for Keyring {
    fn get(&self, name: &str) -> Result<Option<Secret>, VaultError> {
        self.act(|kept| kept.get(name).cloned())
    }
    fn set(&self, name: &str, secret: &Secret) -> Result<(), VaultError> {
        self.act(|kept| drop(kept.insert(name.to_owned(), secret.clone())))
    }
    fn delete(&self, name: &str) -> Result<(), VaultError> {
        self.act(|kept| drop(kept.remove(name)))
    }
    fn kind(&self) -> StoreKind {
        StoreKind::Keyring
    }
}

/// The hub as the next start makes it, with the passphrase at hand where one is wanted.
fn next_start(dir: &Path, keyring: Arc<Keyring>, clock: &Arc<ManualClock>) -> Hub {
    let by_file = dir.join("vault.json").exists().then(|| WORD.to_owned());
    match place::secrets(None, by_file, dir).unwrap() {
        SecretsChoice::Keyring => hub_with(dir, SecretsChoice::Kept(keyring), clock.clone()),
        other => Hub::with_keyring(
            HubOptions {
                data_dir: dir.to_owned(),
                secrets: other,
                clock: clock.clone(),
                host: Arc::new(Nobody),
            },
            keyring,
        )
        .unwrap(),
    }
}

fn move_request(to: MoveTo) -> MoveRequest {
    MoveRequest { to, passphrase: (to == MoveTo::Passphrase).then(|| PassphraseInput::new(WORD)) }
}

#[tokio::test]
async fn keys_move_to_a_passphrase_and_a_death_on_the_way_loses_none() {
    die_everywhere(MoveTo::Passphrase).await;
}

#[tokio::test]
async fn keys_move_to_the_keyring_and_a_death_on_the_way_loses_none() {
    die_everywhere(MoveTo::Keyring).await;
}

/// Lets the program die at each operation of the keyring, one after the other.
async fn die_everywhere(way: MoveTo) {
    let mut died = 0;
    {
        for operations in 0.. {
            let dir = tempfile::tempdir().unwrap();
            let clock = Arc::new(ManualClock::at("2026-11-20T12:00:00Z".parse().unwrap()));
            let kept = Arc::new(Mutex::new(BTreeMap::new()));
            let hub = next_start(dir.path(), Keyring::new(&kept, usize::MAX), &clock);
            workspaces::create(&hub, DEFAULT, WorkspaceCreate { name: "other".into(), label: None })
                .await
                .unwrap();
            keep(&hub, DEFAULT, "one").await;
            keep(&hub, "other", "two").await;
            if way == MoveTo::Keyring {
                move_to(&hub, DEFAULT, move_request(MoveTo::Passphrase)).await.unwrap();
                assert!(kept.lock().unwrap().is_empty(), "nothing stays in the keyring");
            }
            hub.shut_down().await;
            drop(hub);

            let dying = Keyring::new(&kept, operations);
            let hub = next_start(dir.path(), dying.clone(), &clock);
            let result = move_to(&hub, DEFAULT, move_request(way)).await;
            let left = *dying.left.lock().unwrap();
            hub.shut_down().await;
            drop(hub);

            let hub = next_start(dir.path(), Keyring::new(&kept, usize::MAX), &clock);
            assert_eq!(opens(&hub).await, 2, "{way:?}, died at operation {operations}: {result:?}");
            // It can be asked for again, or is done.
            if now(&hub).await.0 == if way == MoveTo::Passphrase { "keyring" } else { "passphrase" } {
                move_to(&hub, DEFAULT, move_request(way)).await.unwrap();
            }
            finish_move(&hub).await;
            assert_eq!(opens(&hub).await, 2);
            let in_keyring = kept.lock().unwrap().len();
            match way {
                MoveTo::Passphrase => assert_eq!(in_keyring, 0, "died at {operations}"),
                MoveTo::Keyring => assert!(in_keyring >= 2 && !dir.path().join("vault.json").exists()),
            }
            hub.shut_down().await;
            if left > 0 {
                break;
            }
            died += 1;
        }
    }
    assert!(died >= 5, "every operation was tried: {died}");
}

#[tokio::test]
async fn a_move_that_cannot_be_leaves_everything_as_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let clock: Arc<dyn Clock> = Arc::new(ManualClock::at("2026-11-20T12:00:00Z".parse().unwrap()));
    let hub = hub_with(dir.path(), by_passphrase(), clock.clone());
    assert_eq!(
        move_to(&hub, DEFAULT, move_request(MoveTo::Passphrase)).await.unwrap_err().code(),
        Code::Conflict
    );
    lock(&hub, DEFAULT, Empty {}).await.unwrap();
    let locked = move_to(&hub, DEFAULT, move_request(MoveTo::Keyring)).await.unwrap_err();
    assert_eq!(locked.code(), Code::SecretStoreLocked);
    assert_eq!(rotate(&hub, DEFAULT, Empty {}).await.unwrap().credentials, 0, "there is nothing to rotate");
    hub.shut_down().await;
    let other = tempfile::tempdir().unwrap();
    let keyring: Arc<dyn SecretStore> = Keyring::new(&Arc::default(), usize::MAX);
    let hub = hub_with(other.path(), SecretsChoice::Kept(keyring), clock);
    let short = MoveRequest { to: MoveTo::Passphrase, passphrase: Some(PassphraseInput::new("short")) };
    assert_eq!(move_to(&hub, DEFAULT, short).await.unwrap_err().code(), Code::InputInvalid);
    assert_eq!(now(&hub).await.0, "keyring");
    assert!(!other.path().join("vault.json").exists() && !other.path().join("vault.json.moving").exists());
    hub.shut_down().await;
}

#[tokio::test]
async fn another_passphrase_opens_the_same_keys() {
    let dir = tempfile::tempdir().unwrap();
    let hub = hub_with(dir.path(), by_passphrase(), Arc::new(SystemClock::new()));
    keep(&hub, DEFAULT, "one").await;
    let change = async |current: &str, new: &str| {
        let (current, new) = (PassphraseInput::new(current), PassphraseInput::new(new));
        change_passphrase(&hub, DEFAULT, ChangePassphraseRequest { current, new }).await
    };
    assert_eq!(change("correct house", "battery staple").await.unwrap_err().code(), Code::PassphraseWrong);
    assert_eq!(change(WORD, "short").await.unwrap_err().code(), Code::InputInvalid);
    assert_eq!(opens(&hub).await, 1);
    assert_eq!(change(WORD, "battery staple").await.unwrap().state, "unlocked");
    // What is sealed from now on opens too, here and after the next start.
    keep(&hub, DEFAULT, "two").await;
    lock(&hub, DEFAULT, Empty {}).await.unwrap();
    assert_eq!(unlock(&hub, DEFAULT, with(WORD)).await.unwrap_err().code(), Code::PassphraseWrong);
    unlock(&hub, DEFAULT, with("battery staple")).await.unwrap();
    assert_eq!(opens(&hub).await, 2);
    hub.shut_down().await;
    drop(hub);
    let again = SecretsChoice::passphrase("battery staple".to_owned());
    let hub = hub_with(dir.path(), again, Arc::new(SystemClock::new()));
    assert_eq!(opens(&hub).await, 2);
    hub.shut_down().await;
}

#[tokio::test]
async fn forgetting_all_keys_keeps_connections_and_says_what_they_want() {
    let dir = tempfile::tempdir().unwrap();
    let clock = Arc::new(ManualClock::at("2026-11-20T12:00:00Z".parse().unwrap()));
    let hub = hub_with(dir.path(), SecretsChoice::Kept(Arc::new(MemoryStore::new())), clock);
    keep(&hub, DEFAULT, "one").await;
    keep(&hub, DEFAULT, "two").await;
    assert_eq!(forget_all(&hub, DEFAULT, Empty {}).await.unwrap().connections, 2);
    let workspace = hub.workspace(DEFAULT).await.unwrap();
    assert!(workspace.store().credentials().await.unwrap().is_empty());
    let one = workspace.connection("one").await.unwrap();
    assert_eq!(one.state, ConnectionState::Stale);
    assert_eq!(one.last_error.unwrap().code(), Code::SecretMissing);
    assert_eq!(now(&hub).await.1, "unused");
    hub.shut_down().await;
}

/// A keyring that is locked and asks a person, who has not answered yet.
struct Asking {
    kept: MemoryStore,
    /// Whether it asks, and how often it did.
    asks: Mutex<(bool, usize)>,
    /// What the person says, once.
    answer: Mutex<Option<std::sync::mpsc::Receiver<bool>>>,
}

impl SecretStore for Asking {
    fn get(&self, name: &str) -> Result<Option<Secret>, VaultError> {
        let mut asks = self.asks.lock().unwrap();
        if asks.0 {
            asks.1 += 1;
            drop(asks);
            let answer = self.answer.lock().unwrap().take();
            if !answer.is_some_and(|answer| answer.recv().unwrap()) {
                return Err(VaultError::Locked);
            }
        }
        self.kept.get(name)
    }
    fn has(&self, name: &str) -> Result<bool, VaultError> {
        if self.asks.lock().unwrap().0 { Err(VaultError::Locked) } else { self.kept.has(name) }
    }
    fn set(&self, name: &str, secret: &Secret) -> Result<(), VaultError> {
        self.kept.set(name, secret)
    }
    fn delete(&self, name: &str) -> Result<(), VaultError> {
        self.kept.delete(name)
    }
    fn kind(&self) -> StoreKind {
        StoreKind::Keyring
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_looks_asks_nobody_and_waits_for_no_answer() {
    let dir = tempfile::tempdir().unwrap();
    let (says, answer) = std::sync::mpsc::channel();
    let keyring =
        Arc::new(Asking { kept: MemoryStore::new(), asks: Mutex::default(), answer: Mutex::new(Some(answer)) });
    let hub = hub_with(dir.path(), SecretsChoice::Kept(keyring.clone()), Arc::new(SystemClock::new()));
    keep(&hub, DEFAULT, "one").await;
    hub.workspace(DEFAULT).await.unwrap().vault().forget_keys();
    keyring.asks.lock().unwrap().0 = true;
    // As a page does that reads again with every event.
    let looks_20_times = async || {
        let began = std::time::Instant::now();
        for _ in 0..20 {
            assert_eq!(now(&hub).await.1, "locked");
            assert_eq!(crate::health::health(&hub, DEFAULT, Empty {}).await.unwrap().secrets, "locked");
        }
        assert!(began.elapsed() < Duration::from_secs(15), "{:?}", began.elapsed());
    };
    looks_20_times().await;
    assert_eq!(keyring.asks.lock().unwrap().1, 0, "a look is no reason for a question");

    // Who wants it open is asked, and waits for the answer. Who looks meanwhile waits for nobody.
    let asker = hub.clone();
    let wish = tokio::spawn(async move { unlock(&asker, DEFAULT, UnlockRequest { passphrase: None }).await });
    while keyring.asks.lock().unwrap().1 == 0 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    looks_20_times().await;
    assert_eq!(keyring.asks.lock().unwrap().1, 1, "one question stands");
    says.send(true).unwrap();
    assert_eq!(wish.await.unwrap().unwrap().state, "unlocked");
    assert_eq!(now(&hub).await.1, "unlocked");
    hub.shut_down().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_keyring_that_is_unlocked_elsewhere_is_noticed_by_the_next_look() {
    let dir = tempfile::tempdir().unwrap();
    let keyring =
        Arc::new(Asking { kept: MemoryStore::new(), asks: Mutex::default(), answer: Mutex::default() });
    let hub = hub_with(dir.path(), SecretsChoice::Kept(keyring.clone()), Arc::new(SystemClock::new()));
    let ready = sandbox::start(&hub, DEFAULT, Empty {}).await.unwrap();
    let workspace = hub.workspace(DEFAULT).await.unwrap();
    workspace.authoriser().forget();
    keyring.asks.lock().unwrap().0 = true;
    let request: RunStartRequest = serde_json::from_value(serde_json::json!({ "chain": ready.chain })).unwrap();
    let run = runs::start(&hub, DEFAULT, request).await.unwrap().id;
    while workspace.run(&run).await.unwrap().state != RunState::Waiting {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    // Long enough that the pause until the next try by itself is a long one.
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(now(&hub).await.1, "locked");

    keyring.asks.lock().unwrap().0 = false;
    assert_eq!(now(&hub).await.1, "unlocked", "nobody has to wait until it is looked at again");
    let done = tokio::time::timeout(Duration::from_secs(20), workspace.wait(&run)).await;
    assert_eq!(done.expect("the run goes on").unwrap(), RunState::Done);
    hub.shut_down().await;
}

/// A keyring that takes its time for every look, and says at last what it is told to say.
struct Late {
    kept: MemoryStore,
    looks: Mutex<usize>,
    answers: Mutex<std::sync::mpsc::Receiver<Result<bool, VaultError>>>,
}

impl SecretStore for Late {
    fn get(&self, name: &str) -> Result<Option<Secret>, VaultError> {
        self.kept.get(name)
    }
    fn has(&self, _: &str) -> Result<bool, VaultError> {
        *self.looks.lock().unwrap() += 1;
        self.answers.lock().unwrap().recv().unwrap()
    }
    fn set(&self, name: &str, secret: &Secret) -> Result<(), VaultError> {
        self.kept.set(name, secret)
    }
    fn delete(&self, name: &str) -> Result<(), VaultError> {
        self.kept.delete(name)
    }
    fn kind(&self) -> StoreKind {
        StoreKind::Keyring
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_slow_keyring_says_late_counts_until_it_says_something_else() {
    let dir = tempfile::tempdir().unwrap();
    let (says, answers) = std::sync::mpsc::channel();
    let keyring =
        Arc::new(Late { kept: MemoryStore::new(), looks: Mutex::default(), answers: Mutex::new(answers) });
    let hub = hub_with(dir.path(), SecretsChoice::Kept(keyring.clone()), Arc::new(SystemClock::new()));
    keep(&hub, DEFAULT, "one").await;
    hub.workspace(DEFAULT).await.unwrap().vault().forget_keys();
    assert_eq!(now(&hub).await.1, "locked", "nothing is known yet");
    let absent = || Err(VaultError::Unavailable("no bus".to_owned()));
    // What it says late; what is said from then on while it thinks again.
    let cases: [(Result<bool, VaultError>, &str); 4] = [
        (absent(), "unavailable"),
        (Err(VaultError::Locked), "locked"),
        (absent(), "unavailable"),
        (Ok(true), "unlocked"),
    ];
    for (number, (late, word)) in cases.into_iter().enumerate() {
        let seq = hub.events().seq();
        says.send(late).unwrap();
        let told = async {
            while hub.events().seq() == seq {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(10), told).await.expect("pages hear that it is different");
        for _ in 0..3 {
            assert_eq!(now(&hub).await.1, word);
        }
        assert_eq!(*keyring.looks.lock().unwrap(), number + 2, "one look at a time");
    }
    // The same again is no news: pages that read with every event would never come to rest.
    let seq = hub.events().seq();
    says.send(Ok(true)).unwrap();
    says.send(Ok(true)).unwrap();
    assert_eq!(now(&hub).await.1, "unlocked");
    assert_eq!(hub.events().seq(), seq);
    hub.shut_down().await;
}
