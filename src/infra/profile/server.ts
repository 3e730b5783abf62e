import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import { Session } from 'node:inspector/promises';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { createPages, type Page, send } from './pages.ts';

const LOOPBACK = '127.0.0.1';
const HEAP_SAMPLING_BYTES = 128 * 1024;
const DELAY_RESOLUTION_MS = 10;

export interface ProfileServer {
  url: string;
  close(): Promise<void>;
}

/** pprof endpoints on loopback, driven by the inspector of this process. Throws when the port is taken. */
export async function startProfileServer(port: number): Promise<ProfileServer> {
  const session = new Session();
  session.connect();
  await session.post('HeapProfiler.startSampling', { samplingInterval: HEAP_SAMPLING_BYTES });
  const delay = monitorEventLoopDelay({ resolution: DELAY_RESOLUTION_MS });
  delay.enable();
  const closing = new AbortController();
  const server = createServer(answer(createPages({ session, delay, closing: closing.signal })));
  const end = () => {
    delay.disable();
    session.disconnect();
  };
  try {
    await listen(server, port);
  } catch (error) {
    end();
    throw error;
  }
  return {
    url: `http://${LOOPBACK}:${port}/debug/pprof/`,
    async close() {
      closing.abort();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      end();
    },
  };
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, LOOPBACK, resolve);
  });
}

function answer(pages: Readonly<Record<string, Page>>): RequestListener {
  const serve = async (request: IncomingMessage, response: ServerResponse) => {
    const url = new URL(request.url ?? '/', `http://${LOOPBACK}`);
    const page = Object.hasOwn(pages, url.pathname) ? pages[url.pathname] : undefined;
    if (!page || !isLocalHost(request.headers.host)) {
      response.statusCode = page ? 403 : 404;
      return send(response, 'text/plain', page ? 'forbidden\n' : 'not found; see /debug/pprof/\n');
    }
    await page(url, response);
  };
  return (request, response) => {
    serve(request, response).catch(() => {
      if (!response.headersSent) response.statusCode = 500;
      response.end();
    });
  };
}

/** A page elsewhere whose name was rebound to loopback still sends its own name. */
function isLocalHost(host: string | undefined): boolean {
  return /^(127\.0\.0\.1|localhost)(:\d+)?$/.test(host ?? '');
}
