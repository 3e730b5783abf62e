import { z } from 'zod';
import { AbsolutePath, Flag, OptionalUrl, seconds, wholeNumber } from './fields.ts';

/** 16 TiB. */
const MAX_MB = 16_777_216;

const Limits = z.strictObject({
  memory_mb: wholeNumber(64, MAX_MB).default(2048).describe('memory of a workspace, in MiB'),
  processes: wholeNumber(8, 4_194_304).default(256).describe('processes of a workspace'),
  file_mb: wholeNumber(1, MAX_MB).default(1024).describe('size of one file, in MiB'),
  output_kb: wholeNumber(16, 1_048_576).default(1024).describe('output of one command that is kept, in KiB'),
  workspace_mb: wholeNumber(1, MAX_MB)
    .default(10_240)
    .describe('size of a workspace with its home and /tmp, in MiB'),
  workspace_files: wholeNumber(100, 1_000_000_000)
    .default(1_000_000)
    .describe('files, directories and links of a workspace with its home and /tmp'),
  disk_free_mb: wholeNumber(1, MAX_MB)
    .default(512)
    .describe('of the host’s disk, in MiB: when less is free nothing grows any more'),
});

const Network = z.strictObject({
  mode: z
    .enum(['none', 'allowlist', 'open', 'host'])
    .default('none')
    .describe(
      "none: commands reach nothing; allowlist: what allow names; open: the internet, but nothing private or of this machine (needs passt and nftables); host: this machine's own network (needs allow_host)",
    ),
  allow: z
    .array(z.string())
    .default([])
    .describe(
      'targets such as packages.example.com:443 or *.example.com:443, and the registries of npm, pypi, crates, go, debian by these names',
    ),
});

export const SandboxSection = z.strictObject({
  driver: z
    .enum(['auto', 'bubblewrap', 'remote', 'host'])
    .default('auto')
    .describe('auto: sandbox servers if base_url names some, else bubblewrap; host: no isolation'),
  base_url: z
    .union([OptionalUrl, z.array(z.url())])
    .default('')
    .describe('sandbox servers, one address or a list; a project stays on one of them'),
  token: z
    .string()
    .default('')
    .describe('32 bytes or more, the same here and on the sandbox servers; made by itself on loopback'),
  timeout: seconds(1).max(86_400).default(300).describe('seconds per command'),
  allow_host: Flag.default(false).describe(
    "the host driver beyond loopback (no isolation at all), and network.mode: host (this machine's services in reach)",
  ),
  workspace_roots: z
    .array(AbsolutePath)
    .default([])
    .describe('directories under which administrators may place projects, each in one of its own'),
  mounts: z
    .array(AbsolutePath)
    .default([])
    .describe(
      'directories that every command sees, read-only, with their bin in PATH: toolchains outside /usr',
    ),
  limits: Limits.prefault({}).describe('of each workspace'),
  network: Network.prefault({}).describe('what commands reach'),
});
