/**
 * Total order by proposed numbers: Birman, Joseph, "Reliable Communication in the Presence of Failures" (1987), the
 * ABCAST protocol of ISIS. All processes deliver all messages in one order, and no process decides it alone. Every
 * receiver proposes a number above all that it knows; the sender takes the highest and sends it to all; each process
 * delivers a message when its number is final and lower than every other number in its queue. 3(n - 1) messages for one
 * multicast. A sender that crashes before it has sent the final number blocks all that come after its message.
 */
import {
  type AsynchronousAlgorithm,
  type Output,
  type Reaction,
  type Send,
  sendToEach,
  type TypedMessage,
} from '../automaton.ts'
import { everyoneBut, type ProcessId } from '../process.ts'
import { type Data, isSame, type Line, textsAfter } from './script.ts'

/** A number, with the process that proposed it: no two proposals are equal. */
interface Priority {
  readonly priority: number
  readonly proposer: ProcessId
}

export interface PriorityMessage extends TypedMessage, Priority {
  readonly type: 'PROPOSAL' | 'FINAL'
  readonly origin: ProcessId
  readonly number: number
}

interface Queued extends Data, Priority {
  readonly isFinal: boolean
  /** At the sender: the number of processes that have not proposed yet. */
  readonly missing: number
}

export interface ProposedState {
  readonly multicasts: number
  /** The highest number that it has proposed or learnt. */
  readonly highest: number
  readonly queue: readonly Queued[]
}

type IsisMessage = Data | PriorityMessage

const isLower = (a: Priority, b: Priority): boolean =>
  a.priority < b.priority || (a.priority === b.priority && a.proposer < b.proposer)

export function proposedNumbersMulticast(options: {
  readonly n: number
  readonly script: readonly Line[]
}): AsynchronousAlgorithm<ProposedState, IsisMessage> {
  const { n, script } = options
  const process = (self: ProcessId) => {
    /** Puts a message into the queue with the number that this process proposes for it. */
    function propose(state: ProposedState, data: Data): ProposedState {
      const highest = state.highest + 1
      const queued = { ...data, priority: highest, proposer: self, isFinal: false, missing: n - 1 }
      return { ...state, highest, queue: [...state.queue, queued] }
    }

    function multicast(state: ProposedState, texts: readonly string[]): Reaction<ProposedState, IsisMessage> {
      let next = state
      const sends = texts.flatMap((text) => {
        const data: Data = { type: 'DATA', origin: self, number: next.multicasts + 1, text }
        next = propose({ ...next, multicasts: data.number }, data)
        return sendToEach(everyoneBut(n, self), data)
      })
      return { state: next, sends }
    }

    /** Takes a proposal for an own message; the last one makes the highest number final. */
    function count(state: ProposedState, message: PriorityMessage): Reaction<ProposedState, IsisMessage> {
      const mine = state.queue.find((each) => isSame(each, message))
      if (mine === undefined || mine.isFinal) return { state }
      const { priority, proposer } = isLower(mine, message) ? message : mine
      const { origin, number } = mine
      const missing = mine.missing - 1
      const better = { ...mine, priority, proposer, missing }
      const next = { ...state, queue: state.queue.map((each) => (each === mine ? better : each)) }
      if (missing > 0) return { state: next }
      const final: PriorityMessage = { type: 'FINAL', origin, number, priority, proposer }
      return settle(next, final, sendToEach(everyoneBut(n, self), final))
    }

    /** Makes a number final, and delivers the messages at the head of the queue that are final. */
    function settle(
      state: ProposedState,
      { origin, number, priority, proposer }: PriorityMessage,
      sends: readonly Send<IsisMessage>[] = [],
    ): Reaction<ProposedState, IsisMessage> {
      let queue = state.queue.map((each) =>
        isSame(each, { origin, number }) ? { ...each, priority, proposer, isFinal: true } : each,
      )
      const outputs: Output[] = []
      const answers: string[] = []
      for (;;) {
        const [head] = [...queue].sort((a, b) => (isLower(a, b) ? -1 : 1))
        if (head === undefined || !head.isFinal) break
        queue = queue.filter((each) => each !== head)
        outputs.push({ event: 'delivers', value: head.text })
        answers.push(...textsAfter(script, self, head.text))
      }
      const next = { ...state, highest: Math.max(state.highest, priority), queue }
      const turn = multicast(next, answers)
      return { state: turn.state, sends: [...sends, ...(turn.sends ?? [])], outputs }
    }

    return {
      start: () => multicast({ multicasts: 0, highest: 0, queue: [] }, textsAfter(script, self, null)),
      receive(
        state: ProposedState,
        from: ProcessId,
        message: IsisMessage,
      ): Reaction<ProposedState, IsisMessage> {
        if (message.type !== 'DATA')
          return message.type === 'PROPOSAL' ? count(state, message) : settle(state, message)
        const next = propose(state, message)
        const { origin, number } = message
        const proposal: PriorityMessage = {
          type: 'PROPOSAL',
          origin,
          number,
          priority: next.highest,
          proposer: self,
        }
        return { state: next, sends: [{ to: from, message: proposal }] }
      },
    }
  }
  return { n, process }
}
