// Serves dynalite in memory on 127.0.0.1 until standard input closes.
import { parseArgs } from "node:util";
import dynalite from "dynalite";

const { values } = parseArgs({ options: { port: { type: "string", default: "0" } } });

const server = dynalite({ createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 });
server.on("error", (error) => {
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
});
server.listen(Number(values.port), "127.0.0.1", () => {
  process.stdout.write(`listening http://127.0.0.1:${server.address().port}\n`);
});

process.stdin.on("end", () => process.exit(0)).resume();
process.on("SIGTERM", () => process.exit(0));
