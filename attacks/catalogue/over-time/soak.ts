import type { Milliseconds, ReplicaId } from '../../../src/base/ids.ts'
import type { Fault } from '../../../src/simulator/plan/plan.ts'
import { TURN } from '../../language/acts.ts'
import type { AdversaryContext } from '../../language/adversary-context.ts'
import { type Attack, type AttackContext, firstPrimaries, firstPrimary } from '../../language/attack.ts'
import type { Behaviour } from '../../language/behaviour.ts'
import { holds } from '../../language/expectations.ts'
import { crashed } from '../../language/faults.ts'

/** The length of each attack's turn, in milliseconds. */
const TURN_MS = 400
/** So many attacks have to have acted: some need a moment that does not come in their turn. */
const ACTING_MIN = 12
const BEGINS = 'when the soak begins'

/** Attacks that may begin and end at any time, with any traitors, and leave the rest of the run as it is. */
const mayTakeTurns = ({ control, parts, traitors, environment, simulated }: Attack): boolean => {
  if (control !== undefined || parts !== undefined || traitors(4).length === 0) return false
  const wants = Object.keys({ ...environment, ...simulated })
  return wants.every((name) => name === 'faults' || name === 'lasts')
}

const isByThePrimary = ({ traitors }: Attack): boolean => traitors(4)[0] === firstPrimary(4)[0]

/** The traitors of all turns, which stay faulty; if f is larger than one, one fault is left for crashing replicas. */
const traitorsOf = (n: number): readonly ReplicaId[] => {
  const all = firstPrimaries(n)
  return all.slice(0, Math.max(1, all.length - 1))
}

/** Plays one behaviour after the other, each anew when its turn comes. All traitors change at once. */
function takingTurns(attacks: readonly Attack[]): Behaviour {
  let turn = -1
  let behaviour: Behaviour = {}
  const current = ({ board, state }: AdversaryContext): Behaviour => {
    const began = (board.notes.get(BEGINS) ?? state.clock.now) as Milliseconds
    board.notes.set(BEGINS, began)
    const now = Math.floor((state.clock.now - began) / TURN_MS)
    if (now !== turn) {
      const next = attacks[now % attacks.length] as Attack
      behaviour = next.behaviour()
      board.notes.set(TURN, next.name)
      turn = now
    }
    return behaviour
  }
  return {
    send: (intercepted, place) => current(place).send?.(intercepted, place) ?? null,
    receive: (intercepted, place) => current(place).receive?.(intercepted, place),
    isDeafTo: (intercepted, place) => current(place).isDeafTo?.(intercepted, place) ?? false,
    tick: (place) => current(place).tick?.(place),
  }
}

/** The faults of each turn, and one crash in each: of a traitor, or of whom there is room for in f. */
function faultsOfTurns(attacks: readonly Attack[], context: AttackContext): readonly Fault[] {
  const turns = Math.floor(context.lastsMs / TURN_MS)
  return Array.from({ length: turns }, (_, turn) => {
    const { simulated } = attacks[turn % attacks.length] as Attack
    const replica = context.random.pick([...context.traitors, ...context.correct])
    const crash = crashed(replica, { from: 0.5 * TURN_MS, to: 0.7 * TURN_MS })
    const own = simulated?.faults?.({ ...context, lastsMs: TURN_MS }) ?? []
    return [...own, ...crash].map((fault) => ({ ...fault, atMs: turn * TURN_MS + fault.atMs }))
  }).flat()
}

/** Made of the attacks that it goes through, in their order. */
export function soakOf(catalogue: readonly Attack[]): Attack {
  const turns = catalogue.filter(mayTakeTurns)
  // The first primary is a traitor and does not lead for long: what only a primary can do comes last.
  const attacks = [...turns.filter((each) => !isByThePrimary(each)), ...turns.filter(isByThePrimary)]
  return {
    name: 'soak',
    world: 'both',
    targets: ['safety', 'liveness'],
    does: 'plays all attacks by replicas in turn, with the faults of each, while replicas crash as far as f allows',
    source: 'what is harmless alone may not be so after something else',
    expects: 'never more than f faulty at once, so the invariants hold',
    traitors: traitorsOf,
    behaviour: () => takingTurns(attacks),
    judge: holds(
      ({ actsByTurn }) => actsByTurn.size >= ACTING_MIN,
      ({ actsByTurn }) => `only these acted: ${[...actsByTurn.keys()].join(', ')}`,
    ),
    inspect: holds(
      ({ restarts }) => restarts > 0,
      () => 'no replica crashed',
    ),
    environment: { lasts: 5 },
    simulated: { faults: (context) => faultsOfTurns(attacks, context) },
  }
}
