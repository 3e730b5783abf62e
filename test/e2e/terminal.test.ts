import { type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { API } from '#domain/protocol/http/endpoints.ts';
import { until } from '../harness/until.ts';
import { type Account, attach, newConversation, register, type Socket, successOf } from './client.ts';
import { type Deployment, deploy } from './deployment.ts';

const PORT = 4600;
const SERVER = `perl -MIO::Socket::INET -e '$s = IO::Socket::INET->new(LocalAddr => "127.0.0.1:${PORT}", Listen => 5, ReuseAddr => 1) or die; $| = 1; print "serv", "ing\\n"; while ($c = $s->accept) { while (<$c>) { last if /^\\r?$/ } print $c "HTTP/1.0 200 OK\\r\\n\\r\\nfrom inside"; close $c }'`;

let deployment: Deployment;
let account: Account;
beforeAll(async () => {
  deployment = await deploy('one process');
  account = await register(deployment);
});
afterAll(() => deployment.close());

/** As a browser, for which all of `localhost` is this machine. */
async function visit(address: URL, cookie = ''): Promise<{ response: IncomingMessage; body: string }> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    request(
      {
        host: '127.0.0.1',
        port: new URL(deployment.http).port,
        path: address.pathname + address.search,
        headers: { host: address.host, ...(cookie && { cookie }) },
        agent: false,
      },
      resolve,
    )
      .on('error', reject)
      .end();
  });
  return { response, body: await text(response) };
}

async function openTerminal(socket: Socket, sessionId: string) {
  socket.send({ type: 'terminal_open', session_id: sessionId, rows: 24, cols: 80 });
  const { terminal } = await socket.wait('terminal_attached');
  const output = () =>
    Buffer.concat(
      socket.frames.flatMap((frame) =>
        frame.Type === 'terminal_output' ? [Buffer.from(frame.data, 'base64')] : [],
      ),
    ).toString();
  return {
    type: (typed: string) =>
      socket.send({
        type: 'terminal_input',
        terminal_id: terminal.id,
        data: Buffer.from(typed).toString('base64'),
      }),
    shows: (wanted: string) => until(() => output().includes(wanted), `${wanted} in ${output()}`),
  };
}

it('shows a browser what a user starts in a terminal, for as long as it runs', async () => {
  const { sessionId, projectId } = await newConversation(account);
  const socket = await attach(deployment, account, { sessionId });
  const terminal = await openTerminal(socket, sessionId);
  terminal.type('stty size; pwd\r');
  await terminal.shows('24 80\r\n/workspace\r\n');
  terminal.type(`${SERVER}\r`);
  await terminal.shows('serving\r\n');

  const preview = await successOf(
    account.api.send(API.previews.openPreview, { params: { id: projectId }, body: { port: PORT } }),
  );
  expect(preview).toMatchObject({ port: PORT, is_own_origin: true });
  const address = new URL(preview.url);
  expect(address.hostname).toBe(`${projectId}-${PORT}.preview.localhost`);
  const page = new URL('/', address);
  expect((await visit(page)).body).not.toContain('from inside');
  const [cookie = ''] = (await visit(address)).response.headers['set-cookie'] ?? [];
  const seen = await visit(page, cookie.split(';')[0]);
  expect(seen.response.statusCode).toBe(200);
  expect(seen.body).toBe('from inside');

  terminal.type('\x03');
  terminal.type('echo ended-$((1+1))\r');
  await terminal.shows('ended-2');
  expect((await visit(page, cookie.split(';')[0])).response.statusCode).toBe(502);
  terminal.type('exit 3\r');
  expect(await socket.wait('terminal_exit')).toMatchObject({ exit_code: 3, signal: null });
  await socket.close();
});
