import { type Attack, nextPrimaries } from '../../language/attack.ts'
import { onSend } from '../../language/behaviour.ts'
import { refused } from '../../language/expectations.ts'
import { clogged } from '../../language/faults.ts'
import { type Change, flipped, oneOf, set } from '../../language/mutations.ts'
import { isKind } from '../../language/predicates.ts'

/** Says that nothing was prepared: that, alone, nobody can disprove. */
const empty: Change = (content) =>
  content.kind === 'view-change' ? { ...content, preparedCertificates: [] } : content

/** Everything twice, and so out of order; where nothing was prepared, a checkpoint that nobody certified. */
const repeated: Change = (content) => {
  if (content.kind !== 'view-change') return content
  const { preparedCertificates: entries, stable } = content
  if (entries.length === 0) return { ...content, stable: { ...stable, checkpoints: [] } }
  return { ...content, preparedCertificates: entries.flatMap((entry) => [entry, entry]) }
}

/** Votes for another digest than the proposal's; where nothing was prepared, a checkpoint with too few votes. */
const mixed: Change = (content) => {
  if (content.kind !== 'view-change') return content
  const { preparedCertificates, stable } = content
  return {
    ...content,
    stable: { ...stable, checkpoints: stable.checkpoints.slice(1) },
    preparedCertificates: preparedCertificates.map(({ prePrepare, prepares }) => ({
      prePrepare,
      prepares: prepares.map((each) => ({ ...each, digest: flipped(each.digest) })),
    })),
  }
}

export const forgedProofs: Attack = {
  name: 'forged-proofs',
  world: 'simulator',
  targets: ['safety'],
  does: 'changes views with certificates that are empty, repeated, too small or mixed',
  source: 'Castro and Liskov, OSDI 1999, section 4.4',
  expects: 'a VIEW-CHANGE with one bad proof is refused as a whole, and the view changes without it',
  mode: 'signed',
  traitors: nextPrimaries,
  drawn: 'anywhere',
  behaviour: () => onSend(isKind('view-change'), oneOf(set(empty), set(repeated), set(mixed))),
  judge: refused('certificate-too-small', 'certificate-mixed', 'prepared-certificates-out-of-order'),
  simulated: {
    faults: ({ first, lastsMs }) => clogged(first, { from: 0.1 * lastsMs, to: 0.6 * lastsMs }),
  },
}
