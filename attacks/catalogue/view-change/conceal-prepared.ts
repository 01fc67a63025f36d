import { type Attack, lastBackups } from '../../language/attack.ts'
import { onSend } from '../../language/behaviour.ts'
import { viewChanges } from '../../language/expectations.ts'
import { clogged } from '../../language/faults.ts'
import { type Change, set } from '../../language/mutations.ts'
import { isKind } from '../../language/predicates.ts'

/** Says that nothing was prepared; without signatures, at times, that nothing was pre-prepared either. */
const nothingPrepared: Change = (content, { random }) => {
  if (content.kind === 'view-change') return { ...content, preparedCertificates: [] }
  if (content.kind !== 'oral-view-change') return content
  const prePrepareClaims = random.chance(0.5) ? [] : content.prePrepareClaims
  return { ...content, preparedClaims: [], prePrepareClaims }
}

export const concealPrepared: Attack = {
  name: 'conceal-prepared',
  world: 'simulator',
  targets: ['safety'],
  does: 'says in its VIEW-CHANGEs that it prepared nothing',
  source: 'Castro and Liskov, OSDI 1999, section 4.4',
  expects: 'a quorum of the others knows what was decided: nothing is lost, and the view changes once',
  traitors: lastBackups,
  drawn: 'anywhere',
  behaviour: () => onSend(isKind('view-change', 'oral-view-change'), set(nothingPrepared)),
  judge: viewChanges(1),
  simulated: {
    faults: ({ first, lastsMs }) => clogged(first, { from: 0.1 * lastsMs, to: 0.6 * lastsMs }),
  },
}
