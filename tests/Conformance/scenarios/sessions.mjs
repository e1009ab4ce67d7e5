import assert from "node:assert/strict";
import { assertEmpty, assertFails, bodies, delay, receive, scenario } from "./scenario.mjs";

scenario("a session receives its own messages in order", "sessions", async ({ client, entity }) => {
  const sender = client.createSender(entity);
  for (let i = 0; i < 6; i++) await sender.sendMessages({ body: i, sessionId: i % 2 ? "odd" : "even" });
  const odd = await client.acceptSession(entity, "odd");
  assert.equal(odd.sessionId, "odd");
  assert.ok(odd.sessionLockedUntilUtc > new Date());
  const messages = await receive(odd, 3);
  assert.deepEqual(bodies(messages), [1, 3, 5]);
  for (const message of messages) await odd.completeMessage(message);
  await assertEmpty(odd);
});

scenario("the next session is one with messages that nobody holds", "sessions", async ({ client, entity }) => {
  const sender = client.createSender(entity);
  await sender.sendMessages([{ body: 1, sessionId: "a" }, { body: 2, sessionId: "b" }]);
  const first = await client.acceptNextSession(entity);
  const second = await client.acceptNextSession(entity);
  assert.deepEqual([first.sessionId, second.sessionId], ["a", "b"]);
  const third = client.acceptNextSession(entity);
  await sender.sendMessages({ body: 3, sessionId: "c" });
  assert.equal((await third).sessionId, "c");
});

scenario("a held session is refused to others until it is closed", "sessions", async ({ client, entity }) => {
  const receiver = await client.acceptSession(entity, "mine");
  await assertFails("SessionCannotBeLocked", client.acceptSession(entity, "mine"));
  await receiver.close();
  assert.equal((await client.acceptSession(entity, "mine")).sessionId, "mine");
});

scenario("a session keeps its state", "sessions", async ({ client, entity }) => {
  const receiver = await client.acceptSession(entity, "s");
  assert.equal(await receiver.getSessionState(), null);
  await receiver.setSessionState({ step: 3 });
  assert.deepEqual(await receiver.getSessionState(), { step: 3 });
  await receiver.close();
  const again = await client.acceptSession(entity, "s");
  assert.deepEqual(await again.getSessionState(), { step: 3 });
  await again.setSessionState(null);
  assert.equal(await again.getSessionState(), null);
});

scenario("a closed session gives its messages back uncounted", "sessions", async ({ client, entity }) => {
  await client.createSender(entity).sendMessages({ body: "x", sessionId: "s" });
  const receiver = await client.acceptSession(entity, "s");
  await receive(receiver, 1);
  await receiver.close();
  const [message] = await receive(await client.acceptSession(entity, "s"), 1);
  assert.equal(message.deliveryCount, 0);
});

scenario("a renewed session holds, a lost one is said", "short-sessions", async ({ client, entity }) => {
  await client.createSender(entity).sendMessages({ body: "x", sessionId: "s" });
  const receiver = await client.acceptSession(entity, "s", { maxAutoLockRenewalDurationInMs: 0 });
  const [message] = await receive(receiver, 1);
  for (let i = 0; i < 3; i++) {
    await delay(600);
    assert.ok((await receiver.renewSessionLock()) > new Date());
  }
  await delay(1500);
  await assertFails("SessionLockLost", receiver.completeMessage(message));
  const again = await client.acceptSession(entity, "s");
  assert.equal((await receive(again, 1))[0].deliveryCount, 1);
});

scenario("session messages are peeked, deferred and scheduled", "sessions", async ({ client, entity }) => {
  const sender = client.createSender(entity);
  await sender.sendMessages([{ body: 1, sessionId: "a" }, { body: 2, sessionId: "b" }]);
  const receiver = await client.acceptSession(entity, "b");
  assert.deepEqual(bodies(await receiver.peekMessages(5)), [2]);
  const [message] = await receive(receiver, 1);
  await receiver.deferMessage(message);
  const [deferred] = await receiver.receiveDeferredMessages(message.sequenceNumber);
  assert.equal(deferred.body, 2);
  await receiver.completeMessage(deferred);
  await sender.scheduleMessages({ body: 3, sessionId: "b" }, new Date(Date.now() + 500));
  assert.deepEqual(bodies(await receive(receiver, 1)), [3]);
});

scenario("an entity with sessions refuses messages and receivers without one", "sessions", async ({ client, entity }) => {
  await assert.rejects(client.createSender(entity).sendMessages({ body: "x" }), /SessionId/);
  await assert.rejects(client.createReceiver(entity).receiveMessages(1, { maxWaitTimeInMs: 1000 }), /session/);
});

scenario("an entity without sessions refuses to accept one", "queue", async ({ client, entity }) => {
  await assert.rejects(client.acceptSession(entity, "s"), /session/);
});
