/** Families of messages: those that look alike in a picture. Each has a colour, a shape and a word, so that no eye needs the colour. */

/** In the order in which a request meets them. */
export const MESSAGE_FAMILIES = [
  { family: 'request', word: 'request' },
  { family: 'pre-prepare', word: 'pre-prepare' },
  { family: 'prepare', word: 'prepare' },
  { family: 'commit', word: 'commit' },
  { family: 'reply', word: 'reply' },
  { family: 'checkpoint', word: 'checkpoint' },
  { family: 'view-change', word: 'view change' },
  { family: 'new-view', word: 'new view' },
  { family: 'other', word: 'catch-up and status' },
] as const

export type MessageFamily = (typeof MESSAGE_FAMILIES)[number]['family']

/** The family of a kind of message, by its name. */
export function familyOf(kind: string): MessageFamily {
  const own = MESSAGE_FAMILIES.find(({ family }) => family === kind)
  if (own !== undefined) return own.family
  if (kind.includes('new-view')) return 'new-view'
  if (kind.includes('view-change')) return 'view-change'
  return kind.includes('checkpoint') ? 'checkpoint' : 'other'
}

/** The outline of a family's mark around (0, 0), about 10 wide, as the path of an SVG. */
export const FAMILY_PATHS: Readonly<Record<MessageFamily, string>> = {
  request: 'M-4-5 6 0-4 5z',
  'pre-prepare': 'M-5-5H5V5H-5z',
  prepare: 'M-5 0A5 5 0 1 0 5 0A5 5 0 1 0-5 0z',
  commit: 'M0-6.5 6.5 0 0 6.5-6.5 0z',
  reply: 'M4-5-6 0 4 5z',
  checkpoint: 'M-3-6H3L6 0 3 6H-3L-6 0z',
  'view-change': 'M0-6 6 5H-6z',
  'new-view': 'M0-6 6-1.5 3.5 5.5H-3.5L-6-1.5z',
  other: 'M-5-1.5H5V1.5H-5z',
}
