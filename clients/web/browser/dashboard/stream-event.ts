/** One event of a stream of server-sent events. */

export interface StreamEvent {
  readonly event: string
  readonly id: string | null
  readonly data: string
}

/** Reads one block of a stream; null for a comment. */
export function eventIn(block: string): StreamEvent | null {
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
