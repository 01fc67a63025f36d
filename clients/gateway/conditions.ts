/**
 * Conditions of a request (RFC 9110, section 13): If-Match, If-None-Match and ?ifRevision, as a test of the
 * modification revision that the key has when the operation is executed. An entity tag is that revision in quotes.
 * A write whose condition cannot be evaluated is refused.
 */
import type { IncomingHttpHeaders } from 'node:http'
import { nearestName } from './nearest-name.ts'
import { Problem } from './problem.ts'

/** A test of a key's modification revision, which is 0 if the key does not exist. */
export interface RevisionTest {
  accepts(modRevision: number): boolean
  /** The only revision that it may accept, if the request names one; otherwise null. */
  readonly only: number | null
}

interface EntityTags {
  /** True if the list is `*`, which means any revision of an existing key. */
  readonly isAny: boolean
  /** The tags, without their quotes. */
  readonly strong: ReadonlySet<string>
  readonly weak: ReadonlySet<string>
}

/** Headers that begin like a condition, and that a write supports or, by RFC 9110, must ignore. */
const KNOWN_CONDITIONS = ['if-match', 'if-none-match']
const IGNORED_ON_WRITES = ['if-modified-since', 'if-range']
/** An element of a list of tags, which may be empty, and the comma or the end after it. */
const LIST_ELEMENT = /[ \t]*(?:(W\/)?"([\x21\x23-\x7e\x80-\xff]*)")?[ \t]*(?:,|$)/y

export const etag = (modRevision: number): string => `"${modRevision}"`

/**
 * Returns the test of a write; null if the request has no condition. Throws a problem for a condition that cannot be
 * evaluated.
 */
export function writeTest(headers: IncomingHttpHeaders, ifRevision: number | null): RevisionTest | null {
  refuseUnknownConditions(headers)
  const match = entityTags(headers['if-match'], 'If-Match')
  const noneMatch = entityTags(headers['if-none-match'], 'If-None-Match')
  if (match === null && noneMatch === null && ifRevision === null) return null
  const only = ifRevision ?? soleRevision(match) ?? (noneMatch?.isAny === true ? 0 : null)
  return {
    only,
    accepts: (modRevision) =>
      (ifRevision === null || modRevision === ifRevision) &&
      (match === null || matchesStrongly(match, modRevision)) &&
      (noneMatch === null || !matchesWeakly(noneMatch, modRevision)),
  }
}

/**
 * Evaluates a reader's conditions for an existing key: send the value, answer that the cached value is current, or
 * refuse.
 */
export function readOutcome(
  headers: IncomingHttpHeaders,
  modRevision: number,
): 'send' | 'not-modified' | 'revision-moved' {
  const match = entityTags(headers['if-match'], 'If-Match')
  if (match !== null && !matchesStrongly(match, modRevision)) return 'revision-moved'
  const noneMatch = entityTags(headers['if-none-match'], 'If-None-Match')
  return noneMatch !== null && matchesWeakly(noneMatch, modRevision) ? 'not-modified' : 'send'
}

/** Refuses conditions on a resource without entity tags. */
export function refuseConditions(headers: IncomingHttpHeaders): void {
  for (const name of KNOWN_CONDITIONS) {
    if (headers[name] !== undefined) {
      throw new Problem('bad-request', `${name} has no meaning here: only keys have entity tags`)
    }
  }
}

/** Refuses headers that a write does not support: ignoring them would look like success. */
function refuseUnknownConditions(headers: IncomingHttpHeaders): void {
  const refuse = (detail: string): never => {
    throw new Problem('bad-request', detail)
  }
  for (const name of Object.keys(headers)) {
    if (!/^if(-|$)/.test(name) || KNOWN_CONDITIONS.includes(name) || IGNORED_ON_WRITES.includes(name))
      continue
    if (name === 'if-unmodified-since') {
      // RFC 9110, 13.1.4: it is ignored if If-Match is present.
      if (headers['if-match'] !== undefined) continue
      refuse(
        'If-Unmodified-Since cannot be evaluated, because keys have no dates: use If-Match or ?ifRevision',
      )
    }
    const nearest = nearestName(name, KNOWN_CONDITIONS) ?? KNOWN_CONDITIONS.join(' or ')
    refuse(`there is no condition "${name.slice(0, 40)}": did you mean ${nearest}?`)
  }
  if (headers['content-range'] !== undefined)
    refuse('a value is always set as a whole: Content-Range is not supported')
  const coding = headers['content-encoding']
  if (coding !== undefined && coding.toLowerCase() !== 'identity') {
    throw new Problem('unsupported', 'a value is stored as bytes: Content-Encoding is not supported')
  }
}

function entityTags(header: string | undefined, name: string): EntityTags | null {
  if (header === undefined) return null
  if (header.trim() === '*') return { isAny: true, strong: new Set(), weak: new Set() }
  const strong = new Set<string>()
  const weak = new Set<string>()
  for (let at = 0; at < header.length; at = LIST_ELEMENT.lastIndex) {
    LIST_ELEMENT.lastIndex = at
    const element = LIST_ELEMENT.exec(header)
    if (element === null) {
      throw new Problem(
        'bad-request',
        `${name} must be "*" or a list of tags in double quotes, for example "5"`,
      )
    }
    const [, isWeak, tag] = element
    if (tag === undefined) continue
    if (isWeak === undefined) strong.add(tag)
    weak.add(tag)
  }
  if (weak.size === 0) throw new Problem('bad-request', `${name} is empty`)
  return { isAny: false, strong, weak }
}

const matchesStrongly = ({ isAny, strong }: EntityTags, modRevision: number): boolean =>
  modRevision > 0 && (isAny || strong.has(`${modRevision}`))

const matchesWeakly = ({ isAny, weak }: EntityTags, modRevision: number): boolean =>
  modRevision > 0 && (isAny || weak.has(`${modRevision}`))

function soleRevision(tags: EntityTags | null): number | null {
  if (tags === null || tags.strong.size !== 1) return null
  const [tag = ''] = tags.strong
  return /^[1-9]\d{0,14}$/.test(tag) ? Number(tag) : null
}
