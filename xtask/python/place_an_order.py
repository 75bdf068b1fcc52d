"""A stranger's program: talks to a running Docket through a client that was generated from its document, and through
nothing else. It logs in, makes a key for itself, and with that quotes, places, pays, ships, receives and refunds an
order; then it reads the order back in every way there is. An answer that is not of the type or amount it should be
ends it with an error.

Arguments: the address of the server, the name of an admin, the password.
"""

import sys
from datetime import datetime, timezone

from docket_client import AuthenticatedClient, Client
from docket_client.api.coupons import set_coupon
from docket_client.api.history import list_activities, list_order_operations, list_snapshots
from docket_client.api.orders import get_order, get_placement, list_orders, operate, place_order, quote_order
from docket_client.api.payments import get_payments, start_payment
from docket_client.api.people import add_key, login, me
from docket_client.api.stock import count_stock, get_stock
from docket_client.models import (
    ClaimedActor,
    Claimant,
    Count,
    ItemOrderRow,
    LanguageCode,
    Level,
    LineAsked,
    Login,
    NewAmountCoupon,
    NewKey,
    NewPercentCoupon,
    NewShipTo,
    PaymentOrder,
    PaymentSucceededOperation,
    Placement,
    PlacedCoupon,
    PlacedItem,
    PlacedShop,
    Problem,
    ReceiveOperation,
    RefundByStoreOperation,
    RefundSucceededOperation,
    ScopeWord,
    ShipOperation,
    ShopOrder,
    ShopOrderRow,
    StartPayment,
)
from docket_client.models.amount_word import AmountWord
from docket_client.models.percent_word import PercentWord
from docket_client.types import UNSET


def said(response, status, kind):
    """What was answered, which must be of this status and type."""
    parsed = response.parsed
    assert response.status_code == status, f"{response.status_code}, not {status}: {response.content.decode()}"
    assert isinstance(parsed, kind), f"{type(parsed).__name__}, not {kind.__name__}"
    assert response.headers["x-request-id"]
    return parsed


def is_equal(what, found, wanted):
    assert found == wanted, f"{what} is {found!r}, not {wanted!r}"


def speaking_as(kind):
    return Claimant(kind=ClaimedActor(kind))


def asked(node, client, operation, status=200, kind=PaymentOrder):
    """One operation of a node: the tree after it."""
    return said(operate.sync_detailed(node, client=client, body=operation), status, kind)


def an_order():
    item = PlacedItem(
        sku_id="1", item_id="9", title="Green tea, 250 g", quantity="2", list_price=6000, item_discount=200,
        attributes={"leaf": "whole"},
    )
    shop = PlacedShop(
        shop_id="11", freight=600, shop_discount=300, items=[item],
        ship_to=NewShipTo(name="Ada Lin", phone="13800000000", city="Hangzhou", address="1 Lake Road"),
    )
    return Placement(
        buyer_id="1001", currency="CNY", expected_total=11500, platform_discount=500, coins=100,
        actor=speaking_as("buyer"), shops=[shop],
    )


def a_key(base, name, password):
    """Logs in, and makes a key with which a program may do what follows."""
    session = said(login.sync_detailed(client=Client(base), body=Login(name=name, password=password)), 200, object)
    assert session.expires_at > datetime.now(timezone.utc)
    person = AuthenticatedClient(base, session.token)
    is_equal("the one who logged in", said(me.sync_detailed(client=person), 200, object).name, name)
    words = ["orders.read", "orders.write", "prices", "payments", "refunds", "stock", "coupons"]
    actors = [ClaimedActor(word) for word in ("buyer", "seller", "store", "till")]
    new = NewKey(name="stranger", scopes=[ScopeWord(word) for word in words], actors=actors)
    made = said(add_key.sync_detailed(client=person, body=new, idempotency_key="stranger-1"), 201, object)
    print(f"logged in as {name} and made a key that may {', '.join(words)}")
    return made.key


def place(client):
    """Prices an order, places it, and places it again, which changes nothing."""
    counted = Count(on_hand="50", reason="count")
    is_equal("the stock", said(count_stock.sync_detailed("1", client=client, body=counted), 200, object).places[0].on_hand, "50")
    quote = said(quote_order.sync_detailed(client=client, body=an_order()), 200, PaymentOrder)
    is_equal("the quoted total", quote.payable, 11500)
    assert quote.order_id is UNSET, "a quote has no number"
    first = place_order.sync_detailed(client=client, body=an_order(), idempotency_key="order-1")
    tree = said(first, 201, PaymentOrder)
    is_equal("its place", first.headers["location"], f"/api/orders/{tree.order_id}")
    again = place_order.sync_detailed(client=client, body=an_order(), idempotency_key="order-1")
    is_equal("the same order", said(again, 201, PaymentOrder).order_id, tree.order_id)
    is_equal("the mark of a replay", again.headers["idempotent-replayed"], "true")
    is_equal("the placement", said(get_placement.sync_detailed("order-1", client=client), 200, object).order_id, tree.order_id)
    shop = tree.shops[0]
    assert isinstance(shop, ShopOrder) and isinstance(tree.created_at, datetime)
    is_equal("what the shop gets", (shop.to_pay, shop.items[0].to_pay, tree.payable), (11500, 10905, 11500))
    is_equal("the telephone, masked", shop.ship_to.phone, "138****0000")
    assert tree.paid_at is None and tree.expire_at > tree.created_at
    print(f"placed order {tree.order_id}: {tree.payable / 100:.2f} {tree.currency}, {tree.status.value}")
    return tree


def live(client, tree):
    """Pays, ships, receives and refunds one of two."""
    number, shop = tree.order_id, tree.shops[0].order_id
    attempt = StartPayment(tender="cash", terms_version=1, actor=speaking_as("till"))
    tree = said(start_payment.sync_detailed(number, client=client, body=attempt), 200, PaymentOrder)
    is_equal("the attempt", (tree.attempts[0].amount, tree.attempts[0].status.value), (11500, "open"))
    paid = PaymentSucceededOperation.from_dict({
        "type": "payment_succeeded", "tender": "cash", "reference": "r-1", "amount": 11500,
        "actor": {"kind": "till"},
    })
    tree = asked(number, client, paid)
    is_equal("paid", (tree.status.value, tree.paid, tree.payments[0].amount), ("paid", 11500, 11500))
    print(f"paid {tree.paid / 100:.2f} in {tree.payments[0].tender}")

    ship = ShipOperation.from_dict({
        "type": "ship", "carrier": "SF", "tracking": "SF100", "actor": {"kind": "seller"},
        "lines": [LineAsked(order_id=tree.shops[0].items[0].order_id, quantity="2").to_dict()],
    })
    tree = asked(shop, client, ship)
    is_equal("shipped", (tree.status.value, tree.shops[0].shipments[0].tracking), ("shipped", "SF100"))
    refused = asked(shop, client, ship, 409, Problem)
    is_equal("refused", (refused.code.value, refused.operation, refused.state), ("operation_refused", "ship", "shipped"))
    wrong = said(operate.sync_detailed(shop, client=client, body=ShipOperation.from_dict(
        {"type": "ship", "tracking": " SF100", "actor": {"kind": "seller"}})), 422, Problem)
    is_equal("the wrong field", (wrong.errors[0].field, wrong.errors[0].code), ("tracking", "not_trimmed"))
    received = ReceiveOperation.from_dict({"type": "receive", "actor": {"kind": "buyer"}})
    tree = asked(shop, client, received)
    is_equal("received", tree.status.value, "received")
    print(f"shipped with {tree.shops[0].shipments[0].carrier} and received")

    refund = RefundByStoreOperation.from_dict({
        "type": "refund_by_store", "reason": "one is broken", "actor": {"kind": "store"},
        "lines": [LineAsked(order_id=tree.shops[0].items[0].order_id, quantity="1").to_dict()],
    })
    tree = asked(shop, client, refund)
    refund = tree.shops[0].refunds[0]
    is_equal("the refund", (refund.status.value, refund.amount, refund.coins), ("refunding", 5452, 47))
    done = RefundSucceededOperation.from_dict({
        "type": "refund_succeeded", "refund_id": refund.refund_id, "reference": "b-1", "actor": {"kind": "till"},
    })
    tree = asked(shop, client, done)
    is_equal("refunded", (tree.refunded, tree.shops[0].refunds[0].status.value), (5452, "refunded"))
    is_equal("how much of it", tree.shops[0].items[0].refunded_quantity, "1")
    print(f"refunded {tree.refunded / 100:.2f}, of {refund.lines[0].quantity} piece")
    return tree


def read_back(client, tree):
    """Reads the order in every way there is."""
    is_equal("the tree", said(get_order.sync_detailed(tree.order_id, client=client), 200, PaymentOrder), tree)
    placed = said(get_order.sync_detailed(tree.order_id, client=client, at=tree.created_at), 200, PaymentOrder)
    is_equal("the tree as it was placed", (placed.version, placed.paid), (1, 0))
    rows = {"payment": PaymentOrder, "shop": ShopOrderRow, "item": ItemOrderRow}
    for level, kind in rows.items():
        page = said(list_orders.sync_detailed(client=client, buyer="1001", level=Level(level)), 200, object)
        is_equal(f"the {level} orders", (len(page.orders), page.next_), (1, None))
        assert isinstance(page.orders[0], kind), f"{type(page.orders[0]).__name__}, not {kind.__name__}"
    money = said(get_payments.sync_detailed(tree.order_id, client=client), 200, object)
    is_equal("the money", (money.payable, money.paid, money.refunded), (11500, 11500, 5452))
    log = said(list_order_operations.sync_detailed(tree.order_id, client=client), 200, object).operations
    story = said(list_activities.sync_detailed(tree.order_id, client=client, lang=LanguageCode.ZH), 200, object)
    is_equal("the story", (len(story.activities), story.language.value), (len(log), "zh"))
    is_equal("the terms", said(list_snapshots.sync_detailed(tree.order_id, client=client), 200, object).snapshots[0].terms_version, 1)
    is_equal("what is left", said(get_stock.sync_detailed("1", client=client), 200, object).places[0].on_hand, "48")
    print(f"read it back: {len(log)} changes, the last \"{story.activities[-1].text}\"")


def use_coupons(client):
    """Two kinds of coupon, told apart by their kind, and an order that uses one."""
    ten = NewAmountCoupon(kind=AmountWord.AMOUNT, face=1000, currency="CNY")
    tenth = NewPercentCoupon(kind=PercentWord.PERCENT, basis_points=1000, currency="CNY", cap=500)
    made = said(set_coupon.sync_detailed("TEN", client=client, body=ten), 200, object)
    is_equal("the coupon", (made.face, made.basis_points, made.kind.value), (1000, UNSET, "amount"))
    made = said(set_coupon.sync_detailed("TENTH", client=client, body=tenth), 200, object)
    is_equal("the coupon", (made.face, made.basis_points, made.kind.value), (UNSET, 1000, "percent"))
    order = an_order()
    order.expected_total, order.coupons = 10500, [PlacedCoupon(code="TEN")]
    quote = said(quote_order.sync_detailed(client=client, body=order), 200, PaymentOrder)
    is_equal("the quote with a coupon", (quote.payable, quote.coupons[0].amount), (10500, 1000))
    print("priced an order with a coupon")


def main(base, name, password):
    client = AuthenticatedClient(base, a_key(base, name, password))
    read_back(client, live(client, place(client)))
    use_coupons(client)


if __name__ == "__main__":
    main(*sys.argv[1:])
