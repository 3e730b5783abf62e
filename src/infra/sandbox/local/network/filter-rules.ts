/** The network between a project and pasta; nobody else ever sees it. */
export const SANDBOX_ADDRESS = '10.0.2.15';
export const SANDBOX_GATEWAY = '10.0.2.2';
/** Questions to it go to the host's resolver. */
export const RESOLVER = '10.0.2.3';

/** What leaves a project's namespace, for nft(8). `own`: the host's addresses; both may mix families. */
export function filterRules({
  refused,
  own,
}: {
  refused: readonly string[];
  own: readonly string[];
}): string {
  const all = [...refused, ...own.map((address) => address.replace(/%.*$/, ''))];
  const of = (isIpv6: boolean): string =>
    all.filter((network) => network.includes(':') === isIpv6).join(', ');
  const set = (name: string, type: string, elements: string): string =>
    `add set inet crush ${name} { type ${type}; flags interval; auto-merge; ${elements === '' ? '' : `elements = { ${elements} };`} }`;
  const out = [
    'oifname "lo" accept',
    `ip daddr ${RESOLVER} udp dport 53 accept`,
    `ip daddr ${RESOLVER} tcp dport 53 accept`,
    'icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, nd-router-solicit } accept',
    'ip daddr @refused4 reject with icmpx type admin-prohibited',
    'ip6 daddr != 2000::/3 reject with icmpx type admin-prohibited',
    'ip6 daddr @refused6 reject with icmpx type admin-prohibited',
    'meta l4proto { tcp, udp, icmp, icmpv6 } accept',
  ];
  return [
    'add table inet crush',
    set('refused4', 'ipv4_addr', of(false)),
    set('refused6', 'ipv6_addr', of(true)),
    'add chain inet crush out { type filter hook output priority 0; policy drop; }',
    ...out.map((rule) => `add rule inet crush out ${rule}`),
  ].join('\n');
}
