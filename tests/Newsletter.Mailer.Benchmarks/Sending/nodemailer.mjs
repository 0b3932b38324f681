// Sends with nodemailer's pool what the benchmark of Newsletter.Mailer sends. Input: one JSON object on standard input.
// A line "ready" on standard output, then one JSON object a line of standard input that holds a count.
import { createInterface } from "node:readline";
import { createRequire } from "node:module";
const nodemailer = createRequire(process.cwd() + "/")("nodemailer");

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const setup = JSON.parse((await lines.next()).value);
const transport = nodemailer.createTransport({
  host: "127.0.0.1", port: setup.port, secure: false, ignoreTLS: true,
  ...(setup.dkim_key ? { dkim: { domainName: "tidetable.example.com", keySelector: "bench", privateKey: setup.dkim_key } } : {}),
  pool: true, maxConnections: setup.connections, maxMessages: Infinity,
});

let number = 0;
let bytes = 0;
async function sendOne() {
  const n = ++number;
  const fill = (text) => text.replaceAll("{{first_name}}", `Reader${n}`).replaceAll("{{city}}", `Town ${n % 1000}`);
  const info = await transport.sendMail({
    from: "The Tide Table <letters@tidetable.example.com>",
    to: `Reader${n} Example <reader${n}@example.com>`,
    subject: fill(setup.subject),
    text: fill(setup.text),
    html: fill(setup.html),
    messageId: `<42.${n}.0123456789ab@tidetable.example.com>`,
    headers: {
      "List-Unsubscribe": `<https://news.example.com/unsubscribe/k1.AQKAAQNhYWFhYWFhYWFhYWFhYWFhYQ${n}>`,
      "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    },
  });
  bytes = info.messageSize;
}

console.log("ready");
for await (const line of lines) {
  let left = Number(line);
  const started = process.hrtime.bigint();
  // A few more than there are connections: composing must never wait for a reply.
  await Promise.all(Array.from({ length: setup.connections * 2 }, async () => {
    while (left-- > 0) await sendOne();
  }));
  const seconds = Number(process.hrtime.bigint() - started) / 1e9;
  console.log(JSON.stringify({ seconds, message_bytes: bytes }));
}
transport.close();
