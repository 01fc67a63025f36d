/** Situations of view changes in both modes, and of those with signatures: section 3 of the rules. */
import type { NewViewContents } from '../../messages/message.ts'
import { isRejection } from '../../messages/rejection.ts'
import type { SeenStep } from '../checkers/checker.ts'
import { leads, type Situation, type StepMoment } from './situation.ts'
import { effectsOf, isNull, logged, received, sent } from './step-facts.ts'

/** The contents of the signed NEW-VIEW by which a step enters a view, or null. */
function entered({ seen, before, after }: StepMoment): NewViewContents | null {
  const { newView } = seen.state.views
  const isEntry = after.isActive && (!before.isActive || after.view > before.view)
  if (!isEntry || newView?.kind !== 'new-view' || isRejection(newView.contents)) return null
  return newView.contents
}

/** The digests that P entries of V name for a sequence number. */
const preparedFor = ({ viewChanges }: NewViewContents, sequence: number): readonly Uint8Array[] =>
  viewChanges.flatMap(({ preparedCertificates }) =>
    preparedCertificates.flatMap(({ prePrepare }) =>
      prePrepare.sequence === sequence ? [prePrepare.digest] : [],
    ),
  )

const isEntry = ({ before, after }: StepMoment): boolean =>
  after.isActive && (!before.isActive || after.view > before.view)

/** True for a step that receives a VIEW-CHANGE of either mode. */
const isOfViewChange = (seen: SeenStep): boolean =>
  received(seen, 'view-change') !== null || received(seen, 'oral-view-change') !== null

const isTimedOut = ({ seen, before, after }: StepMoment): boolean =>
  seen.event.kind === 'ticked' && after.view > before.view

export const VIEW_SITUATIONS: readonly Situation[] = [
  {
    name: 'a VIEW-CHANGE claims that nothing is prepared',
    rule: '3.1',
    mode: 'signed',
    atStep: ({ seen }) =>
      sent(seen, 'view-change').some(({ preparedCertificates }) => preparedCertificates.length === 0),
  },
  {
    name: 'a VIEW-CHANGE shows a prepared batch',
    rule: '3.1',
    mode: 'signed',
    atStep: ({ seen }) =>
      sent(seen, 'view-change').some(({ preparedCertificates }) =>
        preparedCertificates.some(({ prePrepare }) => !isNull(seen, prePrepare.digest)),
      ),
  },
  {
    name: 'a VIEW-CHANGE shows a prepared null batch',
    rule: '3.1',
    mode: 'signed',
    atStep: ({ seen }) =>
      sent(seen, 'view-change').some(({ preparedCertificates }) =>
        preparedCertificates.some(({ prePrepare }) => isNull(seen, prePrepare.digest)),
      ),
  },
  {
    name: 'a VIEW-CHANGE shows certificates of two views',
    rule: '3.1',
    mode: 'signed',
    rareIn: ['signed'],
    atStep: ({ seen }) =>
      sent(seen, 'view-change').some(
        ({ preparedCertificates }) =>
          new Set(preparedCertificates.map(({ prePrepare }) => prePrepare.view)).size > 1,
      ),
  },
  {
    name: 'a NEW-VIEW chooses nothing',
    rule: '3.3',
    mode: 'signed',
    atStep: (moment) => entered(moment)?.prePrepares.length === 0,
  },
  {
    name: 'a NEW-VIEW takes over a prepared batch',
    rule: '3.3',
    mode: 'signed',
    atStep: (moment) =>
      entered(moment)?.prePrepares.some(({ digest }) => !isNull(moment.seen, digest)) ?? false,
  },
  {
    name: 'a NEW-VIEW fills a gap with a null batch',
    rule: '3.3',
    mode: 'signed',
    rareIn: ['signed'],
    atStep: (moment) => {
      const contents = entered(moment)
      return (
        contents?.prePrepares.some(
          ({ sequence, digest }) =>
            isNull(moment.seen, digest) && preparedFor(contents, sequence).length === 0,
        ) ?? false
      )
    },
  },
  {
    name: 'the VIEW-CHANGEs of a NEW-VIEW name different checkpoints',
    rule: '3.3',
    mode: 'signed',
    rareIn: ['signed'],
    atStep: (moment) => new Set(entered(moment)?.viewChanges.map(({ stable }) => stable.sequence)).size > 1,
  },
  {
    name: 'a NEW-VIEW is refused',
    rule: '3.4',
    mode: 'signed',
    rareIn: ['signed'],
    atStep: ({ seen }) => received(seen, 'new-view') !== null && effectsOf(seen, 'reject').length > 0,
  },
  {
    name: 'a refuted NEW-VIEW ends its view',
    rule: '3.4',
    mode: 'oral',
    rareIn: ['oral'],
    atStep: ({ seen: { state, event }, before, after, n }) =>
      event.kind === 'received' &&
      after.view === before.view + 1 &&
      [...state.views.refutedViews].some(([primary, view]) => view === before.view && primary === view % n),
  },
  {
    name: 'a batch that a NEW-VIEW chose is fetched',
    rule: '3.5',
    atStep: ({ seen }) => logged(seen, 'batch').length > 0,
  },
  {
    name: 'an executed batch is voted on again in a new view',
    rule: '3.5',
    atStep: (moment) =>
      sent(moment.seen, 'prepare').some(
        ({ view, sequence }) => view > 0 && sequence <= moment.before.lastExecuted,
      ),
  },
  {
    name: 'a view change runs out of time, and the next one begins',
    rule: '3.6',
    rareIn: ['oral'],
    atStep: (moment) => isTimedOut(moment) && !moment.before.isActive,
  },
  {
    name: 'three views pass without service',
    rule: '3.6',
    rareIn: ['signed', 'oral'],
    atStep: ({ own }) => own.viewsWithoutService >= 3,
  },
  {
    name: 'the timeout doubles',
    rule: '3.6',
    atStep: ({ before, after }) => after.timeoutTicks >= 2 * before.timeoutTicks,
  },
  {
    name: 'the timeout shrinks after progress',
    rule: '3.6',
    atStep: ({ before, after }) => after.timeoutTicks < before.timeoutTicks,
  },
  {
    name: 'a view begins with nothing waiting, and its timer stands still',
    rule: '3.6',
    atStep: (moment) => isEntry(moment) && moment.seen.state.requests.timer === null,
  },
  {
    name: 'a replica joins W that moved',
    rule: '3.7',
    atStep: ({ seen, before, after }) => isOfViewChange(seen) && after.view > before.view && !after.isActive,
  },
  {
    name: 'a replica skips a view, because W are beyond it',
    rule: '3.7',
    rareIn: ['oral'],
    atStep: ({ seen, before, after }) =>
      isOfViewChange(seen) && after.view > before.view + 1 && !after.isActive,
  },
  {
    name: 'W overtake a replica that is changing views',
    rule: '3.7',
    rareIn: ['signed', 'oral'],
    atStep: ({ seen, before, after }) =>
      isOfViewChange(seen) && !before.isActive && after.view > before.view && !after.isActive,
  },
  {
    name: 'a replica enters a view that it never asked for',
    rule: '3.4',
    rareIn: ['oral'],
    atStep: ({ before, after }) => after.isActive && after.view > before.view,
  },
  {
    name: 'a replica leaves a view in which it had prepared a batch',
    rule: '3.8',
    atStep: ({ seen: { state }, before, after }) =>
      after.view > before.view &&
      [...state.ordering.preparedCertificates.values()].some(
        ({ prePrepare }) => prePrepare.view === before.view,
      ),
  },
  {
    name: 'waiting requests are handed to the primary of a new view',
    rule: '3.9',
    atStep: (moment) =>
      isEntry(moment) && sent(moment.seen, 'relayed').some(({ message }) => message.kind === 'request'),
  },
  {
    name: 'a primary leads a second time, all views having come round',
    rule: '3.6',
    rareIn: ['signed', 'oral'],
    atStep: ({ seen, own, after, n }) =>
      after.isActive && own.ledView !== null && after.view > own.ledView && leads(seen.replica, after, n),
  },
  {
    name: 'a replica outside of a view follows by decisions',
    rule: '3.10',
    atStep: ({ seen, before, after }) =>
      !before.isActive && !after.isActive && logged(seen, 'decided').length > 0,
  },
  {
    name: 'correct replicas are active in two views at once',
    rule: '3.4',
    atStep: ({ all }) =>
      new Set(all.flatMap(({ facts, isDown }) => (facts?.isActive && !isDown ? [facts.view] : []))).size > 1,
  },
  {
    name: 'the new primary is silent from the start',
    rule: '3.6',
    rareIn: ['signed', 'oral'],
    atStep: (moment) =>
      isTimedOut(moment) &&
      !moment.before.isActive &&
      moment.seen.state.views.newView === null &&
      moment.all.some(({ id, isDown }) => isDown && id === moment.before.view % moment.n),
  },
]
