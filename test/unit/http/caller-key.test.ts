import { describe, expect, it } from 'vitest';
import { callerKey } from '../../../src/http/caller-key.ts';

const ANONYMOUS = { kind: 'anonymous' } as const;

describe('callerKey', () => {
  it.each([
    ['an IPv4 address', '192.0.2.7', 'ip:192.0.2.7'],
    ['the same, spelled as IPv6', '::ffff:192.0.2.7', 'ip:192.0.2.7'],
    ['the same in hexadecimal', '::FFFF:C000:0207', 'ip:192.0.2.7'],
    ['the same in full', '0:0:0:0:0:ffff:c000:207', 'ip:192.0.2.7'],
    ['spaces around it', ' 192.0.2.7\t', 'ip:192.0.2.7'],
    ['an IPv6 address', '2001:db8:1:2:3:4:5:6', 'ip:2001:db8:1:2::/64'],
    ['its neighbour in the /64', '2001:0DB8:0001:0002:ffff::1', 'ip:2001:db8:1:2::/64'],
    ['one of another /64', '2001:db8:1:3::1', 'ip:2001:db8:1:3::/64'],
    ['zeros in front', '::1', 'ip:0:0:0:0::/64'],
    ['zeros behind', '2001:db8::', 'ip:2001:db8:0:0::/64'],
    ['zeros in the middle of the prefix', '2001:0:0:9::7', 'ip:2001:0:0:9::/64'],
    ['the bits of an IPv4 address elsewhere', '2001:db8::ffff:192.0.2.7', 'ip:2001:db8:0:0::/64'],
    ['a zone', 'fe80::1%eth0', 'ip:unknown'],
    ['nothing', null, 'ip:unknown'],
    ['an empty one', '', 'ip:unknown'],
    ['two', '192.0.2.7, 192.0.2.8', 'ip:unknown'],
    ['a name', 'deadbeef.cafe', 'ip:unknown'],
    ['no address', '::::', 'ip:unknown'],
    ['one that never ends', '1'.repeat(5_000), 'ip:unknown'],
    ['one with a port', '[::1]:80', 'ip:unknown'],
  ])('of %s', (_name, address, key) => {
    expect(callerKey(ANONYMOUS, address)).toBe(key);
  });

  it('is the credential where there is one, whatever the address', () => {
    expect(callerKey({ kind: 'service', id: 'service:ab12' }, '192.0.2.7')).toBe('service:ab12');
    expect(callerKey({ kind: 'user', id: 'user:ada', scopes: new Set() }, '192.0.2.7')).toBe(
      'user:ada',
    );
  });
});
