/**
 * Draws what the administrator of a cluster asks for: principals, their rights, and the switch. First all clients are
 * principals and may do everything, in one request. From then on something is taken from one of them, and given back
 * soon: so most operations are allowed most of the time, and some are denied at any time.
 */
import { utf8 } from '../../base/bytes.ts'
import type { Random } from '../../base/random.ts'
import type { AccessOperation, Granted } from '../../store/access-operations.ts'
import { PERMISSIONS_ALL } from '../../store/key-intervals.ts'
import { EVERY_KEY, type KeyRange } from '../../store/key-range.ts'
import type { Result } from '../../store/results.ts'

/** The principals of a cluster, as one of its clients knows them. */
export interface KnownPrincipals {
  readonly self: Uint8Array
  /** The clients of the load, this one included. */
  readonly clients: readonly Uint8Array[]
  /** Every client of the cluster. */
  readonly all: readonly Uint8Array[]
  readonly isAdministrator: boolean
}

const EVERYTHING: Granted = { permissions: PERMISSIONS_ALL, range: EVERY_KEY }
const NOBODY = new Uint8Array(32).fill(0xff)

/** The share of requests that set up everything, until one of them was answered, and afterwards. */
const SET_UP_SHARE = 0.7
const SET_UP_AGAIN_SHARE = 0.03
/** The share of what is drawn that gives back, while something is taken, and the number of things that are taken at once. */
const GIVE_BACK_SHARE = 0.5
const TAKEN_MAX = 2

export class Administration {
  readonly #random: Random
  readonly #principals: KnownPrincipals
  readonly #range: () => KeyRange
  #isSetUp = false
  #isOn = true
  /** The operations that give back what was taken, the oldest first. */
  readonly #taken: (readonly AccessOperation[])[] = []

  constructor(random: Random, principals: KnownPrincipals, range: () => KeyRange) {
    this.#random = random
    this.#principals = principals
    this.#range = range
  }

  /** Takes in what an operation gave. */
  learn(result: Result): void {
    if (result.status === 'ok' && result.kind === 'access-switch') this.#isSetUp = true
  }

  /** Draws operations that belong together; none before everything is set up. */
  draw(): readonly AccessOperation[] {
    const random = this.#random
    if (random.chance(this.#isSetUp ? SET_UP_AGAIN_SHARE : SET_UP_SHARE)) return this.#setUp()
    if (!this.#isSetUp) return []
    if (!this.#isOn && random.chance(0.5)) return [this.#switch(true)]
    const isFull = this.#taken.length >= TAKEN_MAX
    if (isFull || (this.#taken.length > 0 && random.chance(GIVE_BACK_SHARE))) return this.#taken.shift() ?? []
    return this.#change()
  }

  #switch(on: boolean): AccessOperation {
    this.#isOn = on
    return { kind: 'access-switch', on }
  }

  #setUp(): readonly AccessOperation[] {
    const { all, self } = this.#principals
    const others = all.filter((each) => each !== self)
    const principals = others.map((each) => this.#principal(each))
    return [...principals, ...others.flatMap((each) => this.#everythingOf(each)), this.#switch(true)]
  }

  #principal(principal: Uint8Array, administrator = false): AccessOperation {
    const name = utf8(`client ${this.#principals.all.indexOf(principal)}`)
    return { kind: 'access-principal', principal, name, administrator }
  }

  /** The grants of everything to a principal, and for other clients to act for it and it for them. */
  #everythingOf(principal: Uint8Array): readonly AccessOperation[] {
    const others = this.#principals.clients.filter((each) => each !== principal)
    const grant = (to: Uint8Array, granted: Granted): AccessOperation => ({
      kind: 'access-grant',
      principal: to,
      granted,
    })
    return [
      grant(principal, EVERYTHING),
      ...others.map((actFor) => grant(principal, { permissions: 0, actFor })),
    ]
  }

  #change(): readonly AccessOperation[] {
    const random = this.#random
    const { clients, self } = this.#principals
    const others = clients.filter((each) => each !== self)
    const kind = random.below(20)
    if (kind < 2) return [this.#switch(false)]
    if (kind < 5) return [this.#list()]
    if (kind < 6 || others.length === 0) return [this.#mistake()]
    const principal = random.pick(others)
    if (kind < 7) {
      this.#taken.push([this.#principal(principal), ...this.#everythingOf(principal)])
      return [{ kind: 'access-remove', principal }]
    }
    if (kind < 9) {
      this.#taken.push([this.#principal(principal)])
      return [this.#principal(principal, true)]
    }
    const granted: Granted =
      kind < 12
        ? { permissions: 0, actFor: random.pick(clients.filter((each) => each !== principal)) }
        : { permissions: random.between(1, PERMISSIONS_ALL), range: this.#range() }
    this.#taken.push([{ kind: 'access-grant', principal, granted }])
    return [{ kind: 'access-revoke', principal, granted }]
  }

  #list(): AccessOperation {
    const random = this.#random
    if (random.chance(0.4)) return { kind: 'access-list' }
    return { kind: 'access-list', principal: random.pick(this.#principals.clients), only: random.chance(0.5) }
  }

  /** An operation that the store refuses, whoever asks for it. */
  #mistake(): AccessOperation {
    const { self, clients } = this.#principals
    const kind = this.#random.below(4)
    if (kind < 1) return { kind: 'access-remove', principal: self }
    if (kind < 2) return { kind: 'access-remove', principal: NOBODY }
    if (kind < 3) return { kind: 'access-grant', principal: NOBODY, granted: EVERYTHING }
    const other = clients.find((each) => each !== self) ?? self
    const name = utf8(`client-${clients.indexOf(self)}`)
    return { kind: 'access-principal', principal: other, name, administrator: false }
  }
}

/** Draws what a client asks for that is no administrator: to see its rights, or to have more. */
export function drawOwnAccess(random: Random, { self }: KnownPrincipals): AccessOperation {
  if (random.chance(0.5)) return { kind: 'access-list', principal: self, only: true }
  return { kind: 'access-grant', principal: self, granted: EVERYTHING }
}
