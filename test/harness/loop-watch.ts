const TICK_MS = 5;

/**
 * The longest stretch of work between two turns of the event loop, in ms of this process's CPU time:
 * a host that gives the process no core for a while does not count.
 */
export function watchEventLoop(): { stop(): number } {
  let longest = 0;
  let last = process.cpuUsage();
  const look = () => {
    const { user, system } = process.cpuUsage(last);
    last = process.cpuUsage();
    longest = Math.max(longest, (user + system) / 1000);
  };
  const timer = setInterval(look, TICK_MS);
  return {
    stop() {
      clearInterval(timer);
      look();
      return longest;
    },
  };
}
