import type { HeapProfiler, Profiler, Runtime } from 'node:inspector';
import { Profile, StringTable } from 'pprof-format';

export interface StackSample {
  /** Leaf first. */
  stack: Runtime.CallFrame[];
  values: number[];
}

export interface ValueKind {
  type: string;
  unit: string;
}

/** Samples in pprof's protocol-buffer format (github.com/google/pprof, proto/profile.proto), not compressed. */
export function encodePprof(input: {
  kinds: ValueKind[];
  samples: Iterable<StackSample>;
  durationMs: number;
  nowMs: number;
}): Uint8Array {
  const strings = new StringTable();
  const functions = new Map<string, { id: number; name: number; filename: number; startLine: number }>();
  const locations = new Map<string, { id: number; line: Array<{ functionId: number; line: number }> }>();

  const locationOf = (frame: Runtime.CallFrame): number => {
    const key = `${frame.functionName}\n${frame.url}\n${frame.lineNumber}`;
    const known = locations.get(key);
    if (known) return known.id;
    const id = locations.size + 1;
    functions.set(key, {
      id,
      name: strings.dedup(frame.functionName || '(anonymous)'),
      filename: strings.dedup(frame.url),
      startLine: frame.lineNumber + 1,
    });
    locations.set(key, { id, line: [{ functionId: id, line: frame.lineNumber + 1 }] });
    return id;
  };

  const sample = [...input.samples].map(({ stack, values }) => ({
    locationId: stack.map(locationOf),
    value: values,
  }));
  return new Profile({
    sampleType: input.kinds.map(({ type, unit }) => ({
      type: strings.dedup(type),
      unit: strings.dedup(unit),
    })),
    sample,
    location: [...locations.values()],
    function: [...functions.values()],
    stringTable: strings,
    timeNanos: BigInt(input.nowMs) * 1_000_000n,
    durationNanos: BigInt(Math.round(input.durationMs)) * 1_000_000n,
  }).encode();
}

/** One sample a node that was on top: how often, and for how many nanoseconds. */
export function cpuSamples(profile: Profiler.Profile): StackSample[] {
  const parents = new Map<number, number>();
  const nodes = new Map(profile.nodes.map((node) => [node.id, node]));
  for (const node of profile.nodes) for (const child of node.children ?? []) parents.set(child, node.id);
  const totals = new Map<number, { hits: number; nanos: number }>();
  profile.samples?.forEach((id, index) => {
    const total = totals.get(id) ?? { hits: 0, nanos: 0 };
    total.hits += 1;
    total.nanos += Math.max(0, profile.timeDeltas?.[index] ?? 0) * 1000;
    totals.set(id, total);
  });
  return [...totals].map(([id, { hits, nanos }]) => {
    const stack: Runtime.CallFrame[] = [];
    for (let at: number | undefined = id; at !== undefined; at = parents.get(at)) {
      const node = nodes.get(at);
      if (node && node.callFrame.functionName !== '(root)') stack.push(node.callFrame);
    }
    return { stack, values: [hits, nanos] };
  });
}

/** One sample an allocation site: objects and bytes that are alive. */
export function heapSamples(head: HeapProfiler.SamplingHeapProfileNode): StackSample[] {
  const samples: StackSample[] = [];
  const visit = (node: HeapProfiler.SamplingHeapProfileNode, above: Runtime.CallFrame[]) => {
    const stack = node.callFrame.functionName === '(root)' ? above : [node.callFrame, ...above];
    if (node.selfSize > 0) samples.push({ stack, values: [node.selfSize] });
    for (const child of node.children) visit(child, stack);
  };
  visit(head, []);
  return samples;
}
