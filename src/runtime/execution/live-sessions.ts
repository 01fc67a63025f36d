/**
 * The sessions of each client that asked lately where its timestamps stand. Two that are alive at one moment use one key,
 * which is an operator's mistake; both sessions get a report of it.
 *
 * A session is alive beside another one when it repeats a token that it was given after that one first asked: what a
 * process said before it ended may still be on its way, but it cannot know such a token.
 * @rule 1.8
 */
import { equalBytes } from '../../base/bytes.ts'
import type { ClientId } from '../../base/ids.ts'

/** Clients and sessions of each of them that are remembered. */
const CLIENTS_MAX = 1_024
const SESSIONS_MAX = 4
/** Tokens of a session that it may still repeat. */
const TOKENS_MAX = 4
/** Ticks after which a session that does not ask again counts as gone. */
const ALIVE_TICKS = 300

interface LiveSession {
  readonly nonce: Uint8Array
  /** Tokens are given in order; this was the first of this session. */
  readonly firstToken: number
  readonly tokens: number[]
  /** The last token that it repeated, and when. */
  repeated: number
  repeatedTick: number
}

export class LiveSessions {
  /** The least recent first, of clients and of the sessions of each. */
  readonly #clients = new Map<ClientId, LiveSession[]>()
  #lastToken = 0
  #ticks = 0

  tick(): void {
    this.#ticks++
  }

  /** A session asks and repeats this token. Returns the next one, and whether another session of its client is alive. */
  hear(
    client: ClientId,
    nonce: Uint8Array,
    token: number,
  ): { readonly token: number; readonly isShared: boolean } {
    const sessions = this.#sessionsOf(client)
    const asker = this.#sessionOf(sessions, nonce)
    if (asker.tokens.includes(token)) {
      asker.repeated = token
      asker.repeatedTick = this.#ticks
    }
    const isShared = sessions.some(
      (each) =>
        each !== asker && each.repeated > asker.firstToken && this.#ticks - each.repeatedTick <= ALIVE_TICKS,
    )
    return { token: this.#give(asker), isShared }
  }

  #give(session: LiveSession): number {
    const token = ++this.#lastToken
    session.tokens.push(token)
    if (session.tokens.length > TOKENS_MAX) session.tokens.shift()
    return token
  }

  #sessionsOf(client: ClientId): LiveSession[] {
    const known = this.#clients.get(client) ?? []
    this.#clients.delete(client)
    this.#clients.set(client, known)
    if (this.#clients.size > CLIENTS_MAX) {
      const [oldest] = this.#clients.keys()
      if (oldest !== undefined) this.#clients.delete(oldest)
    }
    return known
  }

  #sessionOf(sessions: LiveSession[], nonce: Uint8Array): LiveSession {
    const index = sessions.findIndex((each) => equalBytes(each.nonce, nonce))
    const known = index < 0 ? undefined : sessions.splice(index, 1)[0]
    const session = known ?? {
      nonce: Uint8Array.from(nonce),
      firstToken: this.#lastToken + 1,
      tokens: [],
      repeated: 0,
      repeatedTick: 0,
    }
    sessions.push(session)
    if (sessions.length > SESSIONS_MAX) sessions.shift()
    return session
  }
}
