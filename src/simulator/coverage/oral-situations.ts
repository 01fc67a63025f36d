/** Situations of view changes without signatures, and of requests with MACs: section 4 of the rules. */
import { equalBytes } from '../../base/bytes.ts'
import { quorum, weakQuorum } from '../../base/quorum.ts'
import type { OralNewView, OralViewChange } from '../../messages/oral/message.ts'
import type { Situation, StepMoment } from './situation.ts'
import { effectsOf, isNull, logged, received, refuses, sent } from './step-facts.ts'

/** The NEW-VIEW by which a step enters a view, or null. */
function entered({ seen, before, after }: StepMoment): OralNewView | null {
  const { newView } = seen.state.views
  const isEntry = after.isActive && (!before.isActive || after.view > before.view)
  return isEntry && newView?.kind === 'oral-new-view' ? newView : null
}

/** The received VIEW-CHANGEs of the view. */
const held = ({ seen: { state } }: StepMoment): readonly OralViewChange[] =>
  state.oral.received.filter((one) => one !== null && one.view === state.views.view) as OralViewChange[]

const oral = (situation: Omit<Situation, 'mode'>): Situation => ({ ...situation, mode: 'oral' })

export const ORAL_SITUATIONS: readonly Situation[] = [
  oral({
    name: 'a VIEW-CHANGE claims two pre-prepared digests for one place',
    rule: '4.1',
    rareIn: ['oral'],
    atStep: ({ seen }) =>
      sent(seen, 'oral-view-change').some(({ prePrepareClaims }) =>
        prePrepareClaims.some((a) =>
          prePrepareClaims.some((b) => a.sequence === b.sequence && !equalBytes(a.digest, b.digest)),
        ),
      ),
  }),
  oral({
    name: 'a VIEW-CHANGE names more than one checkpoint',
    rule: '4.2',
    rareIn: ['oral'],
    atStep: ({ seen }) => sent(seen, 'oral-view-change').some(({ checkpoints }) => checkpoints.length > 1),
  }),
  oral({
    name: 'a VIEW-CHANGE of claims is refused',
    rule: '4.2',
    rareIn: ['oral'],
    atStep: ({ seen }) => received(seen, 'oral-view-change') !== null && effectsOf(seen, 'reject').length > 0,
  }),
  oral({
    name: 'a VIEW-CHANGE is acknowledged',
    rule: '4.3',
    atStep: ({ seen }) => logged(seen, 'acknowledged').length > 0,
  }),
  oral({
    name: 'an acknowledgement comes after the NEW-VIEW was made',
    rule: '4.3',
    atStep: ({ seen, before }) => {
      const ack = received(seen, 'view-change-ack')
      return ack !== null && ack.view === before.madeNewView
    },
  }),
  oral({
    name: 'an acknowledgement is sent again to whoever asks',
    rule: '4.3',
    atStep: ({ seen }) =>
      received(seen, 'view-change-fetch') !== null && sent(seen, 'view-change-ack').length > 0,
  }),
  oral({
    name: 'Q VIEW-CHANGEs are here, and no NEW-VIEW can be made yet',
    rule: '4.3',
    atStep: (moment) =>
      moment.seen.state.views.view % moment.n === moment.seen.replica &&
      !moment.after.isActive &&
      moment.after.madeNewView !== moment.after.view &&
      held(moment).length >= quorum(moment.n),
  }),
  oral({
    name: 'a NEW-VIEW rests on a checkpoint above 0',
    rule: '4.4',
    atStep: (moment) => (entered(moment)?.checkpoint.sequence ?? 0) > 0,
  }),
  oral({
    name: 'a NEW-VIEW takes over a batch by A1 and A2',
    rule: '4.5',
    atStep: (moment) => entered(moment)?.choices.some(({ digest }) => !isNull(moment.seen, digest)) ?? false,
  }),
  oral({
    name: 'a NEW-VIEW chooses a null batch by B',
    rule: '4.5',
    rareIn: ['oral'],
    atStep: (moment) => entered(moment)?.choices.some(({ digest }) => isNull(moment.seen, digest)) ?? false,
  }),
  oral({
    name: 'a NEW-VIEW waits for a batch (A3)',
    rule: '4.5',
    rareIn: ['oral'],
    atStep: ({ before, after }) => after.lacking > before.lacking,
  }),
  oral({
    name: 'S grows beyond Q',
    rule: '4.5',
    atStep: (moment) => (entered(moment)?.cited.length ?? 0) > quorum(moment.n),
  }),
  oral({
    name: 'a claim to have prepared has no support, and is not chosen',
    rule: '4.6',
    rareIn: ['oral'],
    atStep: (moment) => {
      const choices = entered(moment)?.choices
      if (choices === undefined) return false
      return held(moment).some(({ preparedClaims }) =>
        preparedClaims.some(({ sequence, digest }) => {
          const choice = choices.find((one) => one.sequence === sequence)
          const supporters = held(moment).filter(({ prePrepareClaims }) =>
            prePrepareClaims.some((one) => one.sequence === sequence && equalBytes(one.digest, digest)),
          )
          return (
            choice !== undefined &&
            !equalBytes(choice.digest, digest) &&
            supporters.length < weakQuorum(moment.n)
          )
        }),
      )
    },
  }),
  oral({
    name: 'a cited VIEW-CHANGE is fetched by its digest',
    rule: '4.7',
    atStep: ({ seen }) => sent(seen, 'view-change-fetch').length > 0,
  }),
  oral({
    name: 'a VIEW-CHANGE that was asked for by its digest is delivered',
    rule: '4.7',
    atStep: ({ seen: { state }, seen }) =>
      received(seen, 'view-change-delivery') !== null && state.oral.fetched.size > 0,
  }),
  oral({
    name: 'a view begins on a VIEW-CHANGE that did not come from its sender',
    rule: '4.7',
    atStep: (moment) =>
      entered(moment)?.cited.some(({ sender, digest }) => {
        const direct = moment.seen.state.oral.received[sender] ?? null
        return direct === null || !equalBytes(direct.digest, digest)
      }) ?? false,
  }),
  oral({
    name: 'a NEW-VIEW that does not follow from what it cites is refused',
    rule: '4.7',
    rareIn: ['oral'],
    atStep: ({ seen }) => refuses(seen, 'new-view-selects-otherwise', 'new-view-without-quorum'),
  }),
  oral({
    name: 'a replica leaves a view because the next batch does not come',
    rule: '4.8',
    atStep: ({ seen, before, after }) =>
      seen.event.kind === 'ticked' &&
      before.isActive &&
      after.view > before.view &&
      after.stalledSince === null &&
      after.waitingRecoveries === before.waitingRecoveries &&
      after.blacklisted === before.blacklisted,
  }),
  oral({
    name: 'a state that W vouch for is fetched',
    rule: '4.8',
    rareIn: ['oral'],
    atStep: ({ seen, n }) =>
      effectsOf(seen, 'transfer').some(({ stable }) => stable.checkpoints.length < quorum(n)),
  }),
  oral({
    name: 'h stays behind a state that W vouched for',
    rule: '4.8',
    rareIn: ['oral'],
    atStep: ({ seen, after }) =>
      seen.event.kind === 'transferred' && after.lowWatermark < seen.event.stable.sequence,
  }),
]
