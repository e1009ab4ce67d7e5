import assert from "node:assert/strict";
import { assertEmpty, bodies, receive, scenario } from "./scenario.mjs";

scenario("each subscription gets what its filters let through", "topic", async ({ client, entity }) => {
  const sender = client.createSender(entity);
  await sender.sendMessages([
    { body: "plain" },
    { body: "red", subject: "red", applicationProperties: { size: 1 } },
    { body: "big red", subject: "red", applicationProperties: { size: 20, color: "dark-red" } },
    { body: "big", applicationProperties: { size: 30 } },
  ]);
  const take = async (subscription, count) => bodies(await receive(client.createReceiver(entity, subscription), count));
  assert.deepEqual(await take("all", 4), ["plain", "red", "big red", "big"]);
  assert.deepEqual(await take("red", 2), ["red", "big red"]);
  assert.deepEqual(await take("sql", 2), ["big red", "big"]);
  await assertEmpty(client.createReceiver(entity, "none"));
});

scenario("a subscription has dead letters of its own", "topic", async ({ client, entity }) => {
  await client.createSender(entity).sendMessages({ body: "x" });
  const receiver = client.createReceiver(entity, "all");
  const [message] = await receive(receiver, 1);
  await receiver.deadLetterMessage(message, { deadLetterReason: "r", deadLetterErrorDescription: "d" });
  const [dead] = await receive(client.createReceiver(entity, "all", { subQueueType: "deadLetter" }), 1);
  assert.equal(dead.deadLetterReason, "r");
});

scenario("a scheduled message of a topic reaches its subscriptions, a cancelled one does not", "topic", async ({ client, entity }) => {
  const sender = client.createSender(entity);
  const due = new Date(Date.now() + 800);
  await sender.scheduleMessages({ body: "comes" }, due);
  await sender.cancelScheduledMessages(await sender.scheduleMessages({ body: "does not" }, due));
  const receiver = client.createReceiver(entity, "all");
  assert.deepEqual(bodies(await receive(receiver, 1)), ["comes"]);
  await assertEmpty(receiver);
});
