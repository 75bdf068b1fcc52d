//! Connections that come, wait and give way, on a clock of the test's own.

use super::seat::{Late, Phase};
use super::*;
use axum::http::Uri;
use std::task::Poll;

fn seats(connections: usize) -> Arc<Seats> {
    Seats::of(Limits { connections, ..Limits::default() })
}

/// Somebody comes some seconds after the start.
async fn come(seats: &Arc<Seats>, seconds: u64) -> Seated {
    let socket = seats.socket().await;
    seats.seat(socket, seats.start + Duration::from_secs(seconds))
}

async fn gives_way(seated: &Seated) -> bool {
    tokio::time::timeout(Duration::from_millis(1), seated.seat.has_to_give_way()).await.is_ok()
}

#[tokio::test]
async fn the_connection_that_has_waited_longest_gives_way() {
    let seats = seats(3);
    let (first, second, third) =
        (come(&seats, 0).await, come(&seats, 0).await, come(&seats, 0).await);
    first.seat.works();
    third.seat.enter(Phase::Idle, seats.start + Duration::from_secs(2));
    let fourth = come(&seats, 4).await;
    assert!(!fourth.seat.is_spare());
    assert!(gives_way(&second).await);
    assert!(!gives_way(&third).await && !gives_way(&first).await);
}

#[tokio::test]
async fn an_answer_that_is_not_taken_and_half_a_body_give_way_too() {
    let seats = seats(2);
    let (first, second) = (come(&seats, 0).await, come(&seats, 0).await);
    first.seat.works();
    first.seat.is_stuck(seats.start);
    second.seat.works();
    second.seat.enter(Phase::Body, seats.start + Duration::from_secs(1));
    let third = come(&seats, 4).await;
    assert!(gives_way(&first).await && !gives_way(&second).await);
    third.seat.works();
    come(&seats, 4).await;
    assert!(gives_way(&second).await);
}

#[tokio::test]
async fn whoever_has_come_just_now_is_left_in_peace() {
    let seats = seats(1);
    let first = come(&seats, 0).await;
    let second = come(&seats, 0).await;
    assert!(second.seat.is_spare() && !gives_way(&first).await);
}

#[tokio::test]
async fn where_all_are_at_work_one_more_is_told_so_and_may_ask_whether_we_live() {
    let seats = seats(2);
    let busy = [come(&seats, 0).await, come(&seats, 0).await];
    for seated in &busy {
        seated.seat.works();
    }
    let spare = come(&seats, 4).await;
    assert!(spare.seat.turns_away(&Uri::from_static("/api/orders")));
    assert!(!spare.seat.turns_away(&Uri::from_static("/livez")));
    for seated in &busy {
        assert!(!gives_way(seated).await);
    }
}

#[tokio::test]
async fn no_more_sockets_are_open_than_may_be_whatever_comes() {
    let seats = seats(2);
    let mut open = Vec::new();
    for _ in 0..2 + SPARE {
        let seated = come(&seats, 0).await;
        seated.seat.works();
        open.push(seated);
    }
    assert_eq!(seats.sockets.available_permits(), 0);
    assert_eq!(seats.taken().seats.len(), 2 + SPARE);
    open.pop();
    come(&seats, 0).await;
}

#[tokio::test]
async fn a_waiting_connection_gives_way_to_a_socket_where_all_are_taken() {
    let seats = seats(1);
    let mut open = Vec::new();
    for _ in 0..=SPARE {
        open.push(come(&seats, 0).await);
    }
    open[3].seat.works();
    let wanted = seats.socket();
    let mut wanted = std::pin::pin!(wanted);
    // Whoever asks makes one go, and has its socket once it has gone.
    assert!(tokio::time::timeout(Duration::from_millis(1), wanted.as_mut()).await.is_err());
    let mut gone = None;
    for (index, seated) in open.iter().enumerate() {
        if gives_way(seated).await {
            assert_eq!(gone.replace(index), None);
        }
    }
    open.remove(gone.expect("one gives way"));
    drop(wanted.await);
}

#[tokio::test]
async fn whatever_a_client_keeps_waiting_ends_by_a_time_of_its_own() {
    let (seats, limits) = (seats(1), Limits::default());
    let seated = come(&seats, 0).await;
    let (seat, start) = (&seated.seat, seats.start);
    let ends = |what: &str| {
        let mut now = start;
        loop {
            match seat.look(&limits, now) {
                Err(late) => return (late, (now - start).as_secs()),
                Ok(next) => now = next,
            }
            assert!(now - start < Duration::from_hours(1), "{what} never ends");
        }
    };
    assert_eq!(ends("one that says nothing"), (Late::Head, 10));
    seat.enter(Phase::Idle, start);
    assert_eq!(ends("an idle one"), (Late::Idle, 60));
    seat.heard();
    assert!(seat.is(Phase::Head));
    seat.works();
    seat.is_stuck(start);
    assert_eq!(ends("an answer that is not taken"), (Late::Answer, 30));
    seat.took(&Poll::Ready(Ok(1)));
    seat.enter(Phase::Linger, start);
    assert_eq!(ends("a long goodbye"), (Late::Linger, 2));
    seat.works();
    assert!(seat.look(&limits, start + Duration::from_hours(1)).is_ok(), "we are at work");
}
