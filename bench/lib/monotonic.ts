/** What `performance.now()` of this process lacks to the clock that all processes of the machine share, in ms. */
export function monotonicOffsetMs(): number {
  return Number(process.hrtime.bigint()) / 1e6 - performance.now();
}
