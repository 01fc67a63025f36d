/** One event of a stream of server-sent events. */

export interface ServerEvent {
  /** The kind of the event; `message` where none is given. */
  readonly event: string
  readonly id: string | null
  readonly data: string
}

/** Reads a block of lines, which an empty line ends; null for a comment, and for a block without data. */
export function eventIn(block: string): ServerEvent | null {
  let event = 'message'
  let id: string | null = null
  let data: string | null = null
  for (const line of block.split('\n')) {
    const [name = '', ...rest] = line.split(':')
    const value = rest.join(':').replace(/^ /, '')
    if (name === 'event') event = value
    else if (name === 'id') id = value
    else if (name === 'data') data = data === null ? value : `${data}\n${value}`
  }
  return data === null ? null : { event, id, data }
}
