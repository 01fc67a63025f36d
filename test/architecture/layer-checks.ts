/** The layers as a table, and the checks that compare the source with it. Each takes files and returns violations. */
import { importsOf, type SourceFiles, withoutCommentsAndStrings } from '../kit/source-files.ts'

export const PROGRAM = ['src', 'replicas', 'clients', 'attacks']
const LINES_MAX = 400

interface Layer {
  /** Layers whose files it may import, besides its own. */
  readonly layers: readonly string[]
  /** Packages and parts of Node; `*` for any. */
  readonly packages: readonly string[]
  /** No clock, no chance, no timer, no process, no promise. */
  readonly isPure?: true
}

const MESSAGES = ['src/base', 'src/messages']
/** The core; properties of a single mode are behind `state.mode`, which only the state chooses. */
const PBFT = ['src/pbft', 'src/pbft/state.ts']
const SRC_BUT_IO = [
  ...MESSAGES,
  'src/ports.ts',
  'src/crypto',
  ...PBFT,
  'src/session',
  'src/tree',
  'src/store',
  'src/classics',
  'src/classics/secrets',
  'src/linearizability',
  'src/runtime',
  'src/simulator',
  'src/costs',
]
const SRC = [...SRC_BUT_IO, 'src/io']

/** etcd's interface at the gateway: the schema, the services, and the transports of calls. */
const ETCD_ROOMS = ['clients/etcd/service', 'clients/etcd/json', 'clients/etcd/grpc']

/** The table of permitted imports. A file belongs to the longest prefix that is a layer. */
const LAYERS: Readonly<Record<string, Layer>> = {
  'src/base': { layers: [], packages: [], isPure: true },
  'src/messages': { layers: ['src/base'], packages: ['msgpackr'] },
  'src/ports.ts': { layers: MESSAGES, packages: [] },
  'src/crypto': {
    layers: ['src/base', 'src/ports.ts'],
    packages: ['node:crypto', 'sodium-native', '@noble/curves', '@noble/ed25519', '@noble/hashes'],
  },
  'src/pbft': { layers: [...MESSAGES, ...PBFT], packages: [], isPure: true },
  'src/pbft/signed': { layers: [...MESSAGES, ...PBFT], packages: [], isPure: true },
  'src/pbft/oral': { layers: [...MESSAGES, ...PBFT], packages: [], isPure: true },
  'src/pbft/state.ts': {
    layers: [...MESSAGES, 'src/pbft', 'src/pbft/signed', 'src/pbft/oral'],
    packages: [],
    isPure: true,
  },
  'src/session': { layers: MESSAGES, packages: [], isPure: true },
  'src/classics': { layers: MESSAGES, packages: [], isPure: true },
  // The arithmetic of fields is a library's, not ours.
  'src/classics/secrets': {
    layers: [...MESSAGES, 'src/classics'],
    packages: ['@noble/curves'],
    isPure: true,
  },
  'src/linearizability': { layers: ['src/base'], packages: [], isPure: true },
  'src/tree': { layers: ['src/base'], packages: [], isPure: true },
  'src/store': { layers: ['src/base', 'src/tree'], packages: [], isPure: true },
  'src/runtime': { layers: [...MESSAGES, 'src/ports.ts', ...PBFT, 'src/session'], packages: [] },
  'src/io': { layers: [...MESSAGES, 'src/ports.ts'], packages: ['*'] },
  // Campaigns run their seeds on all cores; what runs inside is virtual.
  'src/simulator': { layers: SRC_BUT_IO, packages: ['node:os', 'node:worker_threads'] },
  'src/costs': { layers: SRC_BUT_IO, packages: [] },
  replicas: { layers: SRC, packages: ['*'] },
  clients: {
    layers: [...SRC, 'clients/api', 'clients/library', 'clients/verify', 'clients/web', ...ETCD_ROOMS],
    packages: ['*'],
  },
  // The HTTP API, declared: a gateway serves it, and clients have its types.
  'clients/api': { layers: [...MESSAGES, 'src/store'], packages: ['zod'] },
  // Proofs are checked with public keys alone, in browsers too: no gateway, no runtime, no part of Node.
  'clients/verify': {
    layers: [...MESSAGES, 'src/tree', 'src/store', 'clients/api'],
    packages: ['@noble/ed25519', '@noble/hashes'],
  },
  'clients/web': { layers: SRC, packages: ['*'] },
  // What a browser runs: nothing of Node. The kit knows nothing of the program, so that every page can have it.
  'clients/web/browser': { layers: ['src/crypto', 'src/ports.ts'], packages: [] },
  'clients/web/browser/kit': { layers: [], packages: ['preact'] },
  'clients/web/browser/playground': {
    layers: [...SRC_BUT_IO, 'attacks', 'clients/web/browser/kit'],
    packages: ['preact'],
  },
  'clients/web/browser/gallery': {
    layers: [...SRC_BUT_IO, 'clients/web/browser/kit'],
    packages: ['preact'],
  },
  'clients/web/browser/dashboard': {
    layers: [...MESSAGES, 'src/crypto', 'src/runtime', 'clients/api', 'clients/web/browser/kit'],
    packages: ['preact'],
  },
  'clients/library': { layers: [...SRC, 'clients/api', 'clients/verify'], packages: ['*'] },
  // etcd's services know neither gRPC nor HTTP, and what carries their calls knows no store. A snapshot is of messages.
  'clients/etcd/schema': { layers: [], packages: ['protobufjs'] },
  'clients/etcd/service': {
    layers: [...SRC, 'clients/library', 'clients/etcd/schema'],
    packages: ['node:crypto', 'node:timers'],
  },
  'clients/etcd/json': {
    layers: ['clients/etcd/schema', 'clients/etcd/service'],
    packages: ['node:stream', 'protobufjs', 'fastify'],
  },
  'clients/etcd/grpc': {
    layers: ['clients/etcd/schema', 'clients/etcd/service'],
    packages: ['node:http2', 'node:net', '@grpc/grpc-js'],
  },
  'clients/cli': {
    layers: [
      ...SRC,
      ...[
        'clients',
        'clients/api',
        'clients/library',
        'clients/verify',
        'clients/web',
        'replicas',
        'attacks',
      ],
    ],
    packages: ['*'],
  },
  // The harness judges the observations of correct clients, which are the library's.
  attacks: { layers: [...SRC, 'replicas', 'clients/library', 'clients/web'], packages: ['*'] },
}

const IMPURE =
  /\b(Date\.now|new Date\b|Math\.random|performance\.|setTimeout|setInterval|setImmediate|queueMicrotask|process\.|console\.|globalThis\b|crypto\.|async\b|await\b|new Promise|Promise\.)/

function layerOf(path: string): string | null {
  const inside = Object.keys(LAYERS).filter((layer) => path === layer || path.startsWith(`${layer}/`))
  return inside.sort((a, b) => b.length - a.length)[0] ?? null
}

const packageOf = (specifier: string): string =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')

export function layerViolations(files: SourceFiles): string[] {
  const violations: string[] = []
  for (const [path, text] of files) {
    const own = layerOf(path)
    const layer = own === null ? undefined : LAYERS[own]
    if (own === null || layer === undefined) {
      violations.push(`${path} belongs to no layer`)
      continue
    }
    for (const { specifier, target } of importsOf(path, text)) {
      if (target === null) {
        const isAllowed = layer.packages.includes('*') || layer.packages.includes(packageOf(specifier))
        if (!isAllowed) violations.push(`${path} imports ${specifier}`)
      } else if (layerOf(target) !== own && !layer.layers.includes(layerOf(target) ?? '')) {
        violations.push(`${path} imports ${target}`)
      }
    }
  }
  return violations
}

/** Imports of files that are not there: a check that cannot see its target passes for nothing. */
export function danglingImports(files: SourceFiles): string[] {
  return [...files].flatMap(([path, text]) =>
    importsOf(path, text)
      .filter(({ target }) => target !== null && !files.has(target) && !/\.(json|css|html|svg)$/.test(target))
      .map(({ specifier }) => `${path} imports ${specifier}, which is not there`),
  )
}

/** The first cycle found, as its files in order; types are gone when the program runs and make none. */
export function importCycle(files: SourceFiles): string[] | null {
  const done = new Set<string>()
  const visit = (path: string, trail: readonly string[]): string[] | null => {
    if (trail.includes(path)) return [...trail.slice(trail.indexOf(path)), path]
    if (done.has(path)) return null
    for (const { target, isTypeOnly } of importsOf(path, files.get(path) ?? '')) {
      const cycle = target === null || isTypeOnly ? null : visit(target, [...trail, path])
      if (cycle !== null) return cycle
    }
    done.add(path)
    return null
  }
  for (const path of files.keys()) {
    const cycle = visit(path, [])
    if (cycle !== null) return cycle
  }
  return null
}

export function impureFiles(files: SourceFiles): string[] {
  return [...files].flatMap(([path, text]) => {
    if (LAYERS[layerOf(path) ?? '']?.isPure !== true) return []
    const [word] = IMPURE.exec(withoutCommentsAndStrings(text)) ?? []
    return word === undefined ? [] : [`${path} says ${word}`]
  })
}

export const MINT = 'src/runtime/authentication/authentication.ts'

export function mintedElsewhere(files: SourceFiles): string[] {
  const mints = /\bas\s+(unknown\s+as\s+)?Verified\b|<Verified<[^>]*>>\s*[\w(]/
  return [...files.keys()].filter((path) => {
    return path !== MINT && mints.test(withoutCommentsAndStrings(files.get(path) ?? ''))
  })
}

export const longFiles = (files: SourceFiles): string[] =>
  [...files.keys()].filter((path) => (files.get(path) ?? '').trimEnd().split('\n').length > LINES_MAX)

export const misnamedFiles = (files: SourceFiles): string[] =>
  [...files.keys()].filter(
    (path) => !/^([a-z0-9]+(-[a-z0-9]+)*\/)*[a-z0-9]+(-[a-z0-9]+)*(\.d)?\.tsx?$/.test(path),
  )
