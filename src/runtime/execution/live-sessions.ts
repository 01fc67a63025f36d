/**
 * The sessions of each client that recently asked for the place of its timestamps. If two of them are alive at the same
 * time, two processes use one key. That is an operator's mistake, which is reported to both sessions.
 *
 * A session counts as alive beside another if it repeats a token that it received after the other first asked. Old
 * messages of an ended process may still be in transit, but they cannot contain such a token.
 * @rule 1.8
 */
import { equalBytes } from '../../base/bytes.ts'
import type { ClientId } from '../../base/ids.ts'

/** The number of remembered clients, and of remembered sessions of each. */
const CLIENTS_MAX = 1_024
const SESSIONS_MAX = 4
/** The number of tokens that a session may still repeat. */
const TOKENS_MAX = 4
/** The ticks after which a session that does not ask again counts as gone. */
const ALIVE_TICKS = 300

interface LiveSession {
  readonly nonce: Uint8Array
  /** The first token of this session. Tokens are issued in order. */
  readonly firstToken: number
  readonly tokens: number[]
  /** The last token that it repeated, and the tick. */
  repeated: number
  repeatedTick: number
}

export class LiveSessions {
  /** The clients and their sessions, the least recent first. */
  readonly #clients = new Map<ClientId, LiveSession[]>()
  #lastToken = 0
  #ticks = 0

  tick(): void {
    this.#ticks++
  }

  /**
   * Handles a question of a session that repeats this token. Returns the next token, and true if another session of its
   * client is alive.
   */
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
