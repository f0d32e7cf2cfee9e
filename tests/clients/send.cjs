// node send.cjs CLIENT HOST KEY: sends one identify and one track with a client of npm, unmodified.
const [client, host, key] = process.argv.slice(2);

async function segment() {
  const { Analytics } = require("@segment/analytics-node");
  const analytics = new Analytics({ host, writeKey: key });
  analytics.on("error", (error) => { console.error(error.code); process.exitCode = 1; });
  analytics.identify({ userId: "node-1", traits: { name: "Zoë 😀", email: "node-1@example.com" } });
  analytics.track({ userId: "node-1", event: "Opened", properties: { plan: "gold" } });
  await analytics.closeAndFlush();
}

async function rudder(gzip) {
  const Rudder = require("@rudderstack/rudder-sdk-node");
  const analytics = new Rudder(key, { dataPlaneUrl: host, gzip, logLevel: "error" });
  const sent = (resolve, reject) => (error) => (error ? reject(error) : resolve());
  analytics.identify({ userId: "node-1", traits: { name: "Zoë 😀", email: "node-1@example.com" } });
  analytics.track({ userId: "node-1", event: "Opened", properties: { plan: "gold" } });
  await new Promise((resolve, reject) => analytics.flush(sent(resolve, reject)));
}

const send = { segment, rudder: () => rudder(true), "rudder-plain": () => rudder(false) };
send[client]().then(
  () => process.exit(process.exitCode || 0),
  (error) => { console.error(error); process.exit(1); },
);
