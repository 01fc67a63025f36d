/**
 * Reliable broadcast without clocks: Bracha, "Asynchronous Byzantine Agreement Protocols" (1987), section 3. n > 3f. If
 * a correct process delivers a value, all correct processes deliver that value. If the sender is correct, it is the
 * sender's value.
 *
 * The sender sends its value, and every process echoes it. A process sends READY after more than (n + f)/2 echoes or f
 * + 1 READYs, and delivers after 2f + 1 READYs. Delivery is not guaranteed if the sender is faulty.
 */
import { packPayload } from '../../messages/payload.ts'
import {
  type Algorithm,
  everyoneBut,
  type Message,
  type Process,
  type ProcessId,
  readMessage,
  type Step,
  takeEach,
  toEach,
  VALUE_MAX,
  type Value,
} from '../process.ts'

export const BROADCAST_STAGES = ['initial', 'echo', 'ready'] as const
type Stage = (typeof BROADCAST_STAGES)[number]

/** Values by process, as plain data. */
type Said = Readonly<Record<ProcessId, Value>>

export interface ReliableState {
  /** The first value that each process sent in this stage, this process included. */
  readonly echo: Said
  readonly ready: Said
  readonly hasDelivered: boolean
}

const NOTHING: ReliableState = { echo: {}, ready: {}, hasDelivered: false }

export function reliableBroadcast(options: {
  readonly n: number
  readonly faults: number
  readonly sender?: ProcessId
}): Algorithm<ReliableState> {
  const { n, faults, sender = 0 } = options
  const echoesNeeded = Math.floor((n + faults) / 2) + 1
  const process = (self: ProcessId): Process<ReliableState> => {
    const send = (stage: Stage, value: Value): readonly Message[] =>
      toEach(everyoneBut(n, self), encodeStage(stage, value))

    /** Sends a value in a stage in which this process has sent nothing yet, and applies the consequences. */
    function say(state: ReliableState, stage: 'echo' | 'ready', value: Value): Step<ReliableState> {
      if (state[stage][self] !== undefined) return { state, outbox: [], decision: null }
      const next = note(state, stage, { from: self, value })
      return { ...next, outbox: [...send(stage, value), ...next.outbox] }
    }

    function note(
      state: ReliableState,
      stage: 'echo' | 'ready',
      { from, value }: { readonly from: ProcessId; readonly value: Value },
    ): Step<ReliableState> {
      if (state[stage][from] !== undefined) return { state, outbox: [], decision: null }
      const next = { ...state, [stage]: { ...state[stage], [from]: value } }
      const readies = count(next.ready, value)
      const isReady = count(next.echo, value) >= echoesNeeded || readies > faults
      if (isReady && next.ready[self] === undefined) return say(next, 'ready', value)
      const delivers = readies > 2 * faults && !next.hasDelivered
      return {
        state: { ...next, hasDelivered: next.hasDelivered || delivers },
        outbox: [],
        decision: delivers ? value : null,
      }
    }

    return {
      start(value) {
        if (self !== sender) return { state: NOTHING, outbox: [], decision: null }
        const step = say(NOTHING, 'echo', value)
        return { ...step, outbox: [...send('initial', value), ...step.outbox] }
      },
      receive: (state, inbox) =>
        takeEach(state, inbox, (now, { from, payload }) => {
          const message = readStage(payload)
          if (message === null || (message.stage === 'initial' && from !== sender))
            return { state: now, outbox: [], decision: null }
          const { stage, value } = message
          return stage === 'initial' ? say(now, 'echo', value) : note(now, stage, { from, value })
        }),
    }
  }
  return { name: 'reliable broadcast', n, rounds: null, process }
}

const count = (said: Said, value: Value): number =>
  Object.values(said).filter((each) => each === value).length

export const encodeStage = (stage: Stage, value: Value): Uint8Array =>
  packPayload([BROADCAST_STAGES.indexOf(stage), value])

export function readStage(payload: Uint8Array): { readonly stage: Stage; readonly value: Value } | null {
  return readMessage(payload, (fields) => {
    const stage = BROADCAST_STAGES[fields.integer()]
    const value = fields.integer()
    return stage === undefined || value > VALUE_MAX ? null : { stage, value }
  })
}
