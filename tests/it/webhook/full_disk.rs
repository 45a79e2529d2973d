//! A disk without room: nothing is acknowledged, nothing is lost, and with room again it goes on by itself.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::json;

use super::{Gate, Message, only};

/// A file system of a few megabytes; none where this user may not mount one.
struct Small(PathBuf);

impl Small {
    fn mount(at: &Path) -> Option<Self> {
        std::fs::create_dir(at).unwrap();
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "size=6m", "tmpfs"]).arg(at).output();
        mounted.is_ok_and(|output| output.status.success()).then(|| Self(at.to_owned()))
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        // Lazily: the database may still be closing.
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_asks_the_sender_to_come_again_and_heals_without_a_new_start() {
    let outer = tempfile::tempdir().unwrap();
    let Some(small) = Small::mount(&outer.path().join("small")) else {
        println!("skipped: this user may not mount a small file system");
        return;
    };
    let folder = tempfile::tempdir_in(&small.0).unwrap();
    let gate = Gate::open_in(folder, only(&json!({
        "verify": {"mode": "none", "because": "the test is about the disk"},
        "deliveryId": {"path": "$.id"},
        "events": [{"stream": "any", "mapping": {"itemsPath": "$", "idPath": "$.id", "timestampPath": "$._event.receivedAt",
            "summaryTemplate": "An event", "signalTypeRules": [], "defaultSignalType": "any"}}],
    })))
    .await;
    let message = |number: u32| Message {
        headers: std::collections::BTreeMap::default(),
        body: json!({ "id": number, "text": "x".repeat(60_000) }).to_string(),
    };
    assert_eq!(gate.send(&message(0)).await, 200);
    gate.settled().await;
    let filler = small.0.join("filler");
    // What is left goes to a file of somebody else's.
    let _ =
        Command::new("dd").arg("if=/dev/zero").arg(format!("of={}", filler.display())).args(["bs=4k"]).output();
    let mut acknowledged = vec![0];
    let mut refused = Vec::new();
    for number in 1..40 {
        match gate.send(&message(number)).await {
            200 => acknowledged.push(number),
            503 => refused.push(number),
            other => panic!("{number} was answered with {other}"),
        }
    }
    assert!(!refused.is_empty(), "the disk was full");
    std::fs::remove_file(&filler).unwrap();
    // The same deliveries again, as senders do.
    for number in refused.iter().take(10) {
        let mut status = gate.send(&message(*number)).await;
        for _ in 0..50 {
            if status == 200 {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            status = gate.send(&message(*number)).await;
        }
        assert_eq!(status, 200, "{number}: with room again it goes on");
        acknowledged.push(*number);
    }
    let seen = gate.settled().await;
    assert_eq!(seen.len(), acknowledged.len(), "what was acknowledged is there, and nothing else");
    let signals = gate.site.store.signal_count(&gate.connection).await.unwrap();
    assert_eq!(signals as usize, acknowledged.len());
}
