//! Exit codes: 0 done, 1 failed, 2 wrong use, 3 done with problems, 4 needs you.

use std::process::ExitCode;

use patchbay_model::problem::{Code, Problem, Retry};

use crate::args::Args;
use crate::print;

pub(crate) const DONE: u8 = 0;
pub(crate) const FAILED: u8 = 1;
pub(crate) const WRONG_USE: u8 = 2;
pub(crate) const WITH_PROBLEMS: u8 = 3;
pub(crate) const NEEDS_YOU: u8 = 4;

/// Says the problem and gives its exit code.
pub(crate) fn of_problem(args: &Args, problem: &Problem) -> ExitCode {
    print::problem(args.json, problem);
    ExitCode::from(code(problem))
}

/// The exit code of a problem: needs you where only a person can mend it.
pub(crate) fn code(problem: &Problem) -> u8 {
    match (problem.code(), problem.code().retry()) {
        (Code::InputInvalid, _) => WRONG_USE,
        (Code::DescriptorInvalid | Code::StorageNewer | Code::PortInUse, _) => FAILED,
        (Code::SecretStoreLocked | Code::NetworkUnreadable, _) | (_, Retry::User) => NEEDS_YOU,
        (_, Retry::Never | Retry::Safe | Retry::Wait) => FAILED,
    }
}

/// The exit code of a run's state, as it is named on the wire.
pub(crate) fn of_state(state: &str) -> u8 {
    match state {
        "done" | "queued" | "running" | "waiting" => DONE,
        "done_with_problems" => WITH_PROBLEMS,
        "needs_you" | "paused" => NEEDS_YOU,
        _ => FAILED,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_of_problems() {
        let cases = [
            (Code::InputInvalid, WRONG_USE),
            (Code::AuthInvalid, NEEDS_YOU),
            (Code::SecretStoreLocked, NEEDS_YOU),
            (Code::NetworkUnreadable, NEEDS_YOU),
            (Code::UnknownOutcome, NEEDS_YOU),
            (Code::ServiceDown, FAILED),
            (Code::Conflict, FAILED),
            (Code::InUse, FAILED),
            (Code::DescriptorInvalid, FAILED),
        ];
        for (problem, want) in cases {
            assert_eq!(code(&Problem::new(problem)), want, "{problem}");
        }
    }
}
