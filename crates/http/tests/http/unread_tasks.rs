//! Tasks that say nothing that their kind understands.

use crate::center::TestCenter;
use crate::tasks::{row, task};
use docket_domain::words::TaskState;
use std::time::Duration;

/// Of every kind that is told something: what an earlier or later release wrote is not guessed at.
#[tokio::test(flavor = "multi_thread")]
async fn a_task_that_cannot_be_read_is_dead_with_its_reason() {
    let center = TestCenter::start().await;
    let kinds = [
        "placement",
        "webhook",
        "webhook_test",
        "webhook_replay",
        "fill",
        "mirror",
        "ledger",
        "gateway_payment",
        "gateway_close",
        "gateway_refund",
        "gateway_refund_look",
    ];
    let mut told = Vec::new();
    for kind in kinds {
        told.push((kind, task(&center, kind).await));
    }
    center.app.start();
    for (kind, id) in told {
        let dead = loop {
            let task = row(&center, id).await;
            if task.state == TaskState::Dead {
                break task;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        };
        let why = dead.errors.last().map(|error| error.why.as_str());
        assert_eq!(why, Some(&*format!("it says nothing that {kind} understands")));
    }
    center.app.stop().await;
}
