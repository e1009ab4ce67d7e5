import assert from "node:assert/strict";
import { assertEmpty, assertFails, bodies, delay, receive, scenario } from "./scenario.mjs";

scenario("a sent message arrives with all its properties", "queue", async ({ client, entity }) => {
  await client.createSender(entity).sendMessages({
    body: { text: "größe", number: 1.5, list: [1, "2", null] },
    messageId: "id-1",
    correlationId: "correlation",
    subject: "subject",
    contentType: "application/json",
    to: "to",
    replyTo: "reply",
    replyToSessionId: "reply-session",
    timeToLive: 600000,
    partitionKey: "id-partition",
    applicationProperties: { text: "a", yes: true, number: 7, when: new Date(1700000000000) },
  });
  const [message] = await receive(client.createReceiver(entity), 1);
  assert.deepEqual(message.body, { text: "größe", number: 1.5, list: [1, "2", null] });
  assert.equal(message.messageId, "id-1");
  assert.equal(message.correlationId, "correlation");
  assert.equal(message.subject, "subject");
  assert.equal(message.contentType, "application/json");
  assert.equal(message.to, "to");
  assert.equal(message.replyTo, "reply");
  assert.equal(message.replyToSessionId, "reply-session");
  assert.equal(message.timeToLive, 600000);
  assert.equal(message.partitionKey, "id-partition");
  // The SDK writes a date as a timestamp, and reads a timestamp as a number.
  assert.deepEqual(message.applicationProperties, { text: "a", yes: true, number: 7, when: 1700000000000 });
  assert.equal(message.deliveryCount, 0);
  assert.equal(message.sequenceNumber.toString(), "1");
  assert.ok(Math.abs(message.enqueuedTimeUtc - Date.now()) < 60000);
  assert.ok(message.lockedUntilUtc > new Date());
  assert.equal(message.state, "active");
});

scenario("bodies of every kind arrive as they were sent", "queue", async ({ client, entity }) => {
  const sender = client.createSender(entity);
  const sent = ["text", "", 42, null, { a: { b: [] } }, Buffer.from([0, 255, 1])];
  for (const body of sent) await sender.sendMessages({ body });
  await sender.sendMessages({ bodyType: "value", body: "a value" });
  await sender.sendMessages({ bodyType: "sequence", body: [[1, 2], ["x"]] });
  const received = bodies(await receive(client.createReceiver(entity), sent.length + 2));
  assert.deepEqual(received.slice(0, 5), sent.slice(0, 5));
  assert.ok(Buffer.from(sent[5]).equals(received[5]));
  assert.equal(received[6], "a value");
  assert.deepEqual(received[7], [[1, 2], ["x"]]);
});

scenario("a message without an id gets one", "queue", async ({ client, entity }) => {
  await client.createSender(entity).sendMessages({ body: "x" });
  const [message] = await receive(client.createReceiver(entity), 1);
  assert.match(String(message.messageId), /^.{8,}$/);
});

scenario("a batch arrives as its messages, in order", "queue", async ({ client, entity }) => {
  const sender = client.createSender(entity);
  const batch = await sender.createMessageBatch();
  for (let i = 0; i < 100; i++) assert.ok(batch.tryAddMessage({ body: i, messageId: `m${i}` }));
  await sender.sendMessages(batch);
  await sender.sendMessages([{ body: 100 }, { body: 101 }]);
  const messages = await receive(client.createReceiver(entity), 102);
  assert.deepEqual(bodies(messages), [...Array(102).keys()]);
  assert.deepEqual(messages.map((message) => Number(message.sequenceNumber)), [...Array(102).keys()].map((i) => i + 1));
});

scenario("bodies of 20 MB go in and out", "queue", async ({ client, entity }) => {
  const body = Buffer.alloc(20 * 1024 * 1024);
  for (let i = 0; i < body.length; i += 4096) body.writeInt32LE(i, i);
  await client.createSender(entity).sendMessages({ body });
  const receiver = client.createReceiver(entity);
  const [message] = await receive(receiver, 1);
  assert.ok(body.equals(message.body));
  await receiver.completeMessage(message);
});

scenario("a message that is too large is refused, and the sender goes on", "queue", async ({ client, entity }) => {
  const sender = client.createSender(entity);
  await assertFails("MessageSizeExceeded", sender.sendMessages({ body: Buffer.alloc(25 * 1024 * 1024) }));
  await sender.sendMessages({ body: "small" });
  assert.deepEqual(bodies(await receive(client.createReceiver(entity), 1)), ["small"]);
});

scenario("a scheduled message arrives when its time comes", "queue", async ({ client, entity }) => {
  const sender = client.createSender(entity);
  const due = new Date(Date.now() + 1500);
  const [number] = await sender.scheduleMessages({ body: "later" }, due);
  const receiver = client.createReceiver(entity);
  const [peeked] = await receiver.peekMessages(1);
  assert.equal(peeked.state, "scheduled");
  assert.equal(peeked.sequenceNumber.toString(), number.toString());
  await assertEmpty(receiver);
  const [message] = await receive(receiver, 1);
  assert.equal(message.body, "later");
  assert.ok(Date.now() >= due.getTime() - 50);
  assert.equal(message.state, "active");
});

scenario("a message with a scheduled time in it waits too", "queue", async ({ client, entity }) => {
  await client.createSender(entity).sendMessages({ body: "later", scheduledEnqueueTimeUtc: new Date(Date.now() + 1200) });
  const receiver = client.createReceiver(entity);
  await assertEmpty(receiver);
  assert.deepEqual(bodies(await receive(receiver, 1)), ["later"]);
});

scenario("a cancelled message never arrives, and cannot be cancelled twice", "queue", async ({ client, entity }) => {
  const sender = client.createSender(entity);
  const numbers = await sender.scheduleMessages([{ body: "a" }, { body: "b" }, { body: "c" }], new Date(Date.now() + 1000));
  await sender.cancelScheduledMessages([numbers[0], numbers[2]]);
  await assertFails("MessageNotFound", sender.cancelScheduledMessages(numbers[0]));
  await delay(1200);
  const receiver = client.createReceiver(entity);
  const [message] = await receive(receiver, 1);
  assert.equal(message.body, "b");
  await receiver.completeMessage(message);
  await assertEmpty(receiver);
});

scenario("duplicates within the window are dropped", "duplicates", async ({ client, entity }) => {
  const sender = client.createSender(entity);
  await sender.sendMessages({ body: "first", messageId: "same" });
  await sender.sendMessages({ body: "second", messageId: "same" });
  await sender.sendMessages([{ body: "third", messageId: "other" }, { body: "fourth", messageId: "other" }]);
  const receiver = client.createReceiver(entity);
  assert.deepEqual(bodies(await receive(receiver, 2)), ["first", "third"]);
  await assertEmpty(receiver);
});

scenario("an expired message becomes a dead letter where the queue says so", "expiring", async ({ client, entity }) => {
  await client.createSender(entity).sendMessages({ body: "old", timeToLive: 300 });
  await delay(600);
  await assertEmpty(client.createReceiver(entity));
  const [message] = await receive(client.createReceiver(entity, { subQueueType: "deadLetter" }), 1);
  assert.equal(message.deadLetterReason, "TTLExpiredException");
});
