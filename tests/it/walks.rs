//! The acceptance walks, in Chromium against `serve`: the real engine, the real sandbox.

use patchbay_descriptor::Catalogue;
use patchbay_tests::newcomer::Newcomer;
use patchbay_tests::prism::github_issues;
use patchbay_tests::{Crowd, SandboxProcess, Served, walks_possible};
use serde_json::json;

#[test]
fn walk_01_new_user_to_green_run() {
    if walks_possible() {
        Served::start().walk("walk_01", &json!({}));
    }
}

#[test]
fn walk_02_build_one_from_nothing() {
    if walks_possible() {
        Served::start().walk("walk_02", &json!({}));
    }
}

#[test]
fn walk_03_connect_by_key() {
    if walks_possible() {
        let github = github_issues();
        Served::start().walk(
            "walk_03",
            &json!({ "service": github.url(), "token": "github_pat_not-a-real-key-but-long-enough" }),
        );
    }
}

#[test]
fn walk_04_sign_in_and_again_as_somebody_else() {
    if walks_possible() {
        let sandbox = SandboxProcess::start();
        Served::start().walk("sign_in", &json!({ "sandbox": sandbox.url, "access": sandbox.access }));
    }
}

#[test]
fn a_sign_in_that_the_engine_did_not_outlive_is_said_to_be_interrupted() {
    if walks_possible() {
        let sandbox = SandboxProcess::start();
        let facts = json!({ "access": sandbox.access });
        Served::start().walk_meanwhile("sign_in_interrupted", &facts, |line, served| match line {
            "restart" => served.restart(),
            other => panic!("{other}"),
        });
    }
}

#[test]
fn walk_05_expired_sign_in() {
    if walks_possible() {
        let sandbox = SandboxProcess::start();
        Served::start().walk("walk_05", &json!({ "sandbox": sandbox.url, "access": sandbox.access }));
    }
}

#[test]
fn walk_06_the_check_saves_a_bad_run() {
    if walks_possible() {
        Served::start().walk("walk_06", &json!({}));
    }
}

#[test]
fn walk_07_fail_in_the_middle() {
    if walks_possible() {
        Served::start().walk("walk_07", &json!({}));
    }
}

#[test]
fn data_is_pinned_and_built_on_and_runs_do_less_than_their_chain() {
    if walks_possible() {
        Served::start().walk("chain_data", &json!({}));
    }
}

#[test]
fn chains_branch_begin_with_templates_and_are_passed_on() {
    if walks_possible() {
        Served::start().walk("chains", &json!({}));
    }
}

#[test]
fn walk_08_find_it() {
    if walks_possible() {
        let crowd = Crowd { connectors: 500, runs: 10_000, signals: 20_000, long_chains: false };
        Served::crowded(&crowd).walk(
            "walk_08",
            &json!({ "connectors": crowd.connectors, "runs": crowd.runs, "signals": crowd.signals }),
        );
    }
}

#[test]
fn walk_09_offline_and_back() {
    if walks_possible() {
        Served::start().walk("walk_09", &json!({}));
    }
}

#[test]
fn walk_10_by_what_a_screen_reader_is_told() {
    if walks_possible() {
        Served::start().walk("walk_10", &json!({}));
    }
}

#[test]
fn walk_11_themes_and_motion() {
    if walks_possible() {
        Served::start().walk("walk_11", &json!({}));
    }
}

#[test]
fn walk_12_own_connector() {
    if walks_possible() {
        Served::start().walk("walk_12", &json!({}));
    }
}

#[test]
fn keys_are_locked_exported_taken_in_and_forgotten() {
    if walks_possible() {
        Served::start().walk("locked", &json!({}));
    }
}

#[test]
fn what_came_in_is_looked_through_put_away_and_found() {
    if walks_possible() {
        Served::start().walk("inbox", &json!({}));
    }
}

#[test]
fn engine_settings_given_up_work_the_trail_and_a_sample_are_at_hand() {
    if walks_possible() {
        Served::start().walk("upkeep", &json!({}));
    }
}

#[test]
fn every_page_says_that_it_waits_that_it_failed_that_nothing_matches_and_that_it_is_old() {
    if walks_possible() {
        Served::start().walk("states", &json!({}));
    }
}

#[test]
fn the_way_to_services_and_the_passphrase_are_changed_in_settings() {
    if walks_possible() {
        Served::start().walk("network", &json!({}));
    }
}

#[test]
fn a_service_that_nobody_trusts_leads_to_the_networks_settings_and_back() {
    if walks_possible() {
        let sandbox = SandboxProcess::start();
        Served::start().walk("untrusted", &json!({ "access": sandbox.access }));
    }
}

#[test]
fn a_newcomer_gets_through_the_wizard_of_each_connector() {
    if walks_possible() {
        let served = Served::start();
        let catalogue = Catalogue::built_in();
        let all: Vec<_> = catalogue.all().map(|descriptor| Newcomer::new(&served, descriptor)).collect();
        let newcomers: Vec<_> = all.iter().map(Newcomer::told).collect();
        served.walk("newcomer", &json!({ "newcomers": newcomers }));
    }
}
