import assert from "node:assert/strict";
import { assertFails, bodies, receive, scenario } from "./scenario.mjs";

scenario("300 fresh connections send a message each", "queue", async ({ client, connect, entity }) => {
  let next = 0;
  await Promise.all([...Array(6)].map(async () => {
    while (next < 300) {
      const body = next++;
      const fresh = connect({ retryOptions: { maxRetries: 0 } });
      await fresh.createSender(entity).sendMessages({ body });
      await fresh.close();
    }
  }));
  const seen = bodies(await receive(client.createReceiver(entity, { receiveMode: "receiveAndDelete" }), 300));
  assert.deepEqual(seen.sort((a, b) => a - b), [...Array(300).keys()]);
});

scenario("TLS carries messages and is checked", "queue", async ({ sdk, entity, tlsConnectionString }) => {
  const secure = new sdk.ServiceBusClient(tlsConnectionString, { retryOptions: { maxRetries: 0 } });
  await secure.createSender(entity).sendMessages({ body: "secret" });
  assert.deepEqual(bodies(await receive(secure.createReceiver(entity), 1)), ["secret"]);
  await secure.close();
});

scenario("a wrong key is refused", "queue", async ({ sdk, entity, connectionString }) => {
  const wrong = new sdk.ServiceBusClient(connectionString.replace("SAS_KEY_VALUE", "WRONG"), { retryOptions: { maxRetries: 0 } });
  await assertFails("UnauthorizedAccess", wrong.createSender(entity).sendMessages({ body: "x" }));
  await wrong.close();
});

scenario("an entity that does not exist is said so", "queue", async ({ client }) => {
  await assertFails("MessagingEntityNotFound", client.createSender("missing").sendMessages({ body: "x" }));
  await assertFails("MessagingEntityNotFound", client.createReceiver("missing").receiveMessages(1));
});
