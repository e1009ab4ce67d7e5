import assert from "node:assert/strict";
import { assertEmpty, assertFails, bodies, delay, receive, scenario } from "./scenario.mjs";

const numbers = (count) => [...Array(count).keys()];
const send = (client, entity, ...messages) => client.createSender(entity).sendMessages(messages.map((body) => ({ body })));

scenario("a full batch is received at once", "queue", async ({ client, entity }) => {
  await send(client, entity, ...numbers(10));
  const start = Date.now();
  const messages = await client.createReceiver(entity).receiveMessages(10, { maxWaitTimeInMs: 30000 });
  assert.deepEqual(bodies(messages), numbers(10));
  assert.ok(Date.now() - start < 20000, "it did not wait for more");
});

scenario("fewer messages than asked for are received too, again and again", "queue", async ({ client, entity }) => {
  const receiver = client.createReceiver(entity);
  for (let round = 0; round < 3; round++) {
    await send(client, entity, "a", "b", "c");
    const messages = await receiver.receiveMessages(10, { maxWaitTimeInMs: 3000 });
    assert.deepEqual(bodies(messages), ["a", "b", "c"]);
    for (const message of messages) await receiver.completeMessage(message);
  }
});

scenario("receiving from an empty queue ends after the wait, and the receiver goes on", "queue", async ({ client, entity }) => {
  const receiver = client.createReceiver(entity);
  for (let round = 0; round < 3; round++) assert.deepEqual(await receiver.receiveMessages(5, { maxWaitTimeInMs: 300 }), []);
  await send(client, entity, "now");
  assert.deepEqual(bodies(await receive(receiver, 1)), ["now"]);
});

scenario("a completed message is gone", "short-lock", async ({ client, entity }) => {
  await send(client, entity, "done");
  const receiver = client.createReceiver(entity);
  const [message] = await receive(receiver, 1);
  await receiver.completeMessage(message);
  await delay(1200);
  await assertEmpty(receiver);
  assert.deepEqual(await receiver.peekMessages(1), []);
});

scenario("an abandoned message comes back, counted and changed", "queue", async ({ client, entity }) => {
  await send(client, entity, "again");
  const receiver = client.createReceiver(entity);
  const [first] = await receive(receiver, 1);
  await receiver.abandonMessage(first, { attempt: "one" });
  const [second] = await receive(receiver, 1);
  assert.equal(second.deliveryCount, 1);
  assert.equal(second.applicationProperties.attempt, "one");
  assert.equal(second.sequenceNumber.toString(), first.sequenceNumber.toString());
  await receiver.completeMessage(second);
});

scenario("a message that is abandoned too often becomes a dead letter", "queue", async ({ client, entity }) => {
  await send(client, entity, "poison");
  const receiver = client.createReceiver(entity);
  for (let i = 0; i < 3; i++) await receiver.abandonMessage((await receive(receiver, 1))[0]);
  await assertEmpty(receiver);
  const [dead] = await receive(client.createReceiver(entity, { subQueueType: "deadLetter" }), 1);
  assert.equal(dead.body, "poison");
  assert.equal(dead.deadLetterReason, "MaxDeliveryCountExceeded");
  assert.equal(dead.deadLetterSource, entity);
});

scenario("a dead-lettered message is found there with its reason, and can be completed", "queue", async ({ client, entity }) => {
  await send(client, entity, "bad");
  const receiver = client.createReceiver(entity);
  const [message] = await receive(receiver, 1);
  await receiver.deadLetterMessage(message, { deadLetterReason: "reason", deadLetterErrorDescription: "description", extra: 5 });
  await assertEmpty(receiver);
  const deadLetters = client.createReceiver(entity, { subQueueType: "deadLetter" });
  const [dead] = await receive(deadLetters, 1);
  assert.equal(dead.body, "bad");
  assert.equal(dead.deadLetterReason, "reason");
  assert.equal(dead.deadLetterErrorDescription, "description");
  assert.equal(dead.applicationProperties.extra, 5);
  await deadLetters.completeMessage(dead);
  assert.deepEqual(await deadLetters.peekMessages(1), []);
});

scenario("a renewed lock holds", "short-lock", async ({ client, entity }) => {
  await send(client, entity, "long");
  const receiver = client.createReceiver(entity, { maxAutoLockRenewalDurationInMs: 0 });
  const [message] = await receive(receiver, 1);
  for (let i = 0; i < 5; i++) {
    await delay(500);
    const until = await receiver.renewMessageLock(message);
    assert.ok(until > new Date());
  }
  await receiver.completeMessage(message);
  await assertEmpty(receiver);
});

scenario("a lost lock is said, and the message is delivered again", "short-lock", async ({ client, entity }) => {
  await send(client, entity, "slow");
  const receiver = client.createReceiver(entity, { maxAutoLockRenewalDurationInMs: 0 });
  const [message] = await receive(receiver, 1);
  await delay(1300);
  await assertFails("MessageLockLost", receiver.completeMessage(message));
  await assertFails("MessageLockLost", receiver.renewMessageLock(message));
  const [again] = await receive(receiver, 1);
  assert.equal(again.deliveryCount, 1);
  await receiver.completeMessage(again);
});

scenario("a message whose receiver went away is delivered to another", "short-lock", async ({ client, connect, entity }) => {
  await send(client, entity, "orphan");
  const other = connect();
  await receive(other.createReceiver(entity), 1);
  await other.close();
  const receiver = client.createReceiver(entity);
  const [message] = await receive(receiver, 1);
  assert.equal(message.deliveryCount, 1);
  await receiver.completeMessage(message);
});

scenario("peeking shows messages in any state and takes none", "queue", async ({ client, entity }) => {
  await send(client, entity, ...numbers(5));
  const receiver = client.createReceiver(entity);
  const [first] = await receive(receiver, 1);
  assert.deepEqual(bodies(await receiver.peekMessages(3)), [0, 1, 2]);
  assert.deepEqual(bodies(await receiver.peekMessages(10)), [3, 4]);
  assert.deepEqual(await receiver.peekMessages(10), []);
  const [third] = await receiver.peekMessages(1, { fromSequenceNumber: first.sequenceNumber.add(2) });
  assert.equal(third.body, 2);
});

scenario("a deferred message is received by its number only", "queue", async ({ client, entity }) => {
  await send(client, entity, "aside", "next");
  const receiver = client.createReceiver(entity);
  const [aside, next] = await receive(receiver, 2);
  await receiver.deferMessage(aside);
  await receiver.completeMessage(next);
  await assertEmpty(receiver);
  assert.equal((await receiver.peekMessages(1))[0].state, "deferred");
  const [message] = await receiver.receiveDeferredMessages(aside.sequenceNumber);
  assert.equal(message.body, "aside");
  await assertFails("MessageNotFound", receiver.receiveDeferredMessages(aside.sequenceNumber));
  await receiver.completeMessage(message);
  await assertFails("MessageNotFound", receiver.receiveDeferredMessages(aside.sequenceNumber));
});

scenario("receiveAndDelete takes messages without a word", "queue", async ({ client, entity }) => {
  await send(client, entity, ...numbers(20));
  const receiver = client.createReceiver(entity, { receiveMode: "receiveAndDelete" });
  assert.deepEqual(bodies(await receive(receiver, 20)), numbers(20));
  assert.deepEqual(await receiver.peekMessages(1), []);
});

scenario("subscribing hands over every message and completes it", "queue", async ({ client, entity }) => {
  const receiver = client.createReceiver(entity);
  const seen = [];
  let done;
  const all = new Promise((resolve) => (done = resolve));
  const errors = [];
  const subscription = receiver.subscribe(
    {
      processMessage: async (message) => {
        seen.push(message.body);
        if (seen.length === 200) done();
      },
      processError: async (problem) => errors.push(problem.error),
    },
    { maxConcurrentCalls: 10 },
  );
  await send(client, entity, ...numbers(200));
  await all;
  await subscription.close();
  assert.deepEqual(errors, []);
  assert.deepEqual(seen.sort((a, b) => a - b), numbers(200));
  assert.deepEqual(await client.createReceiver(entity).peekMessages(1), []);
});

scenario("several receivers share a queue without doubles", "queue", async ({ client, entity }) => {
  await send(client, entity, ...numbers(120));
  const seen = [];
  await Promise.all([1, 2, 3, 4].map(async () => {
    const receiver = client.createReceiver(entity, { receiveMode: "receiveAndDelete" });
    for (let i = 0; i < 3; i++) seen.push(...bodies(await receive(receiver, 10)));
    await receiver.close();
  }));
  assert.deepEqual(seen.sort((a, b) => a - b), numbers(120));
});
