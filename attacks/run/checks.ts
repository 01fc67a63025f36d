/**
 * Checks of the data that a run left behind, which must pass under every attack. Each returns violations as sentences.
 */
import type { ReplicaId } from '../../src/base/ids.ts'
import type { CountedKey } from './load/counted-writes.ts'
import type { Decided, Disk } from './processes/disk-evidence.ts'

/** The maximum number of sentences of one kind. */
const NAMED_MAX = 3

/**
 * Checks that no two correct replicas executed different batches at one sequence number, or have different states
 * after it.
 */
export function disagreements(disks: readonly Disk[]): readonly string[] {
  return [
    ...differences(disks, ({ batches }) => batches, 'executed different batches at sequence number'),
    ...differences(
      disks,
      ({ decided }) => digestsOf(decided),
      'decided different batches at sequence number',
    ),
    ...differences(disks, ({ states }) => states, 'have different states after sequence number'),
    ...disks.flatMap(({ replica, losses }) =>
      losses.map((loss) => `the disk of replica ${replica}: ${loss}`),
    ),
  ]
}

const digestsOf = (decided: Disk['decided']): ReadonlyMap<number, string> =>
  new Map([...decided].map(([sequence, { digest }]) => [sequence, digest]))

/**
 * The replicas that signed two certificates of one view and sequence number for different batches. //
 * rule 1.5
 * @rule 1.5
 */
export function equivocating(disks: readonly Disk[]): readonly ReplicaId[] {
  const found = new Set<ReplicaId>()
  const known = new Map<number, Decided[]>()
  for (const [sequence, certificate] of disks.flatMap(({ decided }) => [...decided])) {
    const others = known.get(sequence) ?? []
    for (const other of others) {
      if (other.view !== certificate.view || other.digest === certificate.digest) continue
      for (const id of certificate.signers) if (other.signers.includes(id)) found.add(id)
    }
    known.set(sequence, [...others, certificate])
  }
  return [...found].sort((a, b) => a - b)
}

/**
 * The number of sequence numbers, and of states, that at least two of the replicas have: what `disagreements`
 * compared.
 */
export function comparedCount(disks: readonly Disk[]): {
  readonly batches: number
  readonly states: number
} {
  const shared = (of: (disk: Disk) => ReadonlyMap<number, string>): number => {
    const counts = new Map<number, number>()
    for (const disk of disks) {
      for (const sequence of of(disk).keys()) counts.set(sequence, (counts.get(sequence) ?? 0) + 1)
    }
    return [...counts.values()].filter((count) => count > 1).length
  }
  const batches = shared(({ batches, decided }) => new Map([...digestsOf(decided), ...batches]))
  return { batches, states: shared(({ states }) => states) }
}

function differences(
  disks: readonly Disk[],
  of: (disk: Disk) => ReadonlyMap<number, string>,
  what: string,
): readonly string[] {
  const first = new Map<number, { readonly replica: number; readonly value: string }>()
  const found: string[] = []
  for (const disk of disks) {
    for (const [sequence, value] of of(disk)) {
      const known = first.get(sequence)
      if (known === undefined) first.set(sequence, { replica: disk.replica, value })
      else if (known.value !== value) {
        found.push(
          `replicas ${known.replica} and ${disk.replica} ${what} ${sequence}: ${known.value.slice(0, 8)} and ${value.slice(0, 8)}`,
        )
      }
    }
  }
  return found.slice(0, NAMED_MAX)
}

/** Checks that every acknowledged write was executed once, and every write in doubt at most once. */
export function repetitions(keys: readonly CountedKey[]): readonly string[] {
  return keys
    .flatMap(({ key, acknowledged, doubtful, repeatedVersion, version }) => {
      const faults: string[] = []
      if (repeatedVersion !== null) {
        faults.push(`two acknowledged writes of ${key} are both its version ${repeatedVersion}`)
      }
      if (version < acknowledged) {
        faults.push(`${key} has version ${version} after ${acknowledged} acknowledged writes: some are lost`)
      }
      if (version > acknowledged + doubtful) {
        faults.push(
          `${key} has version ${version} after ${acknowledged} acknowledged writes and ${doubtful} in doubt: some were executed twice`,
        )
      }
      return faults
    })
    .slice(0, NAMED_MAX)
}
