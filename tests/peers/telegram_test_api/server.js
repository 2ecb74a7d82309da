// Starts telegram-test-api on 127.0.0.1 and, in front of it, corrects what a real Bot API answers differently.
// It prints the address, and ends with its standard input, so that it never outlives the test that started it.
const express = require('express');
const TelegramServer = require('telegram-test-api');

const HOST = '127.0.0.1';
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

const corrections = {
  getMe: (me) => ({ ...me, is_bot: true, can_read_all_group_messages: true }),
  sendMessage: ({ message_id, date, chat, text }) => ({ message_id, date: Math.floor(date / 1000), chat, text }),
  answerCallbackQuery: () => true,
  setWebhook: () => true,
  getUpdates: (updates) => updates.map((update) => (
    update.callback_query ? { ...update, callback_query: { ...update.callback_query, chat_instance: '1' } } : update
  )),
};

async function freePort() {
  const probe = require('net').createServer();
  await new Promise((resolve) => probe.listen(0, HOST, resolve));
  const { port } = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

async function main() {
  const inner = new TelegramServer({ host: HOST, port: await freePort(), storeTimeout: 600 });
  await inner.start();

  async function ask(path, body) {
    const answer = await fetch(inner.config.apiURL + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    return [answer.status, await answer.json()];
  }

  const app = express();
  app.use(express.json(), express.urlencoded({ extended: true }));
  app.all('/:bot(bot[^/]+)/:method', async (request, response) => {
    const { bot, method } = request.params;
    const asked = { ...request.query, ...request.body };
    const patient = Date.now() + 1000 * Number(asked.timeout || 0);
    let [status, answer] = await ask(`/${bot}/${method}`, asked);
    while (method === 'getUpdates' && answer.result.length === 0 && Date.now() < patient && !response.destroyed) {
      await pause(20);
      [status, answer] = await ask(`/${bot}/${method}`, asked);
    }
    if (answer.ok && corrections[method]) answer.result = corrections[method](answer.result);
    response.status(status).json(answer);
  });
  app.post('/:act', async (request, response) => {
    const [status, answer] = await ask(request.path, request.body);
    response.status(status).json(answer);
  });
  const listener = app.listen(0, HOST, () => console.log(`http://${HOST}:${listener.address().port}`));
}

process.stdin.resume().on('end', () => process.exit(0));
main();
