import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { HeapProfiler, Profiler } from 'node:inspector';
import { Session } from 'node:inspector/promises';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { gzipSync } from 'node:zlib';
import { sleep } from '#shared/async/sleep.ts';
import { cpuSamples, encodePprof, heapSamples } from './pprof.ts';

const LOOPBACK = '127.0.0.1';
const DEFAULT_SECONDS = 30;
const MAX_SECONDS = 120;

const INDEX = `<!doctype html><title>crush pprof</title><h1>/debug/pprof/</h1><ul>
<li><a href="profile?seconds=5">profile?seconds=N</a> (CPU, pprof; ?format=cpuprofile for Chrome)
<li><a href="heap">heap</a> (allocations alive, pprof; ?format=heapsnapshot for Chrome)
<li><a href="handles">handles</a> (active handles and requests)
<li><a href="eventloop">eventloop</a> (event-loop delay, milliseconds)
</ul>`;

export interface ProfileServer {
  url: string;
  close(): Promise<void>;
}

/** pprof endpoints on loopback, driven by the inspector of this process. Throws when the port is taken. */
export async function startProfileServer(port: number): Promise<ProfileServer> {
  const session = new Session();
  session.connect();
  await session.post('HeapProfiler.startSampling', { samplingInterval: 128 * 1024 });
  const delay = monitorEventLoopDelay({ resolution: 10 });
  delay.enable();
  const closing = new AbortController();
  let profiling = false;

  const routes: Record<string, (url: URL, response: ServerResponse) => Promise<void> | void> = {
    '/debug/pprof/': (_, response) => send(response, 'text/html; charset=utf-8', INDEX),
    '/debug/pprof/handles': (_, response) => {
      const counts: Record<string, number> = {};
      for (const name of process.getActiveResourcesInfo()) counts[name] = (counts[name] ?? 0) + 1;
      send(
        response,
        'application/json',
        JSON.stringify({ active: counts, memory: process.memoryUsage() }, null, 2),
      );
    },
    '/debug/pprof/eventloop': (_, response) => {
      const ms = (nanoseconds: number) => Math.round(nanoseconds / 1e4) / 100;
      const report = {
        mean: ms(delay.mean),
        max: ms(delay.max),
        p50: ms(delay.percentile(50)),
        p99: ms(delay.percentile(99)),
      };
      delay.reset();
      send(response, 'application/json', JSON.stringify(report));
    },
    '/debug/pprof/profile': async (url, response) => {
      const seconds = Number(url.searchParams.get('seconds') ?? DEFAULT_SECONDS);
      if (!(seconds > 0 && seconds <= MAX_SECONDS)) {
        response.statusCode = 400;
        return send(response, 'text/plain', `seconds must be above 0 and at most ${MAX_SECONDS}\n`);
      }
      if (profiling) {
        response.statusCode = 409;
        return send(response, 'text/plain', 'a CPU profile is being taken already\n');
      }
      profiling = true;
      try {
        const profile = await takeCpuProfile(session, seconds * 1000, closing.signal);
        if (url.searchParams.get('format') === 'cpuprofile')
          return sendFile(response, 'crush.cpuprofile', JSON.stringify(profile));
        const kinds = [
          { type: 'samples', unit: 'count' },
          { type: 'cpu', unit: 'nanoseconds' },
        ];
        const pprof = encodePprof({
          kinds,
          samples: cpuSamples(profile),
          durationMs: seconds * 1000,
          nowMs: Date.now(),
        });
        sendFile(response, 'profile.pb.gz', gzipSync(pprof));
      } finally {
        profiling = false;
      }
    },
    '/debug/pprof/heap': async (url, response) => {
      if (url.searchParams.get('format') === 'heapsnapshot') return sendHeapSnapshot(session, response);
      const { profile } = (await session.post(
        'HeapProfiler.getSamplingProfile',
      )) as HeapProfiler.GetSamplingProfileReturnType;
      const kinds = [{ type: 'inuse_space', unit: 'bytes' }];
      const pprof = encodePprof({
        kinds,
        samples: heapSamples(profile.head),
        durationMs: 0,
        nowMs: Date.now(),
      });
      sendFile(response, 'heap.pb.gz', gzipSync(pprof));
    },
  };

  const server = createServer((request: IncomingMessage, response) => {
    const url = new URL(request.url ?? '/', `http://${LOOPBACK}`);
    const route = Object.hasOwn(routes, url.pathname) ? routes[url.pathname] : undefined;
    if (!route || !isLocalHost(request.headers.host)) {
      response.statusCode = route ? 403 : 404;
      return send(response, 'text/plain', route ? 'forbidden\n' : 'not found; see /debug/pprof/\n');
    }
    Promise.resolve(route(url, response)).catch(() => {
      if (!response.headersSent) response.statusCode = 500;
      response.end();
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, LOOPBACK, resolve);
  });
  return {
    url: `http://${LOOPBACK}:${port}/debug/pprof/`,
    async close() {
      closing.abort();
      delay.disable();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      session.disconnect();
    },
  };
}

/** A page elsewhere whose name was rebound to loopback still sends its own name. */
function isLocalHost(host: string | undefined): boolean {
  return /^(127\.0\.0\.1|localhost)(:\d+)?$/.test(host ?? '');
}

async function takeCpuProfile(session: Session, ms: number, signal: AbortSignal): Promise<Profiler.Profile> {
  await session.post('Profiler.enable');
  await session.post('Profiler.setSamplingInterval', { interval: 1000 });
  await session.post('Profiler.start');
  await sleep(ms, signal).catch(() => {});
  const { profile } = (await session.post('Profiler.stop')) as Profiler.StopReturnType;
  return profile;
}

async function sendHeapSnapshot(session: Session, response: ServerResponse): Promise<void> {
  response.setHeader('content-disposition', 'attachment; filename="crush.heapsnapshot"');
  const onChunk = ({ params }: { params: HeapProfiler.AddHeapSnapshotChunkEventDataType }) => {
    response.write(params.chunk);
  };
  session.on('HeapProfiler.addHeapSnapshotChunk', onChunk);
  try {
    await session.post('HeapProfiler.takeHeapSnapshot', {});
  } finally {
    session.off('HeapProfiler.addHeapSnapshotChunk', onChunk);
  }
  response.end();
}

function sendFile(response: ServerResponse, name: string, body: string | Uint8Array): void {
  response.setHeader('content-disposition', `attachment; filename="${name}"`);
  send(response, 'application/octet-stream', body);
}

function send(response: ServerResponse, type: string, body: string | Uint8Array): void {
  response.setHeader('content-type', type);
  response.end(body);
}
