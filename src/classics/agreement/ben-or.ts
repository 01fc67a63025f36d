/**
 * Randomized consensus without clocks: Ben-Or, "Another Advantage of Free Choice" (1983). Values are 0 and 1. It needs
 * n > 2f with crash faults and n > 5f with Byzantine faults. It terminates with probability 1, and in the first phase
 * if all processes begin with the same value.
 *
 * Each phase has two exchanges. In each exchange a process waits for n - f messages, its own included. In the first
 * exchange every process sends its value; a process then proposes the value that a majority sent, if there is one. In
 * the second exchange every process sends its proposal. A process that receives enough proposals of a value decides it;
 * one that receives some adopts the value; one that receives none tosses a coin. A process that has decided takes part
 * in one more phase, after which all have decided.
 */
import { packPayload } from '../../messages/payload.ts'
import {
  type Algorithm,
  everyoneBut,
  type Process,
  type ProcessId,
  readMessage,
  type Step,
  takeEach,
  toEach,
  type Value,
} from '../process.ts'

/** The value that stands for "I propose nothing". */
export const NO_PROPOSAL = 2
/**
 * Messages of later phases are dropped, so that faulty processes cannot fill the memory. The probability of getting
 * this far is negligible.
 */
export const PHASES_MAX = 1_000
export const EXCHANGES = ['say', 'propose'] as const
type Exchange = (typeof EXCHANGES)[number]

export interface BenOrState {
  /** Counts from 1. */
  readonly phase: number
  readonly exchange: Exchange
  readonly value: Value
  /** By `phase.exchange`: the value that each process sent, this process included. */
  readonly heard: ReadonlyMap<string, ReadonlyMap<ProcessId, Value>>
  /** The phase in which it decided. */
  readonly decidedIn: number | null
}

export interface BenOrOptions {
  readonly n: number
  readonly faults: number
  /** The kind of faults that faulty processes have. */
  readonly model: 'crash' | 'lies'
  /** Returns a fair coin toss for each process and phase: 0 or 1. */
  readonly coin: (self: ProcessId, phase: number) => Value
}

export function benOr(options: BenOrOptions): Algorithm<BenOrState> {
  const { n, faults, model, coin } = options
  const isMajority = (count: number): boolean => 2 * count > (model === 'crash' ? n : n + faults)
  const isEnoughToDecide = (count: number): boolean =>
    model === 'crash' ? count > faults : isMajority(count)
  const isEnoughToTake = (count: number): boolean => count > (model === 'crash' ? 0 : faults)

  const process = (self: ProcessId): Process<BenOrState> => {
    const send = ({ phase, exchange }: BenOrState, value: Value) =>
      toEach(everyoneBut(n, self), encodeExchange({ phase, exchange, value }))

    /**
     * Sends a value in the current exchange, and moves on at once if enough messages of others have already arrived.
     */
    function say(state: BenOrState, value: Value): Step<BenOrState> {
      const next = advance(note(state, self, { ...state, value }))
      return { ...next, outbox: [...send(state, value), ...next.outbox] }
    }

    function advance(state: BenOrState): Step<BenOrState> {
      const said = state.heard.get(placeOf(state)) ?? new Map<ProcessId, Value>()
      const isOver = state.decidedIn !== null && state.phase > state.decidedIn + 1
      if (isOver || !said.has(self) || said.size < n - faults) return { state, outbox: [], decision: null }
      const count = (value: Value): number => [...said.values()].filter((each) => each === value).length
      const most: Value = count(1) > count(0) ? 1 : 0
      if (state.exchange === 'say') {
        return say({ ...state, exchange: 'propose' }, isMajority(count(most)) ? most : NO_PROPOSAL)
      }
      const value = isEnoughToTake(count(most)) ? most : coin(self, state.phase)
      const decides = state.decidedIn === null && isEnoughToDecide(count(most))
      const decidedIn = decides ? state.phase : state.decidedIn
      const next = { ...state, phase: state.phase + 1, exchange: 'say', value, decidedIn } as const
      const isLast = decidedIn !== null && next.phase > decidedIn + 1
      const step = isLast ? { state: next, outbox: [], decision: null } : say(next, value)
      return { ...step, decision: decides ? most : step.decision }
    }

    return {
      start: (value) => say({ phase: 1, exchange: 'say', value, heard: new Map(), decidedIn: null }, value),
      receive: (state, inbox) =>
        takeEach(state, inbox, (now, { from, payload }) => {
          const message = readExchange(payload)
          return message === null
            ? { state: now, outbox: [], decision: null }
            : advance(note(now, from, message))
        }),
    }
  }
  return { name: 'Ben-Or', n, rounds: null, process }
}

export interface ExchangeMessage {
  readonly phase: number
  readonly exchange: Exchange
  readonly value: Value
}

const placeOf = ({ phase, exchange }: Pick<ExchangeMessage, 'phase' | 'exchange'>): string =>
  `${phase}.${exchange}`

/**
 * Returns the state with the first message of a process in an exchange recorded. Messages of past exchanges are
 * dropped.
 */
function note(state: BenOrState, from: ProcessId, message: ExchangeMessage): BenOrState {
  const place = placeOf(message)
  const said = state.heard.get(place)
  if (message.phase < state.phase || said?.has(from)) return state
  const kept = [...state.heard].filter(([at]) => Number.parseInt(at, 10) >= state.phase)
  return { ...state, heard: new Map([...kept, [place, new Map([...(said ?? []), [from, message.value]])]]) }
}

export const encodeExchange = ({ phase, exchange, value }: ExchangeMessage): Uint8Array =>
  packPayload([phase, EXCHANGES.indexOf(exchange), value])

export function readExchange(payload: Uint8Array): ExchangeMessage | null {
  return readMessage(payload, (fields) => {
    const phase = fields.integer()
    const exchange = EXCHANGES[fields.integer()]
    const value = fields.integer()
    const isSaid =
      exchange !== undefined && phase <= PHASES_MAX && value <= (exchange === 'say' ? 1 : NO_PROPOSAL)
    return isSaid ? { phase, exchange, value } : null
  })
}
