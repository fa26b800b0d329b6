//! Who an account is, and what is known of it from one command to the next.

use super::breaker::Pulse;
use super::state::Pace;
use crate::margin::status::Status;
use crate::message::{Class, Flags, Refusal, Settings};

/// An account that was opened.
#[derive(Clone, Debug)]
pub(super) struct Member {
    /// Its place among all in the order of their opening.
    pub(super) opened: u32,
    pub(super) closed: bool,
    pub(super) client: u32,
    pub(super) group: u32,
    pub(super) class: Class,
    pub(super) portfolio: bool,
    /// In g; 0 for none.
    pub(super) leverage: i64,
    pub(super) fee_tier: usize,
    pub(super) investor_until: Option<i64>,
    pub(super) knowledge_until: Option<i64>,
    pub(super) flags: Flags,
    /// Whether its orders are halted, whoever its client and whatever its class.
    pub(super) halted: bool,
    /// Why its breaker tripped, until it is released.
    pub(super) tripped: Option<Box<Refusal>>,
    /// What it traded within a minute, where the rulebook has a breaker.
    pub(super) pulse: Option<Box<Pulse>>,
    /// Whether it traded in this command, where the rulebook has a breaker.
    pub(super) traded: bool,
    /// When its orders end unless another time is told before.
    pub(super) deadman: Option<i64>,
    /// The second of its last orders, and how many there were in it.
    pub(super) pace: Pace,
    /// The status of the cross bucket.
    pub(super) status: Status,
    /// The statuses of the isolated buckets by instrument.
    pub(super) isolated: Vec<(u32, Status)>,
    /// Whether it is to be looked at when the command is done.
    pub(super) touched: bool,
}

impl Member {
    /// An account as it is opened.
    pub(super) fn new(opened: u32, alone: u32, settings: &Settings, standard_tier: usize) -> Member {
        let mut member = Member {
            opened,
            closed: false,
            client: alone,
            group: alone,
            class: Class::Professional,
            portfolio: false,
            leverage: 0,
            fee_tier: standard_tier,
            investor_until: None,
            knowledge_until: None,
            flags: Flags::default(),
            halted: false,
            tripped: None,
            pulse: None,
            traded: false,
            deadman: None,
            pace: Pace::default(),
            status: Status::Healthy,
            isolated: Vec::new(),
            touched: false,
        };
        member.set(settings);
        member
    }

    /// Sets what is said.
    pub(super) fn set(&mut self, settings: &Settings) {
        let Settings { client, group, class, portfolio, leverage, key, fee_tier, .. } = *settings;
        self.client = client.unwrap_or(self.client);
        self.group = group.unwrap_or(self.group);
        self.class = class.unwrap_or(self.class);
        self.portfolio = portfolio.unwrap_or(self.portfolio);
        self.fee_tier = fee_tier.map_or(self.fee_tier, |tier| tier as usize);
        if key.is_none() {
            self.leverage = leverage.unwrap_or(self.leverage);
        }
        self.investor_until = settings.investor_until.or(self.investor_until);
        self.knowledge_until = settings.knowledge_until.or(self.knowledge_until);
    }
}
