import assert from "node:assert/strict";
import { assertFails, bodies, receive, scenario } from "./scenario.mjs";

// The JavaScript client administers over TLS only.
const administrator = ({ sdk, tlsConnectionString }) => new sdk.ServiceBusAdministrationClient(tlsConnectionString);

scenario("a queue is created, read, updated and deleted", "queue", async (given) => {
  const admin = administrator(given);
  const name = `${given.entity}/made`;
  const made = await admin.createQueue(name, { lockDuration: "PT17S", maxDeliveryCount: 4, requiresSession: true, forwardDeadLetteredMessagesTo: given.entity });
  assert.deepEqual([made.name, made.lockDuration, made.maxDeliveryCount, made.requiresSession, made.status], [name, "PT17S", 4, true, "Active"]);
  const read = await admin.getQueue(name);
  assert.equal(new URL(read.forwardDeadLetteredMessagesTo.replace("sb:", "http:")).pathname, `/${given.entity}`);
  const updated = await admin.updateQueue({ ...read, maxDeliveryCount: 5, userMetadata: "note" });
  assert.deepEqual([updated.maxDeliveryCount, updated.userMetadata, updated.lockDuration], [5, "note", "PT17S"]);
  assert.equal(await admin.queueExists(name), true);
  await admin.deleteQueue(name);
  assert.equal(await admin.queueExists(name), false);
});

scenario("a topic and its subscriptions are created, counted, listed and deleted", "queue", async (given) => {
  const admin = administrator(given);
  const topic = `${given.entity}-topic`;
  await admin.createTopic(topic, { defaultMessageTimeToLive: "PT2H" });
  for (let i = 0; i < 5; i++) await admin.createSubscription(topic, `s${i}`, { maxDeliveryCount: 3 });
  await given.client.createSender(topic).sendMessages({ body: "a" });
  const pages = [];
  for await (const page of admin.listSubscriptions(topic).byPage({ maxPageSize: 2 })) pages.push(page.map((one) => one.subscriptionName));
  assert.deepEqual(pages, [["s0", "s1"], ["s2", "s3"], ["s4"]]);
  const counts = await admin.getSubscriptionRuntimeProperties(topic, "s3");
  assert.deepEqual([counts.activeMessageCount, counts.deadLetterMessageCount, counts.totalMessageCount], [1, 0, 1]);
  assert.equal((await admin.getTopicRuntimeProperties(topic)).subscriptionCount, 5);
  assert.equal((await admin.getTopic(topic)).defaultMessageTimeToLive, "PT2H");
  await admin.deleteTopic(topic);
  assert.equal(await admin.subscriptionExists(topic, "s3"), false);
});

scenario("rules with filters and actions are created, updated and deleted", "queue", async (given) => {
  const admin = administrator(given);
  const topic = `${given.entity}-topic`;
  await admin.createTopic(topic);
  await admin.createSubscription(topic, "s");
  await admin.deleteRule(topic, "s", "$Default");
  await admin.createRule(topic, "s", "sql", { sqlExpression: "size > @least", sqlParameters: { "@least": 3 } }, { sqlExpression: "SET sys.Label = 'big'" });
  await admin.createRule(topic, "s", "red", { subject: "red", applicationProperties: { hue: "dark", warm: true } });
  const rule = await admin.getRule(topic, "s", "sql");
  assert.deepEqual([rule.name, rule.filter.sqlExpression, rule.filter.sqlParameters, rule.action.sqlExpression], ["sql", "size > @least", { "@least": 3 }, "SET sys.Label = 'big'"]);
  const red = await admin.getRule(topic, "s", "red");
  assert.deepEqual([red.filter.subject, red.filter.applicationProperties], ["red", { hue: "dark", warm: true }]);
  await given.client.createSender(topic).sendMessages([
    { body: "small", applicationProperties: { size: 3 } },
    { body: "large", applicationProperties: { size: 4 } },
    { body: "dark red", subject: "red", applicationProperties: { hue: "dark", warm: true } },
  ]);
  const found = await receive(given.client.createReceiver(topic, "s"), 2);
  assert.deepEqual(bodies(found), ["large", "dark red"]);
  assert.deepEqual(found.map((message) => message.subject), ["big", "red"]);
  await admin.updateRule(topic, "s", { ...red, filter: { sqlExpression: "1=0" } });
  const names = [];
  for await (const one of admin.listRules(topic, "s")) names.push(one.name);
  assert.deepEqual(names, ["sql", "red"]);
});

scenario("what cannot be administered is refused with the client's own codes", "queue", async (given) => {
  const admin = administrator(given);
  await assertFails("MessageEntityAlreadyExistsError", admin.createQueue(given.entity));
  await assertFails("MessageEntityNotFoundError", admin.getQueue("none"));
  await assertFails("MessageEntityNotFoundError", admin.deleteTopic("none"));
  await assertFails("ServiceError", admin.createQueue("refused", { enablePartitioning: true }));
  const stranger = new given.sdk.ServiceBusAdministrationClient(given.tlsConnectionString.replace("SAS_KEY_VALUE", "WRONG"));
  await assertFails("UnauthorizedRequestError", stranger.getQueue(given.entity));
  assert.equal((await admin.getNamespaceProperties()).messagingSku, "Standard");
});
