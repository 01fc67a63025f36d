/**
 * The trace of a run: a hash of all steps, and a line of text for each if there is a listener. Two runs of a seed have
 * equal hashes; otherwise something depends on a fact outside the seed.
 */
import { readU32, toHex } from '../../base/bytes.ts'
import type { ReplicaId } from '../../base/ids.ts'
import type { DescriptionSink } from '../../messages/description.ts'
import type { Effect, Event } from '../../pbft/effects.ts'
import { describeEffect, describeEvent } from './describe.ts'

export type TraceListener = (line: string) => void

/** An event at a replica and its effects. `atMs` is virtual time. */
export interface TracedStep {
  readonly atMs: number
  readonly replica: ReplicaId
  readonly event: Event
  readonly effects: readonly Effect[]
}

/** Anything else that happens, in words. */
export interface TracedNote {
  readonly atMs: number
  readonly text: string
}

export class Trace {
  readonly #listener: TraceListener | null
  readonly #onStep: ((step: TracedStep) => void) | null
  readonly #onNote: ((note: TracedNote) => void) | null
  readonly #mixer = createMixer()
  #steps = 0

  constructor(
    listener: TraceListener | null,
    onStep: ((step: TracedStep) => void) | null = null,
    onNote: ((note: TracedNote) => void) | null = null,
  ) {
    this.#listener = listener
    this.#onStep = onStep
    this.#onNote = onNote
  }

  get steps(): number {
    return this.#steps
  }

  /** The hash of everything noted so far, as 32 hexadecimal digits. */
  get hash(): string {
    return this.#mixer.hash()
  }

  step(step: TracedStep): void {
    const { atMs, replica, event, effects } = step
    this.#onStep?.(step)
    this.#steps++
    this.#mixer.number('', Math.round(atMs * 1000))
    this.#mixer.number('', replica)
    describeEvent(this.#mixer, event)
    for (const effect of effects) describeEffect(this.#mixer, effect)
    if (this.#listener === null) return
    const happened = textOf((sink) => describeEvent(sink, event))
    const done = effects.map((effect) => textOf((sink) => describeEffect(sink, effect)))
    this.#listener(
      [`${timeText(atMs)}  replica ${replica}  ${happened}`, ...done].join('\n                -> '),
    )
  }

  /** Anything else that happens: a crash, a cut, a request, an answer. */
  note(atMs: number, text: string): void {
    this.#onNote?.({ atMs, text })
    this.#mixer.number('', Math.round(atMs * 1000))
    this.#mixer.number('', codeOf(text))
    this.#listener?.(`${timeText(atMs)}  ${text}`)
  }
}

export const timeText = (atMs: number): string => atMs.toFixed(3).padStart(10)

export function textOf(describe: (sink: DescriptionSink) => void): string {
  const words: string[] = []
  describe({
    word: (word) => words.push(word),
    number: (label, value) => words.push(label, String(value)),
    digest: (digest) => words.push(toHex(digest.subarray(0, 4))),
  })
  return words.join(' ')
}

/** Mixes values into four lanes of 32 bits. It does not resist deliberate collisions. */
function createMixer(): DescriptionSink & { hash(): string } {
  const lanes = new Int32Array([0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344])
  const codes = new Map<string, number>()
  let turn = 0
  const mix = (word: number): void => {
    const next = (turn + 1) & 3
    const mixed = Math.imul((lanes[turn] as number) ^ word, 0x9e3779b1)
    const rotated = (mixed << 13) | (mixed >>> 19)
    lanes[turn] = rotated
    lanes[next] = ((lanes[next] as number) + rotated) | 0
    turn = next
  }
  return {
    word(word) {
      let code = codes.get(word)
      if (code === undefined) {
        code = codeOf(word)
        codes.set(word, code)
      }
      mix(code)
    },
    number(_label, value) {
      mix(value | 0)
      if (value > 0x7fff_ffff) mix(Math.floor(value / 0x1_0000_0000))
    },
    digest: (digest) => mix(readU32(digest, 0)),
    hash: () => Array.from(lanes, (lane) => (lane >>> 0).toString(16).padStart(8, '0')).join(''),
  }
}

/** FNV-1a over the text's code units. */
function codeOf(text: string): number {
  let code = 0x811c9dc5
  for (let index = 0; index < text.length; index++) {
    code = Math.imul(code ^ text.charCodeAt(index), 0x01000193)
  }
  return code
}
