/** Shared steps of tests of view changes: leaving a view, entering one, and the required choices of a NEW-VIEW. */
import { assert } from '../../src/base/assert.ts'
import { toHex } from '../../src/base/bytes.ts'
import type { Batch, NewView, PreparedCertificate, Verified, ViewChange } from '../../src/messages/message.ts'
import type { Effect } from '../../src/pbft/effects.ts'
import type { ClusterKit } from './cluster-kit.ts'
import type { ChoiceOptions, ViewChangeOptions } from './message-options.ts'
import { effectsOf, ReplicaUnderTest } from './replica-kit.ts'

/** W others move to `view`: the replica follows, and sends its VIEW-CHANGE once it is on disk. */
export function leaveFor(kit: ClusterKit, replica: ReplicaUnderTest, view: number): readonly Effect[] {
  const others = kit.ids.filter((id) => id !== replica.id).slice(-kit.w)
  return [...replica.receiveAll(kit.viewChanges(others, view)), ...replica.settle()]
}

/** The same with fewer than Q for that view, for every n: the last of the W moved one view further. */
export function leaveWithoutQuorum(
  kit: ClusterKit,
  replica: ReplicaUnderTest,
  view: number,
): readonly Effect[] {
  const others = kit.ids.filter((id) => id !== replica.id).slice(-kit.w)
  const [last = 0] = others.slice(-1)
  const messages = [kit.viewChange(last, view + 1), ...kit.viewChanges(others.slice(0, -1), view)]
  return [...replica.receiveAll(messages), ...replica.settle()]
}

/** A replica that left for `view` and holds Q VIEW-CHANGEs for it, and no NEW-VIEW. */
export function awaitingNewView(kit: ClusterKit, id: number, view: number): ReplicaUnderTest {
  const replica = new ReplicaUnderTest(kit, id)
  const others = kit.ids.filter((other) => other !== id)
  replica.receiveAll(kit.viewChanges(others.slice(0, kit.q - 1), view))
  replica.settle()
  assert(
    replica.state.views.view === view && !replica.state.views.isActive,
    'Q VIEW-CHANGEs lead to their view',
  )
  return replica
}

/** The choice of rule 3.3, implemented a second time without reading the code under test. */
export function choicesFrom(kit: ClusterKit, viewChanges: readonly ViewChange[]): ChoiceOptions[] {
  const entries = viewChanges.flatMap(({ preparedCertificates }) =>
    preparedCertificates.map(({ prePrepare }) => prePrepare),
  )
  const minSequence = Math.max(...viewChanges.map(({ stable }) => stable.sequence))
  const maxSequence = Math.max(minSequence, ...entries.map(({ sequence }) => sequence))
  const choices: ChoiceOptions[] = []
  for (let sequence = minSequence + 1; sequence <= maxSequence; sequence++) {
    const [highest] = entries.filter((each) => each.sequence === sequence).sort((a, b) => b.view - a.view)
    choices.push({ sequence, digest: highest?.digest ?? kit.nullDigest })
  }
  return choices
}

/** The NEW-VIEW of `view`'s primary from these VIEW-CHANGEs. */
export const newViewFrom = (
  kit: ClusterKit,
  view: number,
  viewChanges: readonly ViewChange[],
): Verified<NewView> => kit.newView(view, { viewChanges, choices: choicesFrom(kit, viewChanges) })

/** A valid NEW-VIEW whose VIEW-CHANGEs, of replicas 0 to Q - 1, all have this content. */
export const plainNewView = (
  kit: ClusterKit,
  view: number,
  options: ViewChangeOptions = {},
): Verified<NewView> => newViewFrom(kit, view, kit.viewChanges(kit.ids.slice(0, kit.q), view, options))

/** Makes the replica enter `view`, whose NEW-VIEW rests on VIEW-CHANGEs that all have this content. */
export function enter(
  kit: ClusterKit,
  replica: ReplicaUnderTest,
  view: number,
  options: ViewChangeOptions = {},
): readonly Effect[] {
  return [...replica.receive(plainNewView(kit, view, options)), ...replica.settle()]
}

/** All messages of the others that make `sequence` prepared at a backup. */
export function prepareAt(
  kit: ClusterKit,
  replica: ReplicaUnderTest,
  place: { readonly sequence: number; readonly batch: Batch; readonly view?: number },
): readonly Effect[] {
  const primary = (place.view ?? 0) % kit.n
  const senders = kit.ids.filter((id) => id !== replica.id && id !== primary)
  return [
    ...replica.receive(kit.prePrepare(place)),
    ...replica.receiveAll(kit.votes('prepare', senders, { ...place, digest: place.batch.digest })),
    ...replica.settle(),
  ]
}

/** The claims of a VIEW-CHANGE of each sequence number: (s, v, D). */
export const entriesOf = (certificates: readonly PreparedCertificate[]) =>
  certificates.map(({ prePrepare: { sequence, view, digest } }) => [sequence, view, toHex(digest)])

/** The bytes of all broadcasts, as they are sent to the others. */
export const framesOf = (kit: ClusterKit, id: number, effects: readonly Effect[]): Uint8Array[] =>
  effectsOf(effects, 'broadcast').map(({ outgoing }) =>
    outgoing.kind === 'relayed' ? outgoing.message.bytes : bytesOf(kit, id, outgoing),
  )

type Sendable = Exclude<Extract<Effect, { kind: 'broadcast' }>['outgoing'], { kind: 'relayed' }>
const bytesOf = (kit: ClusterKit, id: number, content: Sendable): Uint8Array => kit.frameOf(id, content)
