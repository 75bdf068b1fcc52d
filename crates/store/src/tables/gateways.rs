//! What payment gateways said: of attempts, of refunds, and by callbacks. It stands beside the trees, so that no
//! tree changes because somebody was asked.

use crate::sql::ask::Query;
use crate::sql::statement::Statement;
use crate::sql::value::{Kind, Row, Value};
use crate::{Store, StoreError};
use docket_domain::{Id, Time};

/// What a gateway said last of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GatewayPayment {
    /// The attempt; also the number that the gateway knows it by.
    pub attempt: Id,
    /// The payment order's number.
    pub tree: Id,
    /// As the config calls it.
    pub gateway: String,
    /// The word of its state there; `starting` before the first answer.
    pub state: String,
    /// The gateway's number of it.
    pub reference: Option<String>,
    /// Where the payer pays.
    pub pay_url: Option<String>,
    /// What is wrong with the last answer, if anything is.
    pub trouble: Option<String>,
    /// When it was last heard of.
    pub at: Time,
}

impl GatewayPayment {
    fn query(which: &str, id: Id) -> Query {
        let sql = format!("SELECT {} FROM gateway_payment WHERE {which}", Self::COLUMNS);
        Query {
            table: "gateway_payment",
            sql,
            kinds: Self::KINDS.to_vec(),
            values: vec![id.into()],
        }
    }

    /// What was said of the attempts of a tree.
    pub(crate) fn of_tree(tree: Id) -> Query {
        Self::query("tree = ?", tree)
    }

    const COLUMNS: &'static str = "attempt, tree, gateway, state, reference, pay_url, trouble, at";
    const KINDS: [Kind; 8] = [
        Kind::Int,
        Kind::Int,
        Kind::Text,
        Kind::Text,
        Kind::Text,
        Kind::Text,
        Kind::Text,
        Kind::Int,
    ];

    /// Notes that an attempt is about to be started, unless that is known.
    pub fn begin(attempt: Id, tree: Id, gateway: &str, at: Time) -> Statement {
        let sql = "INSERT INTO gateway_payment (attempt, tree, gateway, state, at) \
                   SELECT ?, ?, ?, 'starting', ? FROM (SELECT 1 AS one) AS once \
                   WHERE NOT EXISTS (SELECT 1 FROM gateway_payment WHERE attempt = ?)";
        let values = vec![attempt.into(), tree.into(), gateway.into(), at.into(), attempt.into()];
        Statement::any(sql, values)
    }

    /// Notes what was said; what was not said anew stays.
    pub fn told(self) -> Statement {
        let sql = "UPDATE gateway_payment SET state = ?, reference = COALESCE(?, reference), \
                   pay_url = COALESCE(?, pay_url), trouble = ?, at = ? WHERE attempt = ?";
        let Self { attempt, state, reference, pay_url, trouble, at, .. } = self;
        let values: Vec<Value> = vec![
            state.into(),
            reference.into(),
            pay_url.into(),
            trouble.into(),
            at.into(),
            attempt.into(),
        ];
        Statement::any(sql, values)
    }

    pub(crate) fn of(mut row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            attempt: row.id()?,
            tree: row.id()?,
            gateway: row.text()?,
            state: row.text()?,
            reference: row.text_or_null()?,
            pay_url: row.text_or_null()?,
            trouble: row.text_or_null()?,
            at: row.time()?,
        })
    }
}

/// What a gateway said last of money that goes back by one payment for one refund.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GatewayRefund {
    /// The refund, or the refund due.
    pub refund: Id,
    /// The payment that gives it.
    pub payment: Id,
    /// Their order.
    pub tree: Id,
    /// As the config calls it.
    pub gateway: String,
    /// Minor units of the try.
    pub amount: i64,
    /// Which try it is, from 1; each has a key of its own at the gateway.
    pub try_no: u32,
    /// Which drawing of the refund it is for.
    pub round: u32,
    /// The first try for that.
    pub round_from: u32,
    /// `asked`, `done` or `failed`.
    pub state: String,
    /// The gateway's number of it, once it is done.
    pub reference: Option<String>,
    /// Why it failed, if it did.
    pub trouble: Option<String>,
    /// When it was last heard of.
    pub at: Time,
}

impl GatewayRefund {
    const COLUMNS: &'static str = "refund, payment, tree, gateway, amount, try_no, round, \
                                   round_from, state, reference, trouble, at";
    const KINDS: [Kind; 12] = [
        Kind::Int,
        Kind::Int,
        Kind::Int,
        Kind::Text,
        Kind::Int,
        Kind::Int,
        Kind::Int,
        Kind::Int,
        Kind::Text,
        Kind::Text,
        Kind::Text,
        Kind::Int,
    ];

    /// Writes the first try.
    pub fn begin(self) -> Statement {
        let sql = "INSERT INTO gateway_refund (refund, payment, tree, gateway, amount, try_no, \
                   round, round_from, state, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
        let values: Vec<Value> = vec![
            self.refund.into(),
            self.payment.into(),
            self.tree.into(),
            self.gateway.into(),
            Value::Int(self.amount),
            self.try_no.into(),
            self.round.into(),
            self.round_from.into(),
            self.state.into(),
            self.at.into(),
        ];
        Statement { sql, values, must_match: Some(1) }
    }

    /// Writes this try, or how it ended, over try `over`.
    pub fn follow(self, over: u32) -> Statement {
        let sql = "UPDATE gateway_refund SET amount = ?, try_no = ?, round = ?, round_from = ?, \
                   state = ?, reference = ?, trouble = ?, at = ? \
                   WHERE refund = ? AND payment = ? AND try_no = ?";
        let values: Vec<Value> = vec![
            Value::Int(self.amount),
            self.try_no.into(),
            self.round.into(),
            self.round_from.into(),
            self.state.into(),
            self.reference.into(),
            self.trouble.into(),
            self.at.into(),
            self.refund.into(),
            self.payment.into(),
            over.into(),
        ];
        Statement::any(sql, values)
    }

    fn of(mut row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            refund: row.id()?,
            payment: row.id()?,
            tree: row.id()?,
            gateway: row.text()?,
            amount: row.int()?,
            try_no: row.int()? as u32,
            round: row.int()? as u32,
            round_from: row.int()? as u32,
            state: row.text()?,
            reference: row.text_or_null()?,
            trouble: row.text_or_null()?,
            at: row.time()?,
        })
    }
}

/// A callback that came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallbackRow {
    /// Our number for it.
    pub id: Id,
    /// The gateway at whose address it came.
    pub gateway: String,
    /// When.
    pub came_at: Time,
    /// `payment`, `refund`, or `nothing` where it could not be read.
    pub about: String,
    /// Our number of that, as it was told.
    pub key: String,
    /// How it is said to stand.
    pub told: String,
    /// What we made of it.
    pub verdict: String,
    /// The order, where there is one.
    pub tree: Option<Id>,
}

/// Which callbacks are listed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CallbackFilter {
    /// Of this gateway alone.
    pub gateway: Option<String>,
    /// Newer ones were on the page before.
    pub before: Option<Id>,
    /// At most so many.
    pub limit: usize,
}

impl CallbackRow {
    const COLUMNS: &'static str = "id, gateway, came_at, about, about_key, told, verdict, tree";
    const KINDS: [Kind; 8] = [
        Kind::Int,
        Kind::Text,
        Kind::Int,
        Kind::Text,
        Kind::Text,
        Kind::Text,
        Kind::Text,
        Kind::Int,
    ];

    /// Adds it.
    pub fn add(self) -> Statement {
        let sql = "INSERT INTO gateway_callback (id, gateway, came_at, about, about_key, told, \
                   verdict, tree) VALUES (?, ?, ?, ?, ?, ?, ?, ?)";
        let values: Vec<Value> = vec![
            self.id.into(),
            self.gateway.into(),
            self.came_at.into(),
            self.about.into(),
            self.key.into(),
            self.told.into(),
            self.verdict.into(),
            self.tree.into(),
        ];
        Statement::any(sql, values)
    }

    /// Forgets those that came before `before`.
    pub fn forget_before(before: Time) -> Statement {
        Statement::any("DELETE FROM gateway_callback WHERE came_at < ?", vec![before.into()])
    }

    fn of(mut row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.id()?,
            gateway: row.text()?,
            came_at: row.time()?,
            about: row.text()?,
            key: row.text()?,
            told: row.text()?,
            verdict: row.text()?,
            tree: row.int_or_null()?.map(Id),
        })
    }
}

impl Store {
    /// What was said of an attempt.
    pub async fn gateway_payment(&self, attempt: Id) -> Result<Option<GatewayPayment>, StoreError> {
        let [rows] = self.rows_together([GatewayPayment::query("attempt = ?", attempt)]).await?;
        rows.into_iter().next().map(GatewayPayment::of).transpose()
    }

    /// What was said of the attempts of a tree.
    pub async fn gateway_payments(&self, tree: Id) -> Result<Vec<GatewayPayment>, StoreError> {
        let [rows] = self.rows_together([GatewayPayment::of_tree(tree)]).await?;
        rows.into_iter().map(GatewayPayment::of).collect()
    }

    /// What was said of the money that `payment` gives for `refund`.
    pub async fn gateway_refund(
        &self,
        refund: Id,
        payment: Id,
    ) -> Result<Option<GatewayRefund>, StoreError> {
        let columns = GatewayRefund::COLUMNS;
        let sql = format!("SELECT {columns} FROM gateway_refund WHERE refund = ? AND payment = ?");
        let values = vec![refund.into(), payment.into()];
        let rows = self.rows("gateway_refund", sql, &GatewayRefund::KINDS, values).await?;
        rows.into_iter().next().map(GatewayRefund::of).transpose()
    }

    /// Callbacks before `before`, newest first, at most `limit`.
    pub async fn callbacks(
        &self,
        before: Option<Id>,
        limit: usize,
    ) -> Result<Vec<CallbackRow>, StoreError> {
        let columns = CallbackRow::COLUMNS;
        let sql = format!(
            "SELECT {columns} FROM gateway_callback WHERE id < ? ORDER BY id DESC LIMIT {limit}"
        );
        let values = vec![before.unwrap_or(Id(i64::MAX)).into()];
        let rows = self.rows("gateway_callback", sql, &CallbackRow::KINDS, values).await?;
        rows.into_iter().map(CallbackRow::of).collect()
    }
}
