/** The gateway as the page asks it: answers, problems as sentences, and streams that come back by themselves. */
import { eventIn, type ServerEvent } from '../../../api/event-block.ts'

/** Milliseconds after which an answer is not waited for any more. */
const ANSWER_MS = 15_000
/** Milliseconds without a byte after which a stream is opened anew: the gateway sends something every five seconds. */
const SILENCE_MS = 12_000
const RETRY_MS = { least: 1_000, most: 15_000 }

/** The reason why the gateway did not do what was asked: a sentence for the person in front of the page. */
export class GatewayProblem extends Error {
  readonly status: number
  readonly code: string
  readonly facts: Readonly<Record<string, unknown>>

  constructor(status: number, code: string, message: string, facts: Readonly<Record<string, unknown>> = {}) {
    super(message)
    this.status = status
    this.code = code
    this.facts = facts
  }
}

export interface Asked {
  readonly method?: 'GET' | 'PUT' | 'POST' | 'DELETE'
  readonly query?: Readonly<Record<string, string | number | undefined>>
  readonly body?: string | Uint8Array<ArrayBuffer>
  readonly signal?: AbortSignal
}

/** Asks the gateway for a document. Rejects with a `GatewayProblem`. */
export async function ask<T>(
  path: string,
  { method = 'GET', query = {}, body, signal }: Asked = {},
): Promise<T> {
  const timeout = AbortSignal.timeout(ANSWER_MS)
  const init: RequestInit = {
    method,
    headers: { accept: 'application/json' },
    signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
    cache: 'no-store',
  }
  if (body !== undefined) init.body = body
  let response: Response
  try {
    response = await fetch(path + queryText(query), init)
  } catch {
    throw new GatewayProblem(0, 'no-answer', 'The gateway does not answer.')
  }
  if (!response.ok) throw await problemIn(response)
  return (await response.json()) as T
}

function queryText(query: Readonly<Record<string, string | number | undefined>>): string {
  const parts = Object.entries(query).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${typeof value === 'number' ? value : value}`],
  )
  return parts.length === 0 ? '' : `?${parts.join('&')}`
}

async function problemIn(response: Response): Promise<GatewayProblem> {
  const { status } = response
  try {
    const { code, title, detail, because, ...facts } = (await response.json()) as Record<string, unknown>
    const why = because === undefined ? '' : ` (${because})`
    return new GatewayProblem(status, `${code}`, `${title}: ${detail}${why}.`, facts)
  } catch {
    return new GatewayProblem(status, 'unknown-answer', `The gateway answered with status ${status}.`)
  }
}

export type StreamState = 'connecting' | 'open' | 'lost'

export interface StreamListener {
  take(event: ServerEvent): void
  /** `why` is a sentence where the gateway gave one. */
  state(state: StreamState, why?: string): void
}

/**
 * Follows a stream of server-sent events and opens it anew whenever it ends, also where a browser's EventSource gives up:
 * after a refusal, and after packets that were swallowed. Returns the function that ends it.
 */
export function follow(path: string, listener: StreamListener): () => void {
  const end = new AbortController()
  void (async () => {
    let lastId: string | null = null
    let pause = RETRY_MS.least
    while (!end.signal.aborted) {
      listener.state('connecting')
      let why: string | undefined
      try {
        for await (const event of eventsOf(path, lastId, end.signal, () => listener.state('open'))) {
          pause = RETRY_MS.least
          lastId = event.id ?? lastId
          listener.take(event)
        }
      } catch (problem) {
        if (problem instanceof GatewayProblem) why = problem.message
      }
      if (end.signal.aborted) return
      listener.state('lost', why)
      await new Promise((resolve) => setTimeout(resolve, pause))
      pause = Math.min(RETRY_MS.most, pause * 1.6)
    }
  })()
  return () => end.abort()
}

async function* eventsOf(
  path: string,
  lastId: string | null,
  signal: AbortSignal,
  opened: () => void,
): AsyncGenerator<ServerEvent, void> {
  const silence = new AbortController()
  const alarm = setInterval(() => {
    if (performance.now() - heard > SILENCE_MS) silence.abort()
  }, 1_000)
  let heard = performance.now()
  try {
    const response = await fetch(path, {
      headers: lastId === null ? {} : { 'last-event-id': lastId },
      signal: AbortSignal.any([signal, silence.signal]),
      cache: 'no-store',
    })
    if (!response.ok || response.body === null) throw await problemIn(response)
    opened()
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
    let text = ''
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      heard = performance.now()
      const blocks = (text + value).split('\n\n')
      text = blocks.pop() ?? ''
      for (const block of blocks) {
        const event = eventIn(block)
        if (event !== null) yield event
      }
    }
  } finally {
    clearInterval(alarm)
    silence.abort()
  }
}
