"""Scenarios with Apache Qpid Proton, a client that knows AMQP and nothing of Service Bus."""
from proton import Delivery, Message, symbol
from proton.handlers import MessagingHandler, TransactionHandler
from proton.reactor import Container
from proton.utils import BlockingConnection, SendException

from scenario import scenario


def connect(bus):
    return BlockingConnection(
        f"amqp://127.0.0.1:{bus['port']}", timeout=20, user="RootManageSharedAccessKey", password="SAS_KEY_VALUE", allowed_mechs="PLAIN", allow_insecure_mechs=True
    )


def send(connection, bus, *bodies):
    sender = connection.create_sender(bus["entity"])
    for body in bodies:
        sender.send(Message(body=body))
    sender.close()


def receive(receiver):
    return receiver.receive(timeout=20)


@scenario("proton: a message arrives as it was sent", "queue")
def _(bus):
    connection = connect(bus)
    sent = Message(id="id", subject="subject", body={"a": [1, "two", None]}, properties={"text": "a", "number": 7, "truth": True}, durable=True, priority=6)
    connection.create_sender(bus["entity"]).send(sent)
    receiver = connection.create_receiver(bus["entity"])
    message = receive(receiver)
    assert (message.id, message.subject, message.body) == ("id", "subject", {"a": [1, "two", None]})
    assert message.properties == {"text": "a", "number": 7, "truth": True}
    assert (message.durable, message.priority) == (True, 6)
    assert message.annotations[symbol("x-opt-sequence-number")] == 1
    receiver.accept()
    connection.close()


@scenario("proton: accepted messages are gone, released ones come back uncounted, modified ones counted", "queue")
def _(bus):
    connection = connect(bus)
    send(connection, bus, "x")
    receiver = connection.create_receiver(bus["entity"], credit=1)
    counts = []
    for settle in (lambda: receiver.release(delivered=False), lambda: receiver.release(delivered=True), receiver.accept):
        counts.append(receive(receiver).delivery_count)
        settle()
    assert counts == [0, 0, 1], counts
    connection.close()


@scenario("proton: a rejected message is a dead letter", "queue")
def _(bus):
    connection = connect(bus)
    send(connection, bus, "bad")
    receiver = connection.create_receiver(bus["entity"])
    receive(receiver)
    receiver.reject()
    assert receive(connection.create_receiver(bus["entity"] + "/$deadletterqueue")).body == "bad"
    connection.close()


@scenario("proton: messages of a megabyte go in and out", "queue")
def _(bus):
    connection = connect(bus)
    body = bytes(range(256)) * 4096
    send(connection, bus, body)
    assert receive(connection.create_receiver(bus["entity"])).body == body
    connection.close()


@scenario("proton: a thousand messages arrive in order", "queue")
def _(bus):
    connection = connect(bus)
    send(connection, bus, *range(1000))
    receiver = connection.create_receiver(bus["entity"], credit=100)
    for number in range(1000):
        assert receive(receiver).body == number
        receiver.accept()
    connection.close()


@scenario("proton: what no client could decode is refused", "queue")
def _(bus):
    connection = connect(bus)
    sender = connection.create_sender(bus["entity"])
    try:
        sender.send(Message(body="x", properties={"map": {"nested": 1}}))
    except SendException as error:
        assert error.state == Delivery.REJECTED
    else:
        raise AssertionError("It was taken.")
    sender.send(Message(body="good"))
    assert receive(connection.create_receiver(bus["entity"])).body == "good"
    connection.close()


@scenario("proton: a committed transaction sends, an aborted one does not", "queue")
def _(bus):
    Container(Transactions(bus)).run()
    connection = connect(bus)
    receiver = connection.create_receiver(bus["entity"])
    assert [receive(receiver).body for _ in range(2)] == ["committed 0", "committed 1"]
    connection.close()


class Transactions(MessagingHandler, TransactionHandler):
    """Sends two messages in a transaction that is aborted, and two in one that is committed."""

    def __init__(self, bus):
        super().__init__()
        self.bus, self.names = bus, ["aborted", "committed"]

    def on_start(self, event):
        self.container = event.container
        self.connection = event.container.connect(
            f"amqp://127.0.0.1:{self.bus['port']}", user="RootManageSharedAccessKey", password="SAS_KEY_VALUE", allowed_mechs="PLAIN", allow_insecure_mechs=True
        )
        self.sender = event.container.create_sender(self.connection, self.bus["entity"])
        self.container.declare_transaction(self.connection, handler=self)

    def on_transaction_declared(self, event):
        name = self.names.pop(0)
        for number in range(2):
            event.transaction.send(self.sender, Message(body=f"{name} {number}"))
        if name == "aborted":
            event.transaction.abort()
        else:
            event.transaction.commit()

    def on_transaction_aborted(self, event):
        self.container.declare_transaction(self.connection, handler=self)

    def on_transaction_committed(self, event):
        self.connection.close()

    def on_transaction_declare_failed(self, event):
        raise AssertionError(f"The transaction was not declared: {event.delivery.remote_state} {event.delivery.remote.condition}")

    def on_transaction_commit_failed(self, event):
        raise AssertionError("The transaction was not committed.")
