import { type Attack, nobody } from '../../language/attack.ts'
import { together } from '../../language/behaviour.ts'
import { holds } from '../../language/expectations.ts'

export const oldCopy: Attack = {
  name: 'old-copy',
  world: 'simulator',
  targets: ['safety'],
  does: 'the primary, which is correct, starts from an old copy of its disk that is intact and shows no loss',
  source: 'a backup that was put back, or a disk that was rolled back with its virtual machine',
  expects: 'the others show it what it forgot; it says so, and rejoins once that is history',
  traitors: nobody,
  behaviour: () => together(),
  inspect: holds(
    ({ healed }) => healed >= 1,
    () => 'no replica says that it was healed',
  ),
  simulated: {
    // A long interval: no checkpoint may cover the forgotten votes before the replica is back, or nobody would report them to it.
    plan: { checkpointInterval: 64 },
    faults: ({ first }) => [
      { kind: 'copy-disk', replica: first, atMs: 10 },
      { kind: 'old-disk', replica: first, atMs: 250 },
      { kind: 'restart', replica: first, atMs: 251 },
    ],
  },
}
