// The command line that every script here shares; see ../README.md for the contract.
import { parseArgs } from "node:util";
import { fromLangChain, toLangChain } from "./message.mjs";

// LangChain warns of tool calls in the form that older writers left, which tests have it write.
console.warn = () => {};

/**
 * Answers requests on the history that `open` returns for the given options, which it opens anew for each.
 * `options` maps an option's name to true when it must be given.
 */
export async function run(options, open) {
  const values = parse(options);
  for await (const line of lines(process.stdin)) {
    const answer = await answerTo(JSON.parse(line), () => open(values));
    process.stdout.write(`${JSON.stringify(answer)}\n`);
  }
  // A client may hold its connections open.
  process.exit();
}

function parse(options) {
  const { values } = parseArgs({
    options: Object.fromEntries(Object.keys(options).map((name) => [name, { type: "string" }])),
  });
  for (const [name, required] of Object.entries(options)) {
    if (required && values[name] === undefined) throw new Error(`--${name} is missing`);
  }
  return values;
}

/** Node's own readline would also split at the line separators that JSON text may hold. */
async function* lines(stream) {
  let rest = "";
  for await (const chunk of stream.setEncoding("utf8")) {
    const parts = (rest + chunk).split("\n");
    rest = parts.pop();
    yield* parts;
  }
}

async function answerTo({ operation, messages, raw }, open) {
  try {
    return { result: (await perform(operation, messages, raw, open())) ?? null };
  } catch (error) {
    return { error: `${error?.stack ?? error}` };
  }
}

async function perform(operation, messages, raw, history) {
  switch (operation) {
    case "write":
      for (const message of messages) await history.addMessage(toLangChain(message));
      return;
    case "read":
      return (await history.getMessages()).map((message) => (raw ? message.toDict() : fromLangChain(message)));
    case "clear":
      return history.clear();
    default:
      throw new Error(`no such operation: ${operation}`);
  }
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
