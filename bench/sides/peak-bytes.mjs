import { readFileSync } from 'node:fs';

/**
 * The most memory this process has held. On Linux `resourceUsage().maxRSS` begins with the memory of the process that
 * started this one, so that is not asked there.
 */
export function peakBytes() {
  if (process.platform === 'linux') {
    const kilobytes = /^VmHWM:\s*(\d+) kB/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
    if (kilobytes !== undefined) return Number(kilobytes) * 1024;
  }
  return process.resourceUsage().maxRSS * 1024;
}
