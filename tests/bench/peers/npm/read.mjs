// Reads the replay server's stream with one client, decodes every update whole, takes its key, and tells the
// figures on stdout as one JSON object, in the form of tests/bench/window.py.
//
//   node read.mjs --client NAME --port PORT [--seconds 3] [--delays] [--blocks] [--messages N]

import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";

const { values: given } = parseArgs({
  options: {
    client: { type: "string" },
    port: { type: "string" },
    seconds: { type: "string", default: "3" },
    delays: { type: "boolean", default: false },
    blocks: { type: "boolean", default: false },
    messages: { type: "string" },
  },
});
const NS = 1e9;
const WARM_UP_NS = given.delays ? 3e9 : 1e9;
const STEP = given.blocks ? 1 : 64;
const PROCESSED = 0;
const URL = `127.0.0.1:${given.port}`;
const limit = given.messages === undefined ? Infinity : Number(given.messages);

/** Monotonic nanoseconds, of the same clock as the server's stamps. */
const now = () => Number(process.hrtime.bigint());

const opensNs = now() + (limit === Infinity ? WARM_UP_NS : 0);
const kinds = {};
const delays = [];
let last = null;
let seen = 0;
let began = null;
let isOver = false;

function cpuSeconds() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

function begin(nowNs) {
  began = { ns: nowNs, seen: limit === Infinity ? seen : 0, cpu: cpuSeconds() };
}

function memoryMb(word) {
  const status = readFileSync("/proc/self/status", "ascii");
  return Number(status.match(new RegExp(`^${word}:\\s*(\\d+)`, "m"))[1]) / 1024;
}

function spread() {
  if (delays.length === 0) return {};
  delays.sort((a, b) => a - b);
  const end = delays.length - 1;
  const at = (share) => delays[Math.floor(end * share)] / 1000;
  return { handler_p50: at(0.5), handler_p99: at(0.99), handler_max: at(1) };
}

function tell(nowNs) {
  const figures = {
    messages: seen - began.seen,
    seconds: (nowNs - began.ns) / NS,
    cpu_seconds: cpuSeconds() - began.cpu,
    rss_mb: memoryMb("VmRSS"),
    peak_mb: memoryMb("VmHWM"),
    delays_us: spread(),
    kinds,
  };
  process.stdout.write(JSON.stringify(figures) + "\n", () => process.exit(0));
}

/** The kind of an update and what makes it itself. */
function keyOf(update) {
  if (update.account) return ["account", update.account.slot, update.account.account.pubkey];
  if (update.transaction) return ["transaction", update.transaction.slot, update.transaction.transaction.signature];
  if (update.slot) return ["slot", update.slot.slot, update.slot.status];
  if (update.block) return ["block", update.block.slot, update.block.blockhash];
  return ["block_meta", update.blockMeta.slot, update.blockMeta.blockhash];
}

/** Nanoseconds of the send stamp. A Date has whole milliseconds: half of one is what it has lost on average. */
function sentNs(stamp) {
  if (stamp instanceof Date) return stamp.getTime() * 1e6 + 5e5;
  return Number(stamp.seconds) * NS + stamp.nanos;
}

function take(update) {
  if (isOver) return;
  last = keyOf(update);
  seen += 1;
  if (limit !== Infinity) {
    if (began === null) begin(opensNs);
    kinds[last[0]] = (kinds[last[0]] ?? 0) + 1;
    if (seen === limit) {
      isOver = true;
      tell(now());
    }
    return;
  }
  if (given.delays && began !== null) delays.push(now() - sentNs(update.createdAt));
  if (seen % STEP !== 0) return;
  const nowNs = now();
  if (began === null) {
    if (nowNs >= opensNs) begin(nowNs);
  } else if (nowNs - began.ns >= Number(given.seconds) * NS) {
    isOver = true;
    tell(nowNs);
  }
}

function fail(error) {
  console.error(error);
  process.exit(1);
}

/** What tests/bench/peers/reading.py asks for. */
function request() {
  const transactions = { a: { accountInclude: [], accountExclude: [], accountRequired: [] } };
  const accounts = { b: { account: [], owner: [], filters: [] } };
  return {
    accounts: given.blocks ? {} : accounts,
    slots: { "~1": { interslotUpdates: true } },
    transactions: given.blocks ? {} : transactions,
    transactionsStatus: {},
    blocks: given.blocks ? { a: { accountInclude: [], includeTransactions: true } } : {},
    blocksMeta: { "~1": {} },
    entry: {},
    accountsDataSlice: [],
    commitment: PROCESSED,
  };
}

async function helius() {
  const { default: client } = await import("helius-laserstream");
  const config = { apiKey: "none", endpoint: `http://${URL}`, replay: false, maxReconnectAttempts: 0 };
  await client.subscribe(config, request(), take, fail);
}

async function triton() {
  const { default: module } = await import("@triton-one/yellowstone-grpc");
  const Client = module.default ?? module;
  const client = new Client(`http://${URL}`, undefined, {}, { enabled: false });
  await client.connect();
  const stream = await client.subscribe(request());
  stream.on("error", fail);
  stream.on("data", take);
}

async function grpcJs() {
  const { default: grpc } = await import("@grpc/grpc-js");
  const { default: proto } = await import("laserstream-core-proto-js/generated.js");
  const { SubscribeRequest, SubscribeUpdate } = proto.geyser;
  const subscribe = {
    path: "/geyser.Geyser/Subscribe",
    requestStream: true,
    responseStream: true,
    requestSerialize: (message) => Buffer.from(SubscribeRequest.encode(SubscribeRequest.fromObject(message)).finish()),
    responseDeserialize: (bytes) => SubscribeUpdate.decode(bytes),
  };
  const Service = grpc.makeGenericClientConstructor({ subscribe }, "Geyser");
  const client = new Service(URL, grpc.credentials.createInsecure(), { "grpc.max_receive_message_length": -1 });
  const stream = client.subscribe();
  stream.on("error", fail);
  stream.on("data", take);
  stream.write(request());
}

await { helius, triton, "grpc-js": grpcJs }[given.client]();
