// Runs scenarios with the official SDK: one request a line in, one answer a line out.
// Usage: node driver.mjs SDK_NODE_MODULES; each line {"name", "entity", "connectionString", "tlsConnectionString"}.
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { join } from "node:path";
import { readdirSync } from "node:fs";
import { all } from "./scenarios/scenario.mjs";

const sdk = createRequire(join(process.argv[2], "x.js"))("@azure/service-bus");
const folder = new URL("./scenarios/", import.meta.url);
for (const file of readdirSync(folder)) await import(new URL(file, folder));

for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line);
  const connect = (options) => new sdk.ServiceBusClient(request.connectionString, options);
  const client = connect({ retryOptions: { maxRetries: 0 } });
  let error;
  try {
    await all.get(request.name)({ ...request, sdk, client, connect });
  } catch (failure) {
    error = `${failure.code ?? failure.name}: ${failure.stack ?? failure}`;
  }
  await client.close().catch((failure) => (error ??= `close: ${failure}`));
  process.stdout.write(JSON.stringify({ error }) + "\n");
}
process.exit(0);
