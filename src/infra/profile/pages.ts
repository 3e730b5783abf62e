import type { ServerResponse } from 'node:http';
import type { HeapProfiler, Profiler } from 'node:inspector';
import type { Session } from 'node:inspector/promises';
import type { IntervalHistogram } from 'node:perf_hooks';
import { gzipSync } from 'node:zlib';
import { sleep } from '#shared/async/sleep.ts';
import { cpuSamples, encodePprof, heapSamples } from './pprof.ts';

const DEFAULT_SECONDS = 30;
const MAX_SECONDS = 120;

const CPU_KINDS = [
  { type: 'samples', unit: 'count' },
  { type: 'cpu', unit: 'nanoseconds' },
];
const HEAP_KINDS = [{ type: 'inuse_space', unit: 'bytes' }];

const INDEX = `<!doctype html><title>crush pprof</title><h1>/debug/pprof/</h1><ul>
<li><a href="profile?seconds=5">profile?seconds=N</a> (CPU, pprof; ?format=cpuprofile for Chrome)
<li><a href="heap">heap</a> (allocations alive, pprof; ?format=heapsnapshot for Chrome)
<li><a href="handles">handles</a> (active handles and requests)
<li><a href="eventloop">eventloop</a> (event-loop delay, milliseconds)
</ul>`;

export type Page = (url: URL, response: ServerResponse) => Promise<void> | void;

export interface PagesDeps {
  /** Connected, and sampling the heap. */
  session: Session;
  delay: IntervalHistogram;
  /** Cuts a profile that is being taken short. */
  closing: AbortSignal;
}

/** Path → page. */
export function createPages({ session, delay, closing }: PagesDeps): Record<string, Page> {
  return {
    '/debug/pprof/': (_, response) => send(response, 'text/html; charset=utf-8', INDEX),
    '/debug/pprof/handles': (_, response) => sendHandles(response),
    '/debug/pprof/eventloop': (_, response) => sendDelay(delay, response),
    '/debug/pprof/profile': cpuPage(session, closing),
    '/debug/pprof/heap': (url, response) =>
      url.searchParams.get('format') === 'heapsnapshot'
        ? sendHeapSnapshot(session, response)
        : sendHeap(session, response),
  };
}

function sendHandles(response: ServerResponse): void {
  const active: Record<string, number> = {};
  for (const name of process.getActiveResourcesInfo()) active[name] = (active[name] ?? 0) + 1;
  send(response, 'application/json', JSON.stringify({ active, memory: process.memoryUsage() }, null, 2));
}

function sendDelay(delay: IntervalHistogram, response: ServerResponse): void {
  const ms = (nanoseconds: number) => Math.round(nanoseconds / 1e4) / 100;
  const [p50, p99] = [delay.percentile(50), delay.percentile(99)].map(ms);
  const report = { mean: ms(delay.mean), max: ms(delay.max), p50, p99 };
  delay.reset();
  send(response, 'application/json', JSON.stringify(report));
}

function cpuPage(session: Session, closing: AbortSignal): Page {
  let profiling = false;
  return async (url, response) => {
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
      const durationMs = seconds * 1000;
      const profile = await takeCpuProfile(session, durationMs, closing);
      if (url.searchParams.get('format') === 'cpuprofile')
        return sendFile(response, 'crush.cpuprofile', JSON.stringify(profile));
      const samples = cpuSamples(profile);
      const pprof = encodePprof({ kinds: CPU_KINDS, samples, durationMs, nowMs: Date.now() });
      sendFile(response, 'profile.pb.gz', gzipSync(pprof));
    } finally {
      profiling = false;
    }
  };
}

async function sendHeap(session: Session, response: ServerResponse): Promise<void> {
  const { profile } = (await session.post(
    'HeapProfiler.getSamplingProfile',
  )) as HeapProfiler.GetSamplingProfileReturnType;
  const samples = heapSamples(profile.head);
  const pprof = encodePprof({ kinds: HEAP_KINDS, samples, durationMs: 0, nowMs: Date.now() });
  sendFile(response, 'heap.pb.gz', gzipSync(pprof));
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

export function send(response: ServerResponse, type: string, body: string | Uint8Array): void {
  response.setHeader('content-type', type);
  response.end(body);
}
