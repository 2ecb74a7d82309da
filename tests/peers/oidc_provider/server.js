// Starts oauth2-mock-server on 127.0.0.1 and prints its issuer. Each line of its standard input is JSON that changes
// what it says from then on, and is answered with a line; it ends with its standard input.
//   token: claims of the ID token; null takes one away.   userinfo: what the userinfo endpoint says.
//   about: what it says of itself.
//   answer: {status, body} of the token endpoint.         back: parameters of the address that people come back with.
import { createInterface } from 'node:readline';
import { Events, OAuth2Server } from 'oauth2-mock-server';

const server = new OAuth2Server();
const wishes = {};
const asked = { redeemed: 0 };

await server.issuer.keys.generate('RS256');
server.service.on(Events.BeforeTokenSigning, (token) => {
  for (const [name, value] of Object.entries(wishes.token ?? {})) {
    if (value === null) delete token.payload[name];
    else token.payload[name] = value;
  }
});
server.service.on(Events.BeforeResponse, (response, request) => {
  asked.redeemed += 1;
  asked.verifier = request.body.code_verifier;
  asked.secret = request.body.client_secret ?? request.headers.authorization;
  if (wishes.answer) [response.statusCode, response.body] = [wishes.answer.status, wishes.answer.body];
});
server.service.on(Events.BeforeWellKnownOpenIdConfiguration, (response) => {
  Object.assign(response.body, wishes.about ?? {});
});
server.service.on(Events.BeforeUserinfo, (response) => {
  if (wishes.userinfo) response.body = wishes.userinfo;
});
server.service.on(Events.BeforeAuthorizeRedirect, (redirect) => {
  asked.back = redirect.url.href;
  for (const [name, value] of Object.entries(wishes.back ?? {})) {
    if (value === null) redirect.url.searchParams.delete(name);
    else redirect.url.searchParams.set(name, value);
  }
});
await server.start(0, 'localhost');
console.log(server.issuer.url);

createInterface({ input: process.stdin }).on('line', async (line) => {
  const wish = JSON.parse(line);
  if (wish.newKey) {
    await server.issuer.keys.generate('RS256');
  }
  Object.assign(wishes, wish);
  console.log(JSON.stringify(asked));
}).on('close', () => server.stop().then(() => process.exit(0)));
