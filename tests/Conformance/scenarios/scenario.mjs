import assert from "node:assert/strict";

/** Every scenario by its name. */
export const all = new Map();

/** Adds a scenario. `kind` says what entity it gets: the kinds are in Scenario.cs. */
export function scenario(name, kind, run) {
  if (all.has(name)) throw new Error(`Two scenarios are named "${name}".`);
  all.set(name, run);
}

export const delay = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Receives exactly as many messages as asked for, however they are cut into batches. */
export async function receive(receiver, count) {
  const wait = 20000;
  const messages = [];
  while (messages.length < count) {
    const start = Date.now();
    const more = await receiver.receiveMessages(count - messages.length, { maxWaitTimeInMs: wait });
    assert.ok(more.length > 0, `${messages.length} of ${count} messages came`);
    assert.ok(Date.now() - start < wait, "they came only when the client asked again");
    messages.push(...more);
  }
  return messages;
}

/** Fails unless nothing can be received. */
export async function assertEmpty(receiver) {
  assert.deepEqual((await receiver.receiveMessages(1, { maxWaitTimeInMs: 300 })).map((message) => message.body), []);
}

export async function assertFails(code, promise) {
  await assert.rejects(promise, (error) => {
    assert.equal(error.code, code, `${error.code}: ${error.message}`);
    return true;
  });
}

export const bodies = (messages) => messages.map((message) => message.body);
