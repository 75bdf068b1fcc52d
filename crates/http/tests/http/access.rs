//! Who may do what, and how a refusal sounds.

use crate::center::{TestCenter, every_actor, example, text};
use axum::body::Body;
use axum::http::Request;
use docket_app::{NewUser, Principal, Reach, Role, Scope};
use docket_domain::ActorKind;
use serde_json::json;

#[tokio::test]
async fn without_a_valid_token_it_is_a_401_that_says_how() {
    let center = TestCenter::start().await;
    for authorization in
        [None, Some("Bearer nonsense"), Some("Basic YTpi"), Some("Bearer"), Some("")]
    {
        for path in [
            "/api/orders",
            "/api/orders/1",
            "/api/me",
            "/api/keys",
            "/api/stock",
            "/api/operations",
        ] {
            let mut request = Request::get(path);
            if let Some(authorization) = authorization {
                request = request.header("authorization", authorization);
            }
            let got = center.send(request.body(Body::empty()).expect("a request")).await;
            assert_eq!(got.headers["www-authenticate"], "Bearer realm=\"docket\"");
            got.problem(401, "unauthenticated");
        }
    }
    center.post_as("nonsense", "/api/orders", &example()).await.problem(401, "unauthenticated");
    assert_eq!(center.orders().await, 0);
}

#[tokio::test]
async fn each_request_needs_its_scope() {
    let center = TestCenter::start().await;
    let tree = center.placed(&example()).await;
    let id = text(&tree["order_id"]);
    let reader = center.key(&[Scope::OrdersRead], &every_actor(), &[]).await;
    let denied = |got: crate::center::Got| got.problem(403, "scope_missing");
    denied(center.post_as(&reader, "/api/orders", &example()).await);
    let operations = format!("/api/orders/{id}/operations");
    for operation in [
        json!({"type": "revoke", "actor": {"kind": "buyer"}}),
        json!({"type": "payment_succeeded", "tender": "cash", "reference": "r", "amount": 1, "actor": {"kind": "till"}}),
        json!({"type": "refund_succeeded", "refund_id": "1", "actor": {"kind": "till"}}),
    ] {
        denied(center.post_as(&reader, &operations, &operation).await);
    }
    denied(center.get_as(&reader, &format!("/api/orders/{id}?reveal=person")).await);
    denied(center.get_as(&reader, "/api/users").await);
    denied(center.get_as(&reader, "/api/keys").await);
    let count = json!({"delta": "1", "reason": "x"});
    denied(center.post_as(&reader, "/api/stock/1/adjustments", &count).await);
    denied(
        center.post_as(&reader, "/api/keys", &json!({"name": "more", "scopes": ["admin"]})).await,
    );
    center.get_as(&reader, &format!("/api/orders/{id}")).await.ok(200);

    let writer = center.key(&[Scope::OrdersWrite], &every_actor(), &[]).await;
    denied(center.get_as(&writer, "/api/orders").await);
    let mut plain = example();
    denied(center.post_as(&writer, "/api/orders", &plain).await);
    for field in ["platform_discount", "coins"] {
        plain[field] = json!(0);
    }
    plain["expected_total"] = json!(12600);
    plain["shops"][0]["shop_discount"] = json!(0);
    plain["shops"][0]["items"][0]["item_discount"] = json!(0);
    center.post_as(&writer, "/api/orders", &plain).await.ok(201);
}

#[tokio::test]
async fn a_key_speaks_for_its_actors_alone() {
    let center = TestCenter::start().await;
    let scopes = [Scope::OrdersRead, Scope::OrdersWrite, Scope::Prices, Scope::Payments];
    let till = center.key(&scopes, &[ActorKind::Till], &[]).await;
    let mut order = example();
    let refused = center.post_as(&till, "/api/orders", &order).await;
    refused.problem(403, "actor_not_allowed");
    order.as_object_mut().expect("an object").remove("actor");
    let without_token = center.post_as(&till, "/api/orders", &order).await;
    without_token.wrong_fields(&[("client_token", "required")]);
    order["client_token"] = json!("till-1");
    let tree = center.post_as(&till, "/api/orders", &order).await.ok(201);
    let path = format!("/api/orders/{}/operations", text(&tree["order_id"]));
    for kind in ["timer", "system"] {
        let claimed = json!({"type": "revoke", "actor": {"kind": kind}});
        let refused = center.post(&path, &claimed).await.problem(403, "actor_not_allowed");
        assert_eq!(refused["errors"][0]["field"], "actor.kind");
    }
    // A till may not answer for the seller.
    center.post_as(&till, &path, &json!({"type": "ship"})).await.problem(403, "actor_not_allowed");
    // Several kinds may revoke: the key of all must say which.
    let unsaid = center.post(&path, &json!({"type": "revoke"})).await;
    unsaid.wrong_fields(&[("actor", "required")]);
}

#[tokio::test]
async fn orders_of_other_shops_do_not_exist_for_a_key() {
    let center = TestCenter::start().await;
    let mut order = example();
    let mut second = order["shops"][0].clone();
    second["shop_id"] = json!("12");
    order["shops"].as_array_mut().expect("a list").push(second);
    order.as_object_mut().expect("an object").remove("expected_total");
    let both = center.placed(&order).await;
    let first_alone = center.placed(&example()).await;
    let own = center.key(Scope::ALL, &every_actor(), &["12"]).await;

    let hidden = format!("/api/orders/{}", text(&first_alone["order_id"]));
    for path in ["", "/operations", "/activities", "/snapshots", "/payments"] {
        center.get_as(&own, &format!("{hidden}{path}")).await.problem(404, "not_found");
    }
    let note = json!({"type": "note", "text": "x", "actor": {"kind": "seller"}});
    center.post_as(&own, &format!("{hidden}/operations"), &note).await.problem(404, "not_found");

    let seen =
        center.get_as(&own, &format!("/api/orders/{}", text(&both["order_id"]))).await.ok(200);
    let shops: Vec<_> = seen["shops"]
        .as_array()
        .expect("shops")
        .iter()
        .map(|shop| text(&shop["shop_id"]))
        .collect();
    assert_eq!(shops, ["12"]);
    assert!(seen.get("payments").is_none() && seen.get("coins").is_none());
    let listed = center.get_as(&own, "/api/orders?expand=tree").await.ok(200);
    assert_eq!(listed["orders"].as_array().map(Vec::len), Some(1));
    assert_eq!(listed["orders"][0]["shops"].as_array().map(Vec::len), Some(1));
    let items = center.get_as(&own, "/api/orders?level=item").await.ok(200);
    assert_eq!(items["orders"].as_array().map(Vec::len), Some(1));
    center.get_as(&own, "/api/operations").await.problem(403, "not_allowed");
    // The other shop's part may not be touched, nor an order placed there.
    let other = format!("/api/orders/{}/operations", text(&both["shops"][0]["order_id"]));
    center.post_as(&own, &other, &note).await.problem(404, "not_found");
    let placed = center.post_as(&own, "/api/orders", &example()).await;
    placed.wrong_fields(&[("shops[0].shop_id", "not_allowed")]);
}

#[tokio::test]
async fn people_log_in_and_do_what_their_role_may() {
    let center = TestCenter::start().await;
    let local = Principal::local();
    let viewer = NewUser {
        name: "mei".to_owned(),
        role: Role::Viewer,
        reach: Reach::default(),
        password: "correct horse".to_owned(),
    };
    center.app.add_user(&local, viewer, None).await.expect("a user");
    let login = json!({"name": "mei", "password": "correct horse"});
    let request = |body: &serde_json::Value| {
        let request = Request::post("/api/login").header("content-type", "application/json");
        request.body(Body::from(body.to_string())).expect("a request")
    };
    let session = center.send(request(&login)).await.ok(200);
    assert_eq!(
        (&session["role"], &session["expires_at"]),
        (&json!("viewer"), &json!("2026-11-20T22:00:00.000Z"))
    );
    let token = text(&session["token"]);
    let me = center.get_as(token, "/api/me").await.ok(200);
    assert_eq!((&me["name"], &me["scopes"]), (&json!("mei"), &json!(["orders.read"])));
    center.post_as(token, "/api/orders", &example()).await.problem(403, "scope_missing");

    center.send(request(&json!({"name": "mei"}))).await.wrong_fields(&[("password", "required")]);
    let wrong = json!({"name": "mei", "password": "wrong horse"});
    for _ in 0..5 {
        center.send(request(&wrong)).await.problem(401, "unauthenticated");
    }
    let waiting = center.send(request(&login)).await;
    assert_eq!(waiting.headers["retry-after"], "300");
    waiting.problem(429, "too_many_tries");
}

#[tokio::test]
async fn a_role_may_be_limited_to_shops() {
    let center = TestCenter::start().await;
    let mine = center.placed(&example()).await;
    let mut elsewhere = example();
    elsewhere["shops"][0]["shop_id"] = json!("12");
    let theirs = center.placed(&elsewhere).await;
    let body =
        json!({"name": "mei", "role": "operator", "password": "correct horse", "shops": ["11"]});
    let added = center.post("/api/users", &body).await.ok(201);
    assert_eq!((&added["shops"], &added["places"]), (&json!(["11"]), &json!([])));
    let users = center.get("/api/users").await.ok(200);
    assert_eq!(users["users"][0]["shops"], json!(["11"]));
    let (token, _) =
        center.app.login("mei", "correct horse", docket_app::Peer(None)).await.expect("a session");
    let me = center.get_as(&token, "/api/me").await.ok(200);
    assert_eq!((&me["role"], &me["shops"]), (&json!("operator"), &json!(["11"])));
    let order = |tree: &serde_json::Value| format!("/api/orders/{}", text(&tree["order_id"]));
    center.get_as(&token, &order(&mine)).await.ok(200);
    center.get_as(&token, &order(&theirs)).await.problem(404, "not_found");
    let listed = center.get_as(&token, "/api/orders").await.ok(200);
    let listed = listed["orders"].as_array().expect("a list");
    assert_eq!(
        listed.iter().map(|tree| &tree["order_id"]).collect::<Vec<_>>(),
        [&mine["order_id"]]
    );
}

#[tokio::test]
async fn reading_people_in_full_needs_its_scope_and_is_recorded() {
    let center = TestCenter::start().await;
    let tree = center.placed(&example()).await;
    let path = format!("/api/orders/{}?reveal=person", text(&tree["order_id"]));
    let full = center.get(&path).await.ok(200);
    assert_eq!(full["shops"][0]["ship_to"]["phone"], "13800000001");
    assert_eq!(full["shops"][0]["ship_to"]["name"], "Ada Wong");
    let listed = center.get("/api/orders?expand=tree&phone=13800000001").await.ok(200);
    assert_eq!(listed["orders"][0]["shops"][0]["ship_to"]["phone"], "138****0001");
}

#[tokio::test]
async fn the_log_keeps_the_names_of_those_who_work_and_hides_those_of_buyers() {
    let center = TestCenter::start().await;
    let mut order = example();
    order["actor"] = json!({"kind": "buyer", "id": "1001", "name": "Ada Wong"});
    let tree = center.placed(&order).await;
    let path = format!("/api/orders/{}/operations", text(&tree["order_id"]));
    let actor = json!({"kind": "seller", "id": "7", "name": "Han Mei"});
    center.post(&path, &json!({"type": "note", "text": "x", "actor": actor})).await.ok(200);
    let log = center.get(&path).await.ok(200);
    let names: Vec<_> = log["operations"].as_array().expect("a list").iter().collect();
    let names: Vec<_> = names.iter().map(|row| &row["actor"]["name"]).collect();
    assert!(names.contains(&&json!("Han Mei")), "{log}");
    assert!(names.contains(&&json!("A*******")), "{log}");
    assert!(!log.to_string().contains("Ada Wong"), "{log}");
}

#[tokio::test]
async fn a_forgotten_buyer_is_found_and_shown_no_more() {
    let center = TestCenter::start().await;
    let first = center.placed(&example()).await;
    let path = format!("/api/orders/{}", text(&first["order_id"]));
    let moved = json!({
        "type": "change_address", "actor": {"kind": "buyer"},
        "ship_to": {"name": "Ada Wong", "phone": "13900000002", "address": "2 Lake Road"}
    });
    center.post(&format!("{path}/operations"), &moved).await.ok(200);
    let found = async |phone: &str| {
        let listed = center.get(&format!("/api/orders?phone={phone}")).await.ok(200);
        listed["orders"].as_array().expect("a list").len()
    };
    assert_eq!(found("13800000001").await, 0, "the address that was changed is gone");
    assert_eq!(found("13900000002").await, 1);
    let mut other = example();
    other["buyer_id"] = json!("1002");
    center.placed(&other).await;
    for orders in [1, 0] {
        let gone = center.post("/api/forget", &json!({"buyer_id": "1001"})).await.ok(200);
        assert_eq!((&gone["found"], &gone["orders"]), (&json!(1), &json!(orders)), "{gone}");
    }
    assert_eq!((found("13900000002").await, found("13800000001").await), (0, 1));
    let shown = center.get(&format!("{path}?reveal=person")).await.ok(200);
    assert!(!shown.to_string().contains("Wong") && !shown.to_string().contains("Lake"), "{shown}");
    assert_eq!(shown["payable"], 11500, "the order stays");
    let writer = center.key(&[Scope::OrdersWrite], &every_actor(), &[]).await;
    let asked = json!({"buyer_id": "1002"});
    center.post_as(&writer, "/api/forget", &asked).await.problem(403, "scope_missing");
}

#[tokio::test]
async fn a_key_limited_to_a_shop_reaches_no_stock_and_no_price_but_of_its_places() {
    let center = TestCenter::start().await;
    let count = json!({"place": "main", "on_hand": "5", "reason": "count"});
    center.put("/api/stock/tea", &count).await.ok(200);
    let price = json!({"currency": "CNY", "price": 6000});
    center.put("/api/products/tea", &price).await.ok(200);
    let scopes = [Scope::OrdersRead, Scope::OrdersWrite, Scope::Stock];
    let key = center.key(&scopes, &every_actor(), &["11"]).await;
    let delta = json!({"place": "main", "delta": "1", "reason": "found"});
    for answered in [
        center.get_as(&key, "/api/stock/tea").await,
        center.get_as(&key, "/api/stock").await,
        center.get_as(&key, "/api/stock/tea/adjustments").await,
        center.put_as(&key, "/api/stock/tea", &count).await,
        center.post_as(&key, "/api/stock/tea/adjustments", &delta).await,
        center.get_as(&key, "/api/products/tea").await,
        center.get_as(&key, "/api/products").await,
        center.put_as(&key, "/api/products/tea", &price).await,
    ] {
        answered.problem(403, "not_allowed");
    }

    // One that is limited to places too reaches those and no others.
    let body = json!({"name": "shop and place", "scopes": ["stock", "orders.read"], "actors": ["store"],
                      "shops": ["11"], "places": ["east"]});
    let made = center.post("/api/keys", &body).await.ok(201);
    let key = text(&made["key"]).to_owned();
    let seen = center.get_as(&key, "/api/stock/tea").await.ok(200);
    assert_eq!(seen["places"], json!([]));
    center.put_as(&key, "/api/stock/tea", &count).await.wrong_fields(&[("place", "not_allowed")]);
    let east = json!({"place": "east", "on_hand": "2", "reason": "count"});
    center.put_as(&key, "/api/stock/tea", &east).await.ok(200);
}

#[tokio::test]
async fn a_key_limited_to_a_shop_prices_orders_of_that_shop_alone() {
    let center = TestCenter::start().await;
    let key = center.key(&[Scope::OrdersRead], &every_actor(), &["12"]).await;
    let quoted = center.post_as(&key, "/api/quotes", &example()).await;
    quoted.wrong_fields(&[("shops[0].shop_id", "not_allowed")]);
}

#[tokio::test]
async fn a_key_opens_until_it_expires_and_says_when_it_was_used() {
    let center = TestCenter::start().await;
    let mut new =
        json!({"name": "short", "scopes": ["orders.read"], "expires_at": "2026-11-20T09:59:59Z"});
    center.post("/api/keys", &new).await.wrong_fields(&[("expires_at", "in_the_past")]);
    new["expires_at"] = json!("2026-11-20T10:00:10Z");
    let made = center.post("/api/keys", &new).await.ok(201);
    assert_eq!(made["expires_at"], "2026-11-20T10:00:10.000Z");
    let key = text(&made["key"]).to_owned();
    center.get_as(&key, "/api/orders").await.ok(200);
    center.clock.advance(10_000);
    let refused = center.get_as(&key, "/api/orders").await.problem(401, "unauthenticated");
    assert!(text(&refused["detail"]).contains("has expired"), "{refused}");
    let listed = center.get("/api/keys").await.ok(200);
    let all = listed["keys"].as_array().expect("keys");
    let short = all.iter().find(|key| key["name"] == "short").expect("the key");
    assert_eq!(short["created_at"], "2026-11-20T10:00:00.000Z");
    assert_eq!(short["last_used_at"], json!(null), "it is noted once a minute");
}

#[tokio::test]
async fn people_log_out_change_their_password_and_are_given_another() {
    let center = TestCenter::start().await;
    let user = json!({"name": "mei", "role": "viewer", "password": "correct horse"});
    let added = center.post("/api/users", &user).await.ok(201);
    assert_eq!(added["created_at"], "2026-11-20T10:00:00.000Z");
    let id = text(&added["user_id"]).to_owned();
    let login = async |password: &str| {
        center.post_as("", "/api/login", &json!({"name": "mei", "password": password})).await
    };
    let token = |got: crate::center::Got| text(&got.ok(200)["token"]).to_owned();
    let [one, two] = [token(login("correct horse").await), token(login("correct horse").await)];

    // Logging out ends this login and no other.
    // There is nothing to say, so nothing need be said.
    let said_wrongly = center.post_as(&one, "/api/logout", &json!({"all": true})).await;
    said_wrongly.wrong_fields(&[("all", "unknown_field")]);
    let bare = Request::post("/api/logout").header("authorization", format!("Bearer {one}"));
    center.send(bare.body(Body::empty()).expect("a request")).await.ok(204);
    center.get_as(&one, "/api/me").await.problem(401, "unauthenticated");
    center.get_as(&two, "/api/me").await.ok(200);
    center.post("/api/logout", &json!({})).await.problem(403, "not_allowed");

    // One's own password is changed with the present one; the other logins end.
    let three = token(login("correct horse").await);
    let change = json!({"old": "wrong horse", "new": "battery staple"});
    center.post_as(&three, "/api/me/password", &change).await.wrong_fields(&[("old", "wrong")]);
    let change = json!({"old": "correct horse", "new": "short"});
    center
        .post_as(&three, "/api/me/password", &change)
        .await
        .wrong_fields(&[("password", "bad_password")]);
    let change = json!({"old": "correct horse", "new": "battery staple"});
    center.post_as(&three, "/api/me/password", &change).await.ok(204);
    center.get_as(&three, "/api/me").await.ok(200);
    center.get_as(&two, "/api/me").await.problem(401, "unauthenticated");
    login("correct horse").await.problem(401, "unauthenticated");

    // An admin gives another, and all logins end.
    let path = format!("/api/users/{id}/password");
    center.post(&path, &json!({"password": "third password"})).await.ok(200);
    center.get_as(&three, "/api/me").await.problem(401, "unauthenticated");
    token(login("third password").await);
    let reset = json!({"password": "fourth password"});
    center.post("/api/users/7/password", &reset).await.problem(404, "not_found");

    // Disabled and enabled again.
    center.delete(&format!("/api/users/{id}")).await.ok(204);
    login("third password").await.problem(401, "unauthenticated");
    let enabled = center.post(&format!("/api/users/{id}/enable"), &json!({})).await.ok(200);
    assert_eq!(enabled["disabled_at"], json!(null));
    assert_eq!(enabled["last_login_at"], "2026-11-20T10:00:00.000Z");
    token(login("third password").await);
}
