/** Facts of a step for situations: its log records, its messages, its refusals. */
import { equalBytes } from '../../base/bytes.ts'
import type { Effect, LogRecord, Outgoing, ProtocolMessage } from '../../pbft/effects.ts'
import type { SeenStep } from '../checkers/checker.ts'

/** The records of this kind that a step logs. */
export const logged = <K extends LogRecord['kind']>(
  { effects }: SeenStep,
  kind: K,
): readonly Extract<LogRecord, { readonly kind: K }>[] =>
  effects.flatMap((effect) =>
    effect.kind === 'persist' && effect.record.kind === kind
      ? [effect.record as Extract<LogRecord, { readonly kind: K }>]
      : [],
  )

/** The contents of this kind that a step sends, to one or to all. */
export const sent = <K extends Outgoing['kind']>(
  { effects }: SeenStep,
  kind: K,
): readonly Extract<Outgoing, { readonly kind: K }>[] =>
  effects.flatMap((effect) =>
    (effect.kind === 'send' || effect.kind === 'broadcast') && effect.outgoing.kind === kind
      ? [effect.outgoing as Extract<Outgoing, { readonly kind: K }>]
      : [],
  )

/** The effects of this kind. */
export const effectsOf = <K extends Effect['kind']>(
  { effects }: SeenStep,
  kind: K,
): readonly Extract<Effect, { readonly kind: K }>[] =>
  effects.filter((effect): effect is Extract<Effect, { readonly kind: K }> => effect.kind === kind)

/** The message of this kind that a step received, or null. */
export function received<K extends ProtocolMessage['kind']>(
  { event }: SeenStep,
  kind: K,
): Extract<ProtocolMessage, { readonly kind: K }> | null {
  if (event.kind !== 'received' || event.message.kind !== kind) return null
  const message: ProtocolMessage = event.message
  return message as Extract<ProtocolMessage, { readonly kind: K }>
}

/** True if a step refuses a message for one of these reasons. */
export const refuses = (seen: SeenStep, ...reasons: readonly string[]): boolean =>
  effectsOf(seen, 'reject').some(({ reason }) => reasons.includes(reason))

/** True if a step refuses a client's request for this reason. */
export const turnsAway = (seen: SeenStep, reason: string): boolean =>
  effectsOf(seen, 'refuse').some((effect) => effect.reason === reason)

/** True for a retransmitted message of one of these kinds. */
export const sentAgain = (seen: SeenStep, ...kinds: readonly string[]): boolean =>
  seen.effects.some(
    (effect) =>
      effect.kind === 'send' &&
      effect.outgoing.kind === 'relayed' &&
      kinds.includes(effect.outgoing.message.kind),
  )

export const isNull = ({ state }: SeenStep, digest: Uint8Array): boolean =>
  equalBytes(digest, state.nullBatch.digest)
