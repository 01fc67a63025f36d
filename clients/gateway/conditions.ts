/**
 * Conditions of a request (RFC 9110, section 13): If-Match, If-None-Match and ?ifRevision, as a test of the
 * modification revision that the key has when the operation is executed. An entity tag is that revision in quotes.
 * A condition that cannot be evaluated is refused where it would protect a write.
 */
import type { IncomingHttpHeaders } from 'node:http'
import { nearestName } from './nearest-name.ts'
import { Problem } from './problem.ts'

/** A test of a key's modification revision, which is 0 where there is no such key. */
export interface RevisionTest {
  accepts(modRevision: number): boolean
  /** The one revision that it may accept, where the request names one; else null. */
  readonly only: number | null
}

interface EntityTags {
  /** The list is `*`: any revision of a key that exists. */
  readonly isAny: boolean
  /** Tags as they stand between their quotes. */
  readonly strong: ReadonlySet<string>
  readonly weak: ReadonlySet<string>
}

/** Headers that begin like a condition and that a write knows or, by RFC 9110, must ignore. */
const KNOWN_CONDITIONS = ['if-match', 'if-none-match']
const IGNORED_ON_WRITES = ['if-modified-since', 'if-range']
/** An element of a list of tags, which may be empty, and the comma or the end behind it. */
const LIST_ELEMENT = /[ \t]*(?:(W\/)?"([\x21\x23-\x7e\x80-\xff]*)")?[ \t]*(?:,|$)/y

export const etag = (modRevision: number): string => `"${modRevision}"`

/** The test of a write; null where the request sets no condition. Throws a problem for one that cannot be evaluated. */
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
 * Returns what a reader's conditions ask for a key that exists: its value, word that the reader has it, or a refusal.
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

/** Refuses conditions on what has no entity tag. */
export function refuseConditions(headers: IncomingHttpHeaders): void {
  for (const name of KNOWN_CONDITIONS) {
    if (headers[name] !== undefined) {
      throw new Problem('bad-request', `${name} has no meaning here: only keys have entity tags`)
    }
  }
}

/** Refuses headers that ask a write for what it would not do: silence would look like success. */
function refuseUnknownConditions(headers: IncomingHttpHeaders): void {
  const refuse = (detail: string): never => {
    throw new Problem('bad-request', detail)
  }
  for (const name of Object.keys(headers)) {
    if (!/^if(-|$)/.test(name) || KNOWN_CONDITIONS.includes(name) || IGNORED_ON_WRITES.includes(name))
      continue
    if (name === 'if-unmodified-since') {
      // RFC 9110, 13.1.4: it counts for nothing beside If-Match.
      if (headers['if-match'] !== undefined) continue
      refuse('If-Unmodified-Since cannot be evaluated, since keys have no dates: use If-Match or ?ifRevision')
    }
    const nearest = nearestName(name, KNOWN_CONDITIONS) ?? KNOWN_CONDITIONS.join(' or ')
    refuse(`there is no condition "${name.slice(0, 40)}": did you mean ${nearest}?`)
  }
  if (headers['content-range'] !== undefined)
    refuse('a value is set as a whole: Content-Range is not available')
  const coding = headers['content-encoding']
  if (coding !== undefined && coding.toLowerCase() !== 'identity') {
    throw new Problem('unsupported', 'a value is kept as its bytes are: Content-Encoding is not available')
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
      throw new Problem('bad-request', `${name} is "*" or a list of tags in double quotes, for example "5"`)
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
