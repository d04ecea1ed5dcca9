import type { Caller } from './auth.ts';

/**
 * Who a request is counted for: the service token or user, else the address that Cloudflare saw
 * (`CF-Connecting-IP`), without which all such requests are one caller. Bounded and without
 * secrets.
 */
export function callerKey(caller: Caller, connectingIp: string | null): string {
  return caller.kind === 'anonymous' ? `ip:${addressKey(connectingIp)}` : caller.id;
}

/**
 * One for every spelling of an address. IPv6: its /64, which is what one subscriber has; IPv4 in
 * IPv6 is IPv4.
 */
function addressKey(address: string | null): string {
  const text = address?.trim() ?? '';
  if (!/^[0-9a-f.:]{2,45}$/i.test(text)) return 'unknown';
  if (!text.includes(':')) return hostname(text) ?? 'unknown';
  const canonical = hostname(`[${text}]`);
  if (canonical === null) return 'unknown';
  const groups = groupsOf(canonical.slice(1, -1));
  const [high = 0, low = 0] = groups.slice(6);
  const isMapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff;
  if (isMapped) return [high >> 8, high & 0xff, low >> 8, low & 0xff].join('.');
  return `${groups
    .slice(0, 4)
    .map((group) => group.toString(16))
    .join(':')}::/64`;
}

/** As the URL standard writes it; null when it is no address. */
function hostname(host: string): string | null {
  const url = `http://${host}/`;
  if (!URL.canParse(url)) return null;
  const { hostname: written } = new URL(url);
  return written.startsWith('[') || /^\d+(?:\.\d+){3}$/.test(written) ? written : null;
}

/**
 * The eight groups of an IPv6 address as the URL standard writes it: hexadecimal, `::` at most
 * once.
 */
function groupsOf(canonical: string): number[] {
  const [before = '', after] = canonical.split('::');
  const read = (part: string) =>
    part === '' ? [] : part.split(':').map((group) => parseInt(group, 16));
  const [head, tail] = [read(before), read(after ?? '')];
  return [...head, ...Array.from({ length: 8 - head.length - tail.length }, () => 0), ...tail];
}
