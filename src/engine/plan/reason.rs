//! Why a change has its risk: the reasons that are kept, and the risk they make.
//!
//! What must stay true: of each risk some are kept by name, so that the highest is that of all of them.

use crate::domain::risk::{self, Risk, RiskReason};
use std::collections::BTreeMap;

/// Reasons as they come; of many alike, a few are kept by name and the rest by number.
#[derive(Default)]
pub(super) struct Reasons {
    kept: Vec<RiskReason>,
    more: BTreeMap<Risk, usize>,
}

impl Reasons {
    const KEPT: usize = 20;

    pub(super) fn add(&mut self, reasons: impl IntoIterator<Item = RiskReason>) {
        for reason in reasons {
            self.add_one(reason.risk, || reason);
        }
    }

    /// A reason that is only worded where it is kept.
    pub(super) fn add_one(&mut self, risk: Risk, reason: impl FnOnce() -> RiskReason) {
        let alike = self.kept.iter().filter(|kept| kept.risk == risk).count();
        if alike < Self::KEPT {
            self.kept.push(reason());
        } else {
            *self.more.entry(risk).or_default() += 1;
        }
    }

    pub(super) fn highest(&self) -> Risk {
        risk::highest(&self.kept)
    }

    pub(super) fn finish(self) -> Vec<RiskReason> {
        let mut reasons = self.kept;
        for (risk, count) in self.more {
            reasons.push(RiskReason {
                risk,
                path: None,
                reason: format!("{count} more reasons for {risk} risk."),
            });
        }
        reasons.sort_by_key(|reason| std::cmp::Reverse(reason.risk));
        reasons
    }
}
