//! The country of a ship-to: checked, shown like the province, changed and forgotten with its address.

use crate::center::{TestCenter, example, text};
use serde_json::{Value, json};

#[tokio::test]
async fn the_country_of_a_ship_to_is_one_of_the_standard_and_shown_with_the_region() {
    let center = TestCenter::start().await;
    let to = |country: &str| {
        let mut order = example();
        order["shops"][0]["ship_to"]["country"] = country.into();
        order
    };
    for (wrong, hint) in
        [("cn", "`CN`?"), ("China", "ISO 3166-1"), ("UK", "`GB`"), ("YU", "ISO 3166-1")]
    {
        for path in ["/api/orders", "/api/quotes"] {
            let problem = center.post(path, &to(wrong)).await.problem(422, "invalid");
            let error = &problem["errors"][0];
            assert_eq!(error["field"], "shops[0].ship_to.country");
            assert_eq!(error["code"], "not_a_country");
            assert!(text(&error["message"]).contains(hint), "{error}");
        }
    }
    assert_eq!(center.orders().await, 0);

    let placed = center.placed(&to("CN")).await;
    let (id, node) = (text(&placed["order_id"]).to_owned(), &placed["shops"][0]["order_id"]);
    let region = |tree: &Value| {
        let ship_to = &tree["shops"][0]["ship_to"];
        (ship_to["country"].clone(), ship_to["address"].clone())
    };
    assert_eq!(region(&placed), (json!("CN"), json!("***")));
    let listed = center.get("/api/orders?expand=tree").await.ok(200);
    assert_eq!(region(&listed["orders"][0]), (json!("CN"), json!("***")));
    let revealed = center.get(&format!("/api/orders/{id}?reveal=person")).await.ok(200);
    assert_eq!(region(&revealed), (json!("CN"), json!("1 Lake Road")));

    let moved = |country: &str| {
        json!({"type": "change_address", "actor": {"kind": "buyer"},
            "ship_to": {"name": "Ada", "country": country, "city": "Lyon", "address": "2 Rue Bleue"}})
    };
    let problem = center.operate(node, &moved("fr")).await.problem(422, "invalid");
    assert_eq!(problem["errors"][0]["field"], "ship_to.country");
    let tree = center.operate(node, &moved("FR")).await.ok(200);
    assert_eq!(region(&tree), (json!("FR"), json!("***")));
    // Neither the log nor what was agreed has it: it is sealed with the person.
    for part in ["/operations", "/activities?lang=en", "/snapshots"] {
        let told = center.get(&format!("/api/orders/{id}{part}")).await.ok(200).to_string();
        assert!(!told.contains("country") && !told.contains("Lyon"), "{part}: {told}");
    }
    center.post("/api/forget", &json!({"buyer_id": "1001"})).await.ok(200);
    let tree = center.get(&format!("/api/orders/{id}")).await.ok(200);
    assert_eq!(tree["shops"][0]["ship_to"], Value::Null);
}
