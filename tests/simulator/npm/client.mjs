// Subscribes to a simulated region with the official client, and tells on stdout, as one JSON object, what came.
//
//   node client.mjs URL TOKEN PUBKEY     PUBKEY: an account that is written in every slot

import Client, { CommitmentLevel, CompressedAccountFilterSet, txEncode } from "@triton-one/yellowstone-grpc";

const [url, token, pubkey] = process.argv.slice(2);
const KINDS = [
  "account", "slot", "transaction", "transactionStatus", "block", "blockMeta", "entry", "ping", "pong",
];

const NAMES = ["all", "one", "sized", "cuckoo", "votes", "failed"];

function emptyRequest() {
  return {
    accounts: {}, slots: {}, transactions: {}, transactionsStatus: {}, blocks: {}, blocksMeta: {}, entry: {},
    accountsDataSlice: [],
  };
}

function accounts(changes) {
  return { account: [], owner: [], filters: [], ...changes };
}

function transactions(changes) {
  return { accountInclude: [], accountExclude: [], accountRequired: [], ...changes };
}

function everyFilterKind() {
  const request = emptyRequest();
  const set = new CompressedAccountFilterSet(16);
  set.insert(pubkey);
  request.accounts.all = accounts({});
  request.accounts.one = accounts({ account: [pubkey] });
  request.accounts.sized = accounts({ filters: [{ datasize: "165" }] });
  set.insertIntoSubscribeRequest(request, "cuckoo");
  request.slots.all = { interslotUpdates: true };
  request.transactions.all = transactions({});
  request.transactions.votes = transactions({ vote: true });
  request.transactions.failed = transactions({ vote: false, failed: true });
  request.transactionsStatus.all = transactions({});
  request.blocks.all = { accountInclude: [], includeTransactions: true, includeAccounts: true, includeEntries: true };
  request.blocksMeta.all = {};
  request.entry.all = {};
  request.commitment = CommitmentLevel.PROCESSED;
  return request;
}

/** Read updates until `take` returns true. */
function read(stream, take) {
  return new Promise((resolve, reject) => {
    stream.on("error", reject);
    stream.on("end", () => reject(new Error("the stream ended")));
    stream.on("data", (update) => {
      if (take(update)) resolve();
    });
  });
}

/** As the client itself encodes the transaction for JSON. */
function versionOf(transaction) {
  return txEncode.encode(transaction, txEncode.encoding.Json, 1, false).version;
}

function write(stream, request) {
  return new Promise((resolve, reject) => stream.write(request, (error) => (error ? reject(error) : resolve())));
}

async function subscribeToEverything(client) {
  const counts = {};
  const names = new Set();
  const versions = new Set();
  const stream = await client.subscribe();
  const done = read(stream, (update) => {
    for (const kind of KINDS) if (update[kind] !== undefined) counts[kind] = (counts[kind] ?? 0) + 1;
    for (const name of update.filters) names.add(name);
    if (update.pong !== undefined) counts.pongId = update.pong.id;
    if (update.transaction !== undefined) versions.add(versionOf(update.transaction.transaction));
    return KINDS.every((kind) => counts[kind] > 0) && NAMES.every((name) => names.has(name)) && versions.size > 1;
  });
  await write(stream, everyFilterKind());
  await write(stream, { ...emptyRequest(), ping: { id: 7 } });
  await done;
  stream.destroy();
  return { counts, names: [...names].sort(), versions: [...versions] };
}

async function replay(client) {
  const { firstAvailable } = await client.subscribeReplayInfo();
  const tip = Number((await client.getSlot(CommitmentLevel.CONFIRMED)).slot);
  const slots = [];
  const request = { ...emptyRequest(), commitment: CommitmentLevel.CONFIRMED, fromSlot: firstAvailable };
  request.blocksMeta.all = {};
  const stream = await client.subscribe();
  const done = read(stream, (update) => {
    if (update.blockMeta !== undefined) slots.push(Number(update.blockMeta.slot));
    return slots.at(-1) > tip;
  });
  await write(stream, request);
  await done;
  stream.destroy();
  return { firstAvailable: Number(firstAvailable), tip, slots };
}

async function refusal() {
  const stranger = new Client(url, "guess", {}, { enabled: false });
  try {
    await stranger.connect();
    const stream = await stranger.subscribe();
    await read(stream, () => false);
  } catch (error) {
    return String(error);
  }
  return "";
}

const client = new Client(url, token, {}, { enabled: false });
await client.connect();
const told = {
  version: JSON.parse((await client.getVersion()).version),
  pong: (await client.ping(3)).count,
  blockhash: await client.getLatestBlockhash(CommitmentLevel.CONFIRMED),
  height: Number((await client.getBlockHeight(CommitmentLevel.CONFIRMED)).blockHeight),
  everything: await subscribeToEverything(client),
  replay: await replay(client),
  refusal: await refusal(),
};
console.log(JSON.stringify(told));
process.exit(0);
