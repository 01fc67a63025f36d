import type { Sequence } from '../../../src/base/ids.ts'
import { decodeCited } from '../../../src/messages/cited.ts'
import { type Attack, lastBackups } from '../../language/attack.ts'
import { onTick } from '../../language/behaviour.ts'
import { all, nobodyFramed, noViewChange, refused } from '../../language/expectations.ts'
import { flipped } from '../../language/mutations.ts'

export const frameVictim: Attack = {
  name: 'frame-victim',
  world: 'both',
  targets: ['accuracy'],
  does: 'votes for two digests at once in the name of a correct replica, and shows both as evidence against it',
  source: 'blame for what nobody signed makes a system expel its correct members',
  expects:
    'only authenticated messages count against a replica: the victim is neither suspected nor convicted',
  traitors: lastBackups,
  drawn: 'anywhere',
  behaviour: () =>
    onTick(5, ({ state, victims: [victim], hash, seal, sealAs, broadcast }) => {
      if (victim === undefined) return
      const { view } = state.views
      const { lastExecuted } = state.ordering
      const sequence = (lastExecuted + 1) as Sequence
      const digest = hash(new Uint8Array(1))
      const frames = [digest, flipped(digest)].flatMap((each) => [
        sealAs(victim, { kind: 'prepare', view, sequence, digest: each }),
        sealAs(victim, { kind: 'commit', view, sequence, digest: each }),
      ])
      for (const frame of frames) broadcast(frame)
      const [one, , other] = frames.map((frame) => decodeCited(frame))
      if (one?.kind !== 'prepare' || other?.kind !== 'prepare') return
      broadcast(seal({ kind: 'exhibit', messages: [one, other] }))
    }),
  judge: all(refused('sender-is-not-the-signer'), noViewChange),
  inspect: nobodyFramed,
}
