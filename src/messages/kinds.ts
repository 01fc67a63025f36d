/** The kinds of frames and their numbers on the wire. A number is never given to another kind. */
export const FRAME_KINDS = {
  request: 1,
  'pre-prepare': 2,
  prepare: 3,
  commit: 4,
  reply: 5,
  status: 6,
  fetch: 7,
  batch: 8,
  decision: 9,
  refusal: 10,
  inquiry: 11,
  report: 12,
  checkpoint: 16,
  'view-change': 17,
  'view-change-ack': 18,
  'new-view': 19,
  'page-fetch': 20,
  page: 21,
  'stable-checkpoint': 22,
  recall: 23,
  recollection: 24,
  exhibit: 25,
  'evidence-inquiry': 26,
  evidence: 27,
  'oral-view-change': 28,
  'oral-new-view': 29,
  'view-change-fetch': 30,
  'view-change-delivery': 31,
  'oral-recollection': 32,
  'mac-complaint': 33,
  'place-inquiry': 34,
  place: 35,
  hello: 64,
  welcome: 65,
  proof: 66,
  heartbeat: 67,
} as const

export type FrameKindName = keyof typeof FRAME_KINDS
export type FrameKind = (typeof FRAME_KINDS)[FrameKindName]

const NAMES = new Map<number, FrameKindName>(
  Object.entries(FRAME_KINDS).map(([name, number]) => [number, name as FrameKindName]),
)

export const isFrameKind = (number: number): number is FrameKind => NAMES.has(number)

export function kindName(kind: FrameKind): FrameKindName {
  return NAMES.get(kind) as FrameKindName
}
