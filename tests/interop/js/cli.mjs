// The command line that every script here shares; see ../README.md for the contract.
import { text } from "node:stream/consumers";
import { parseArgs } from "node:util";
import { fromLangChain, toLangChain } from "./message.mjs";

const OPERATIONS = ["write", "read", "clear"];

/**
 * Runs `write`, `read` or `clear` on the history that `open` returns for the given options.
 * `options` maps an option's name to true when it must be given.
 */
export async function run(options, open) {
  try {
    const { operation, values } = parse(options);
    const history = open(values);
    if (operation === "write") {
      for (const message of JSON.parse(await text(process.stdin))) {
        await history.addMessage(toLangChain(message));
      }
    } else if (operation === "clear") {
      await history.clear();
    } else {
      const messages = await history.getMessages();
      const shown = messages.map((m) => (values.raw ? m.toDict() : fromLangChain(m)));
      process.stdout.write(`${JSON.stringify(shown)}\n`);
    }
  } catch (error) {
    process.stderr.write(`${error?.stack ?? error}\n`);
    process.exitCode = 1;
  }
}

function parse(options) {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      raw: { type: "boolean" },
      ...Object.fromEntries(Object.keys(options).map((name) => [name, { type: "string" }])),
    },
  });
  const [operation] = positionals;
  if (positionals.length !== 1 || !OPERATIONS.includes(operation)) {
    throw new Error(`name one operation: ${OPERATIONS.join(", ")}`);
  }
  for (const [name, required] of Object.entries(options)) {
    if (required && values[name] === undefined) throw new Error(`--${name} is missing`);
  }
  return { operation, values };
}

/** The AWS client configuration; an emulator that checks no keys takes the placeholder ones. */
export function awsConfig(endpoint) {
  const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION } = process.env;
  return {
    endpoint,
    region: AWS_REGION ?? "us-east-1",
    credentials: {
      accessKeyId: AWS_ACCESS_KEY_ID ?? "test",
      secretAccessKey: AWS_SECRET_ACCESS_KEY ?? "test",
    },
  };
}
