/** Events of a run in words, and their order in time. */
import type { DiagramEvent } from '../../../../src/simulator/classics/space-time.ts'

/** Returns the event as a sentence without its end: `P0 sends TOKEN to P1`. */
export function eventText({ kind, process, peer, label }: DiagramEvent): string {
  switch (kind) {
    case 'send':
      return `P${process} sends ${label} to P${peer}`
    case 'receive':
      return `P${process} receives ${label} from P${peer}`
    case 'lost':
      return `${label} from P${process} to P${peer} is lost`
    case 'local':
      return `P${process} ${label}`
  }
}

/** Returns the event in few letters, for a line whose lane shows the process. */
export function briefText({ kind, peer, label }: DiagramEvent): string {
  switch (kind) {
    case 'send':
      return `→ P${peer} ${label}`
    case 'receive':
      return `← P${peer} ${label}`
    case 'lost':
      return `✗ ${label}`
    case 'local':
      return label
  }
}

/** The type of a message, the first word of its label. */
export const typeOf = ({ label }: DiagramEvent): string => label.split(' ')[0] ?? label

/** True if one event happened before another: the later one knows of it. */
export const happenedBefore = (one: DiagramEvent, other: DiagramEvent): boolean =>
  one !== other &&
  (one.vector[one.process] ?? 0) <= (other.vector[one.process] ?? 0) &&
  one.vector.some((count, id) => count !== other.vector[id])

export const isCrash = ({ kind, label }: DiagramEvent): boolean => kind === 'local' && label === 'crashes'
export const isRestart = ({ kind, label }: DiagramEvent): boolean => kind === 'local' && label === 'restarts'

/** The types of the messages of a run, in the order of their first appearance. */
export const typesOf = (events: readonly DiagramEvent[]): readonly string[] => [
  ...new Set(events.filter(({ kind }) => kind === 'send').map(typeOf)),
]
