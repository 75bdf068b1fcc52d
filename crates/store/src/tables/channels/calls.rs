//! Calls to marketplaces by the hour, counted by each process in a row of its own: all of them see the sum.

use crate::sql::statement::Statement;
use crate::sql::value::Kind::{Int, Text};
use crate::sql::value::Value;
use crate::{Store, StoreError};

/// What one process asked one marketplace in one hour.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallsRow {
    /// The marketplace.
    pub channel: String,
    /// Hours since 1970.
    pub hour: i64,
    /// Which process.
    pub process: String,
    /// Requests sent.
    pub calls: u64,
    /// Those that were answered by a fault, or not at all.
    pub failed: u64,
    /// Those that were throttled.
    pub throttled: u64,
}

/// What all processes asked one marketplace.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Calls {
    /// The marketplace.
    pub channel: String,
    /// Requests sent.
    pub calls: u64,
    /// Those that were answered by a fault, or not at all.
    pub failed: u64,
    /// Those that were throttled.
    pub throttled: u64,
}

impl CallsRow {
    /// Puts it in the place of what the process said before.
    pub fn put(self) -> Statement {
        let sql = "REPLACE INTO channel_call (channel, hour, process, calls, failed, throttled) \
                   VALUES (?, ?, ?, ?, ?, ?)";
        let values: Vec<Value> = vec![
            self.channel.into(),
            Value::Int(self.hour),
            self.process.into(),
            Value::Int(self.calls as i64),
            Value::Int(self.failed as i64),
            Value::Int(self.throttled as i64),
        ];
        Statement::any(sql, values)
    }

    /// Forgets what was counted before `hour`.
    pub fn forget(hour: i64) -> Statement {
        Statement::any("DELETE FROM channel_call WHERE hour < ?", vec![Value::Int(hour)])
    }
}

impl Store {
    /// What was asked of each marketplace since `hour`.
    pub async fn channel_calls(&self, hour: i64) -> Result<Vec<Calls>, StoreError> {
        let sql = "SELECT channel, CAST(SUM(calls) AS SIGNED), CAST(SUM(failed) AS SIGNED), \
                   CAST(SUM(throttled) AS SIGNED) FROM channel_call WHERE hour >= ? \
                   GROUP BY channel ORDER BY channel";
        let kinds = [Text, Int, Int, Int];
        let rows = self.rows("channel_call", sql, &kinds, vec![Value::Int(hour)]).await?;
        let read = rows.into_iter().map(|mut row| {
            Ok(Calls {
                channel: row.text()?,
                calls: row.int()? as u64,
                failed: row.int()? as u64,
                throttled: row.int()? as u64,
            })
        });
        read.collect()
    }
}
