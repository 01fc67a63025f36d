/** Two data models, the same drawn requests to both, and the first answer in which they differ. */
import { createRandom } from '../../../src/base/random.ts'
import { Generator } from './generator.ts'
import { RelativeModel } from './relative-model.ts'
import type { Answer, DataModel, Request } from './requests.ts'

export interface Comparison {
  /** Answers by kind, refusals by their text: what the requests have met. */
  readonly answers: ReadonlyMap<string, number>
  /** The first request that was answered differently, with what came before it; null where there is none. */
  readonly difference: string | null
}

const SHOWN_BEFORE = 12

/** Both must be empty and new. */
export async function compareModels(
  one: DataModel,
  other: DataModel,
  { seed, requests }: { readonly seed: number; readonly requests: number },
): Promise<Comparison> {
  const [left, right] = [new RelativeModel(one), new RelativeModel(other)]
  const generator = new Generator(createRandom(seed))
  const answers = new Map<string, number>()
  const before: string[] = []
  for (let index = 0; index < requests; index++) {
    const request = generator.next()
    const [a, b] = [await left.apply(request), await right.apply(request)]
    const [one, other] = [comparable(a), comparable(b)]
    if (one !== other) {
      const said = `request ${index} of seed ${seed}:\n${showRequest(request)}\none:   ${one}\nother: ${other}`
      return { answers, difference: `${before.join('\n')}\n${said}` }
    }
    for (const name of namesOf(request, a)) answers.set(name, (answers.get(name) ?? 0) + 1)
    before.push(`${showRequest(request)}\n  ${one}`)
    if (before.length > SHOWN_BEFORE) before.shift()
    generator.hear(request, a)
  }
  return { answers, difference: null }
}

/** The answer without what real time changes: how much of a lease is left. Also whether it is there at all is compared. */
function comparable(answer: Answer): string {
  if (answer.kind !== 'leaseTimeToLive' || answer.ttl < 0) return show(answer)
  return show({ ...answer, ttl: 'running' })
}

function namesOf(request: Request, answer: Answer): readonly string[] {
  if (answer.kind === 'refusal') return [`refusal: ${answer.message}`, `${request.kind} refused`]
  return answer.kind === 'txn' ? [answer.succeeded ? 'txn success' : 'txn failure'] : [answer.kind]
}

/** Without fields of value zero. */
const showRequest = (request: Request): string => show(withoutZeros(request))

function withoutZeros(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutZeros)
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value
  const isZero = (each: unknown): boolean =>
    each === false || each === 0 || each === 0n || (each instanceof Uint8Array && each.length === 0)
  const fields = Object.entries(value).filter(([, each]) => !isZero(each))
  return Object.fromEntries(fields.map(([name, each]) => [name, withoutZeros(each)]))
}

/** As text: bytes as JSON strings of one char a byte, fields in the order of their names, big integers with an n. */
export function show(value: unknown): string {
  if (value instanceof Uint8Array) return JSON.stringify(Buffer.from(value).toString('latin1'))
  if (typeof value === 'bigint') return `${value}n`
  if (Array.isArray(value)) return `[${value.map(show).join(', ')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'undefined'
  const fields = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${fields.map(([name, each]) => `${name}: ${show(each)}`).join(', ')}}`
}
