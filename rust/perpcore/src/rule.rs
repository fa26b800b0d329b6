//! The registry of rule ids. An id names the function that computes it, the lines of an explanation, the test cases
//! and the page in the documentation.

/// One rule of the core.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// The id, as `margin.orders`.
    pub id: &'static str,
    /// What it computes, in one formula.
    pub formula: &'static str,
    /// Where the formula comes from.
    pub source: &'static str,
    /// The rulebook paths that it reads.
    pub parameters: &'static [&'static str],
}

macro_rules! registry {
    ($($variant:ident $id:literal: $formula:literal, $source:literal, $parameters:expr;)*) => {
        /// Every rule.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Rule {
            $(#[doc = $formula] $variant,)*
        }

        impl Rule {
            /// All rules, in the order of the rules document.
            pub const ALL: &'static [Rule] = &[$(Rule::$variant),*];

            /// The registry's line of this rule.
            pub const fn entry(self) -> &'static Entry {
                match self {
                    $(Rule::$variant => &Entry { id: $id, formula: $formula, source: $source, parameters: &$parameters },)*
                }
            }

            /// The id, as `margin.orders`.
            pub const fn id(self) -> &'static str {
                self.entry().id
            }
        }
    };
}

registry! {
    Rounding "rounding": "total − Σ of its exact lines: collateral and PnL down, funding and requirements up, once a total", "perpcore: exact until the total", [];
    PnlUnrealized "pnl.unrealized": "Q·M − κ", "linear contracts as on all venues", ["instrument.*.contract_size"];
    FundingAccrued "funding.accrued": "Σ of what the account owes and has not paid", "perpcore; see docs/margin.md", [];
    CollateralIsolated "collateral.isolated": "the margin posted to an isolated position", "perpcore; see docs/margin.md", [];
    MarginMaintenance "margin.maintenance": "Σ slice of |Q|·M × maintenance rate of its tier; beyond the last cap 100 %", "notional tiers as published by Binance, OKX and HashKey", ["instrument.*.tiers"];
    MarginInitial "margin.initial": "bracket: N × max(⌈1/L⌉, rate of the tier N falls in); marginal: Σ slice × max(⌈1/L⌉, rate); beyond the last cap 100 %; N at the larger fill of the own orders", "Bybit and HashKey (bracket), Binance (marginal)", ["instrument.*.tiers", "instrument.*.initial_method"];
    MarginMaintenanceFee "margin.maintenance_fee": "|Q|·M × rate, in both requirements", "a charge for closing, as on Bybit", ["instrument.*.maintenance_fee"];
    MarginLiability "margin.liability": "|debt| × price × rate, for assets other than the settlement currency", "liability margin as on OKX and Bybit", ["asset.*.liability"];
    MarginOrders "margin.orders": "max(loss + fee of the bids, loss + fee of the asks), beside the larger fill in margin.initial; for an isolated position the whole increase", "order margin as on BitMEX and Binance", ["venue.fees"];
    PortfolioScenarios "portfolio.scenarios": "zero; all underlyings k/n·range·scale; one alone; one against all others; large moves of which a part counts; or a supplied table", "scan ranges as in CME SPAN, extended moves as on Deribit and OKX", ["portfolio.families", "portfolio.steps", "portfolio.underlying.*.range", "portfolio.extended"];
    PortfolioRisk "portfolio.risk": "max(0, worst of −Σ PnL, gains × offset_credit), PnL = (Σ Q·M + haircut value) × move; or its expected shortfall", "portfolio margin as on Deribit, OKX and Cboe; expected shortfall as in the Basel market risk rules", ["portfolio.enabled", "portfolio.offset_credit", "portfolio.measure", "portfolio.im_factor", "portfolio.mm_factor"];
    PortfolioBasis "portfolio.basis": "Σ|Q|·M × basis rate of the underlying", "basis charge as on OKX", ["portfolio.underlying.*.basis"];
    PortfolioConcentration "portfolio.concentration": "Σ slice of |Σ Q·M| of an underlying × rate; beyond the last cap 100 %", "concentration charge as on Deribit and CME", ["portfolio.underlying.*.concentration"];
    PortfolioMinimum "portfolio.minimum": "what the others lack of Σ|Q|·M × minimum", "minimum charge as on OKX", ["portfolio.minimum"];
    CollateralHaircut "collateral.haircut": "Σ slice × price × (1 − haircut), by quantity up to account_cap; beyond the last slice 0; debts in full", "discount tiers as on OKX and Bybit", ["asset.*.eligible", "asset.*.haircut", "asset.*.account_cap"];
    ProfitCredit "equity.profit_credit": "opening equity = equity − ⌈(1 − profit_credit)·G⌉, G = max(0, PnL − accrued funding)", "perpcore; see docs/margin.md", ["venue.profit_credit"];
    NetValue "equity.net_value": "⌊Σ eligible balances × price × (1 − close_cost), debts in full⌋ + PnL − accrued funding", "perpcore; see docs/margin.md", ["asset.*.close_cost"];
    Withdrawable "equity.withdrawable": "max(0, equity − G − max(IM, ⌈withdraw_ratio·N⌉))", "perpcore; see docs/margin.md", ["venue.withdraw_ratio"];
    LiquidationPrice "threshold.liquidation": "the farthest tick on either side of the mark at which equity ≥ MM, where every mark and asset price of the underlying moves by p/M; the mark itself where no tick is; where equity − MM rises by less than 1/100 of a unit of 10⁻⁸ a tick, the first tick inside the exact root", "perpcore; see docs/margin.md", ["instrument.*.tick", "instrument.*.underlying", "asset.*.underlying"];
    IndexValue "index.value": "live sources by group: the weighted mean of the groups, each within ±max_deviation of their median, none with more than max(max_group_weight, 1/groups) of the weight; half to even", "multi-venue indices as of Deribit, Binance and BitMEX", ["underlying.*.sources", "underlying.*.rates", "underlying.*.index"];
    IndexState "index.state": "live, thin, protected, frozen, halted: by live groups, jumps, agreement of samples and time", "perpcore; see docs/pricing.md", ["underlying.*.index"];
    MarkMedian3 "mark.median3": "median of I·(1 + F·t_left/T), I + mean basis of 30 s, and the book; within ±band of I", "mark prices as of Binance and OKX", ["instrument.*.mark", "instrument.*.funding.every"];
    MarkFairBasis "mark.fair_basis": "I·(1 + EMA of the impact mid / I − 1), within ±band of I", "fair price marking as on BitMEX and Deribit", ["instrument.*.mark", "instrument.*.tiers"];
    MarkEma "mark.ema": "num ← num·dⁿ + x·n, den ← den·dⁿ + n over n whole seconds; num / den", "averages over irregular steps as on Hyperliquid", ["instrument.*.mark.ema"];
    FundingPremium "funding.premium": "[max(0, impact bid − I) − max(0, I − impact ask)] / I", "premium index as on Binance and BitMEX", ["instrument.*.funding.impact_notional", "instrument.*.funding.sample"];
    FundingRate "funding.rate": "clamp((P̄ + clamp(interest − P̄, ±dead zone))·T/8h, ±cap)·valid/slots, P̄ by slot number; 0 below min_coverage", "funding rates as on Binance and BitMEX, caps as on dYdX", ["instrument.*.funding", "instrument.*.tiers"];
    FundingSettle "funding.settle": "−Q·M·F an account, rounded down; the remainder to rounding", "perpcore; see docs/pricing.md", [];
    SettlePrice "settle.price": "the time-weighted index of the settlement window, else the last in quorum; another one if approved twice and within those of the last hour", "final settlement averages as of CME and Deribit", ["instrument.*.settlement_window"];
    BankruptcyPrice "threshold.bankruptcy": "|Q|·M ∓ w·net value as an amount, w = MM/ΣMM, else by notional; at least a tick; a long's proceeds up, a short's cost down", "bankruptcy prices as on BitMEX and Deribit", [];
    LiquidationStep "liquidation.step": "the least s of step, 2·step, … 1 with MM((1 − s)·Q) < target·(equity − fee(s)); 1 below close_out", "partial liquidation as on Binance and Bybit", ["liquidation.step", "liquidation.target", "liquidation.close_out"];
    LiquidationBook "liquidation.book": "orders end, collateral is converted, positions are closed in the book, within the bankruptcy amount and depth_share of a side a second", "liquidation as on Deribit and BitMEX", ["liquidation.depth_share", "instrument.*.collar"];
    LiquidationFee "liquidation.fee": "⌈rate × fill⌉, at most ⌊what is left above bankruptcy⌋, to the fund", "liquidation fees as on Binance and Bybit", ["liquidation.fee"];
    LiquidationBackstop "liquidation.backstop": "registered providers, pro rata by capacity, at M − share·(M − P_b); the rest to the fund", "backstop liquidity as on dYdX and Drift", ["liquidation.backstop_share"];
    LiquidationFund "liquidation.fund": "the fund pays what a fill within max_slippage lacks to the bankruptcy amount, within its budgets", "insurance funds as on BitMEX and Binance", ["liquidation.fund"];
    LiquidationAdl "liquidation.adl": "the opposite side closes the rest at the bankruptcy amount; nobody below net value 0 or by more than its gain", "auto-deleveraging as on BitMEX and Binance", ["liquidation.adl"];
    AdlRank "adl.rank": "score: winners PnL/|κ| × MM/net value, then losers PnL/|κ| ÷ it; pro_rata by quantity; minimax the highest MM/net value first until level", "ranking as on Binance and Bybit; pro rata and minimax: perpcore", ["liquidation.adl"];
    LiquidationLastResort "liquidation.last_resort": "the rest passes at M to the opposite side pro rata; the deficit is cut pro rata from all gains", "loss sharing as on OKX; perpcore, see docs/liquidation.md", [];
    LedgerDeposit "ledger.deposit": "money from outside to a wallet", "perpcore; see docs/venue.md", ["asset.*.platform_cap"];
    LedgerWithdraw "ledger.withdraw": "money from a wallet to outside, after a request that was confirmed", "perpcore; see docs/venue.md", ["venue.withdraw_ratio", "venue.outflow_per_hour"];
    LedgerTransfer "ledger.transfer": "money between accounts of one client", "perpcore; see docs/venue.md", [];
    LedgerTopup "ledger.topup": "money to the fund or the converter", "perpcore; see docs/venue.md", [];
    LedgerFee "ledger.fee": "q·p × rate of the side, up; a rebate down and at most what was collected", "maker and taker fees as on all venues", ["venue.fees"];
    LedgerIsolated "ledger.isolated": "⌈IM(|Q'|·M)⌉ − ⌈IM(|Q|·M)⌉ and the loss of what was opened against M, from the wallet to the isolated position", "isolated margin as on Binance and Bybit", ["instrument.*.tiers"];
    LedgerConvert "ledger.convert": "the least of an asset that brings what is missing at price × (1 − close_cost), against the converter or the fund", "auto-conversion as on OKX and Bybit", ["venue.conversion_order", "asset.*.close_cost"];
    LedgerSettle "ledger.settle": "cash += ⌊Q·S − κ⌋, κ := Q·S; the remainder to rounding", "daily settlement as on CME", ["venue.settle_every"];
    CommandForm "command.form": "a row is a command: what its kind needs, within bounds, at a time that does not run back", "perpcore; see docs/venue.md", [];
    BookOrder "book.order": "an order's form, name, life, and what it meets", "order types as on all venues", ["venue.client_id_window", "venue.rates.max_age"];
    GatePhase "gate.phase": "what the phase of an instrument admits, and which phases lead to which", "trading phases as on exchanges", ["underlying.*.eligible"];
    GateSize "gate.size": "limits on the tick, quantities on the lot, within min_size and max_size", "contract terms as on all venues", ["instrument.*.tick", "instrument.*.lot", "instrument.*.min_size", "instrument.*.max_size"];
    MarketCollar "market.collar": "reference × (1 ± width), for the aggressive side", "price collars as on CME", ["instrument.*.collar"];
    GateHalt "gate.halt": "no order of who is halted, and an end to those that rest", "kill switch; perpcore, see docs/controls.md", [];
    GateBreaker "gate.breaker": "highest equity of the last 60 s − equity > loss_per_minute × equity, or Σ filled notional > turnover_per_minute × equity, flows left out", "perpcore; see docs/controls.md", ["venue.breaker"];
    RulebookApprove "rulebook.approve": "a rulebook is in force, and opens, only under a digest that was approved", "perpcore; see docs/controls.md", ["venue.changes.approved"];
    RulebookActivate "rulebook.activate": "at its effective time, after delay where it loosens, not where it forces notional unless confirmed", "perpcore; see docs/controls.md", ["venue.changes.delay"];
    GateAccount "gate.account": "what an account must be to open: not held, admitted, its proofs not over", "perpcore; see docs/venue.md", ["client"];
    GateLimits "gate.limits": "orders, orders a second and positions of account, client and group; open interest with the order", "position and open interest limits as on Binance and dYdX", ["venue.rates", "instrument.*.limits"];
    GateMargin "gate.margin": "opening equity ≥ IM with the order, or an order that reduces risk", "order margin as on BitMEX and Binance", ["venue.fees"];
    GateFill "gate.fill": "after a fill equity ≥ MM, or Q = 0 and net value ≥ 0, or equity/MM not lower and net value ≥ 0", "perpcore; see docs/venue.md", [];
    GatePrune "gate.prune": "below IM orders that add risk end, the least aggressive first", "perpcore; see docs/venue.md", [];
    Impact "impact": "X quote notional walked through a side: X / base bought, half to even; none where the side is too thin", "impact bid and ask as on Binance and BitMEX", ["instrument.*.funding.impact_notional"];
    Status "status": "undecided, bankrupt, liquidation, margin_call, restricted, healthy: the first that applies", "perpcore; see docs/margin.md", ["venue.call_factor", "underlying.*.index.thin"];
}
