"""Scenarios with Microsoft's client for Python (azure.servicebus 7.8), which speaks TLS only."""
import time
from datetime import datetime, timedelta, timezone

from azure.servicebus import (
    ServiceBusClient,
    ServiceBusMessage,
    ServiceBusReceiveMode,
    ServiceBusSubQueue,
)
from azure.servicebus._common import _configuration
from azure.servicebus.exceptions import MessageLockLostError, ServiceBusError

from scenario import scenario


def connect(bus):
    _configuration.DEFAULT_AMQPS_PORT = bus["tlsPort"]  # it ignores a connection string's port, and 5671 is not ours
    return ServiceBusClient.from_connection_string(bus["connectionString"], connection_verify=bus["certificate"], retry_total=0)


def send(client, bus, *bodies, **properties):
    with client.get_queue_sender(bus["entity"]) as sender:
        sender.send_messages([ServiceBusMessage(body, **properties) for body in bodies])


def receive(receiver, count):
    messages = []
    while len(messages) < count:
        more = receiver.receive_messages(max_message_count=count - len(messages), max_wait_time=20)
        assert more, f"{len(messages)} of {count} messages came"
        messages += more
    return messages


def bodies(messages):
    return [str(message) for message in messages]


def assert_empty(receiver):
    assert bodies(receiver.receive_messages(max_wait_time=0.5)) == []


def assert_fails(kind, call):
    try:
        call()
    except kind:
        return
    raise AssertionError(f"It did not fail with {kind.__name__}.")


@scenario("python: a sent message arrives with its properties", "queue")
def _(bus):
    with connect(bus) as client:
        with client.get_queue_sender(bus["entity"]) as sender:
            sender.send_messages(
                ServiceBusMessage(
                    "größe",
                    message_id="id",
                    correlation_id="correlation",
                    subject="subject",
                    content_type="text/plain",
                    to="to",
                    reply_to="reply",
                    time_to_live=timedelta(minutes=10),
                    application_properties={"text": "a", "number": 7, "truth": True},
                )
            )
        with client.get_queue_receiver(bus["entity"]) as receiver:
            [message] = receive(receiver, 1)
            assert str(message) == "größe"
            assert (message.message_id, message.correlation_id, message.subject) == ("id", "correlation", "subject")
            assert (message.content_type, message.to, message.reply_to) == ("text/plain", "to", "reply")
            assert message.time_to_live == timedelta(minutes=10)
            assert message.application_properties == {b"text": b"a", b"number": 7, b"truth": True}
            assert (message.sequence_number, message.delivery_count) == (1, 0)
            assert message.locked_until_utc > datetime.now(timezone.utc)
            receiver.complete_message(message)


@scenario("python: a batch arrives in order", "queue")
def _(bus):
    with connect(bus) as client:
        with client.get_queue_sender(bus["entity"]) as sender:
            batch = sender.create_message_batch()
            for number in range(100):
                batch.add_message(ServiceBusMessage(str(number)))
            sender.send_messages(batch)
        with client.get_queue_receiver(bus["entity"], receive_mode=ServiceBusReceiveMode.RECEIVE_AND_DELETE) as receiver:
            assert bodies(receive(receiver, 100)) == [str(number) for number in range(100)]


@scenario("python: messages are completed and abandoned", "queue")
def _(bus):
    with connect(bus) as client:
        send(client, bus, "done", "again")
        with client.get_queue_receiver(bus["entity"]) as receiver:
            done, again = receive(receiver, 2)
            receiver.complete_message(done)
            receiver.abandon_message(again)
            [second] = receive(receiver, 1)
            assert (str(second), second.delivery_count) == ("again", 1)
            receiver.complete_message(second)
            assert receiver.peek_messages(10) == []


@scenario("python: a dead letter is found with its reason", "queue")
def _(bus):
    with connect(bus) as client:
        send(client, bus, "bad")
        with client.get_queue_receiver(bus["entity"]) as receiver:
            receiver.dead_letter_message(receive(receiver, 1)[0], reason="reason", error_description="description")
        with client.get_queue_receiver(bus["entity"], sub_queue=ServiceBusSubQueue.DEAD_LETTER) as receiver:
            [dead] = receive(receiver, 1)
            assert (str(dead), dead.dead_letter_reason, dead.dead_letter_error_description) == ("bad", "reason", "description")
            receiver.complete_message(dead)


@scenario("python: a deferred message is completed", "queue")
def _(bus):
    with connect(bus) as client, client.get_queue_receiver(bus["entity"]) as receiver:
        deferred = defer(client, bus, receiver)
        receiver.complete_message(deferred)
        assert receiver.peek_messages(10) == []


@scenario("python: a deferred message is abandoned, and stays deferred", "queue")
def _(bus):
    with connect(bus) as client, client.get_queue_receiver(bus["entity"]) as receiver:
        deferred = defer(client, bus, receiver)
        receiver.abandon_message(deferred)
        [again] = receiver.receive_deferred_messages(deferred.sequence_number)
        assert (str(again), again.delivery_count) == ("aside", 1)


@scenario("python: a deferred message is dead-lettered", "queue")
def _(bus):
    with connect(bus) as client:
        with client.get_queue_receiver(bus["entity"]) as receiver:
            receiver.dead_letter_message(defer(client, bus, receiver), reason="late")
        with client.get_queue_receiver(bus["entity"], sub_queue=ServiceBusSubQueue.DEAD_LETTER) as receiver:
            assert receive(receiver, 1)[0].dead_letter_reason == "late"


@scenario("python: the lock of a deferred message is renewed", "queue")
def _(bus):
    with connect(bus) as client, client.get_queue_receiver(bus["entity"]) as receiver:
        deferred = defer(client, bus, receiver)
        assert receiver.renew_message_lock(deferred) > datetime.now(timezone.utc)
        receiver.complete_message(deferred)


@scenario("python: a lost lock is said", "short-lock")
def _(bus):
    with connect(bus) as client, client.get_queue_receiver(bus["entity"]) as receiver:
        send(client, bus, "slow")
        [message] = receive(receiver, 1)
        time.sleep(1.5)
        assert_fails((MessageLockLostError, ServiceBusError), lambda: receiver.complete_message(message))


@scenario("python: scheduled messages arrive in time, cancelled ones never", "queue")
def _(bus):
    with connect(bus) as client:
        with client.get_queue_sender(bus["entity"]) as sender:
            due = datetime.now(timezone.utc) + timedelta(seconds=1)
            first, _ = sender.schedule_messages([ServiceBusMessage("never"), ServiceBusMessage("later")], due)
            sender.cancel_scheduled_messages(first)
        with client.get_queue_receiver(bus["entity"]) as receiver:
            assert bodies(receive(receiver, 1)) == ["later"]
            assert datetime.now(timezone.utc) >= due
            assert_empty(receiver)


@scenario("python: a session gives its messages and keeps its state", "sessions")
def _(bus):
    with connect(bus) as client:
        send(client, bus, "1", "2", session_id="a")
        send(client, bus, "3", session_id="b")
        with client.get_queue_receiver(bus["entity"], session_id="a") as receiver:
            receiver.session.set_state("state")
            messages = receive(receiver, 2)
            assert bodies(messages) == ["1", "2"]
            assert receiver.session.get_state() == b"state"
            assert receiver.session.renew_lock() > datetime.now(timezone.utc)
            for message in messages:
                receiver.complete_message(message)


@scenario("python: a subscription receives", "topic")
def _(bus):
    with connect(bus) as client:
        with client.get_topic_sender(bus["entity"]) as sender:
            sender.send_messages([ServiceBusMessage("plain"), ServiceBusMessage("red one", subject="red")])
        with client.get_subscription_receiver(bus["entity"], "red") as receiver:
            assert bodies(receive(receiver, 1)) == ["red one"]
            assert_empty(receiver)


def defer(client, bus, receiver):
    """Sends a message, sets it aside and takes it by its number."""
    send(client, bus, "aside")
    [message] = receive(receiver, 1)
    receiver.defer_message(message)
    [deferred] = receiver.receive_deferred_messages(message.sequence_number)
    assert str(deferred) == "aside"
    assert deferred.lock_token is not None
    return deferred
