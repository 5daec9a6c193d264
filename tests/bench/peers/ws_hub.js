// Node's http, ws and better-sqlite3 (WAL, synchronous=FULL), one process: node ws_hub.js FOLDER
// The same messages as the naive build; statements are prepared once, each change is one synchronous transaction.
'use strict';
const http = require('node:http');
const path = require('node:path');
const { randomInt, randomUUID } = require('node:crypto');
const Database = require('better-sqlite3');
const { WebSocketServer } = require('ws');

const database = new Database(path.join(process.argv[2], 'hub.db'));
database.pragma('journal_mode = WAL');
database.pragma('synchronous = FULL');
database.exec(`
CREATE TABLE pairings (register TEXT PRIMARY KEY, device TEXT NOT NULL, events INTEGER NOT NULL DEFAULT 0);
CREATE TABLE transactions (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, transaction_id TEXT NOT NULL UNIQUE, register TEXT NOT NULL,
    device TEXT NOT NULL, request TEXT NOT NULL, state TEXT NOT NULL, result TEXT
);
CREATE INDEX transactions_open ON transactions (device, seq) WHERE state IN ('queued', 'sending');
CREATE TABLE events (register TEXT NOT NULL, number INTEGER NOT NULL, frame TEXT NOT NULL, PRIMARY KEY (register, number));
`);
const sql = {
  pair: database.prepare('INSERT INTO pairings (register, device) VALUES (?, ?)'),
  device: database.prepare('SELECT device FROM pairings WHERE register = ?').pluck(),
  add: database.prepare(
    "INSERT INTO transactions (transaction_id, register, device, request, state) VALUES (?, ?, ?, ?, 'queued')"),
  get: database.prepare('SELECT register, state FROM transactions WHERE transaction_id = ? AND device = ?'),
  finish: database.prepare('UPDATE transactions SET state = ?, result = ? WHERE transaction_id = ?'),
  head: database.prepare(
    "SELECT transaction_id, register, request, state FROM transactions " +
    "WHERE device = ? AND state IN ('queued', 'sending') ORDER BY state = 'queued', seq LIMIT 1"),
  send: database.prepare("UPDATE transactions SET state = 'sending' WHERE transaction_id = ?"),
  number: database.prepare('UPDATE pairings SET events = events + 1 WHERE register = ? RETURNING events').pluck(),
  event: database.prepare('INSERT INTO events (register, number, frame) VALUES (?, ?, ?)'),
};
const STEPS = { sending: { approved: 'approved', declined: 'declined', failed: 'failed' } };

const sockets = new Map();
const codes = new Map();
const triple = (...parts) => parts.join('\x1f');
const answer = (id, result) => JSON.stringify({ jsonrpc: '2.0', id, result });
const tell = (told) => { for (const [to, frame] of told) sockets.get(to)?.send(frame); };

function event(register, transaction_id, state, result) {
  const transaction = { transaction_id, state, final: state !== 'queued' && state !== 'sending', result };
  const number = sql.number.get(register);
  const frame = JSON.stringify(
    { jsonrpc: '2.0', method: 'transaction.updated', params: { event: number, transaction } });
  sql.event.run(register, number, frame);
  return [register, frame];
}

function next(device) {
  const head = sql.head.get(device);
  if (head === undefined || head.state === 'sending') return [];
  const { transaction_id, register, request } = head;
  sql.send.run(transaction_id);
  const params = { transaction_id, ...JSON.parse(request) };
  const start = JSON.stringify(
    { jsonrpc: '2.0', id: `start:${transaction_id}:1`, method: 'transaction.start', params });
  return [event(register, transaction_id, 'sending'), [device, start]];
}

const submit = database.transaction((register, request) => {
  const device = sql.device.get(register);
  if (device === undefined) throw new Error('not paired');
  const transaction_id = randomUUID();
  sql.add.run(transaction_id, register, device, JSON.stringify(request));
  return [transaction_id, [event(register, transaction_id, 'queued'), ...next(device)]];
});

const complete = database.transaction((device, result) => {
  const { register, state } = sql.get.get(result.transaction_id, device);
  const after = STEPS[state]?.[result.outcome];
  if (after === undefined) throw new Error(`illegal: ${state} ${result.outcome}`);
  sql.finish.run(after, JSON.stringify(result), result.transaction_id);
  return [event(register, result.transaction_id, after, result), ...next(device)];
});

function respond(response, status, body) {
  const text = JSON.stringify(body);
  response.writeHead(status, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) });
  response.end(text);
}

const server = http.createServer((request, response) => {
  let body = '';
  request.setEncoding('utf8');
  request.on('data', (chunk) => { body += chunk; });
  request.on('end', () => {
    const form = Object.fromEntries(new URLSearchParams(body));
    const register = triple(form.POSRegisterID, form.POSBusinessName, form.POSVendorName);
    try {
      if (request.method === 'PUT') {
        const code = request.url.split('/').pop();
        sql.pair.run(register, codes.get(code));
        codes.delete(code);
        respond(response, 200, { result: 'success' });
      } else {
        const [transactionId, told] = submit(
          register, { function: form.TransactionType, amount_total_cents: Number(form.AmountTotal) });
        respond(response, 200, { transactionId, transactionStatus: 'PENDING', data: form });
        tell(told);
      }
    } catch (error) {
      respond(response, 400, { error: String(error) });
    }
  });
});

new WebSocketServer({ server, perMessageDeflate: false }).on('connection', (socket, request) => {
  const kind = request.url.split('/').pop();
  let name = null;
  socket.on('message', (text) => {
    const message = JSON.parse(text);
    if (name === null) {
      const { device_id, register_id, business_name, vendor_name } = message.params;
      name = kind === 'device' ? device_id : triple(register_id, business_name, vendor_name);
      sockets.set(name, socket);
      socket.send(answer(message.id, {}));
    } else if (kind === 'register') {
      const [transaction_id, told] = submit(name, message.params);
      socket.send(answer(message.id, { transaction: { transaction_id } }));
      tell(told);
    } else if (message.method === 'pairing.start') {
      const code = String(randomInt(10 ** 7, 10 ** 8));
      codes.set(code, name);
      socket.send(answer(message.id, { code }));
    } else {
      tell(complete(name, message.result.result));
    }
  });
});

server.listen({ port: 0, host: '127.0.0.1', backlog: 2048 }, () => {
  console.log(`running at http://127.0.0.1:${server.address().port}`);
});
process.on('SIGTERM', () => process.exit(0));
