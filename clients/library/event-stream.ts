/** Parses server-sent events from a stream of bytes, as far as a gateway uses them. */

export interface ServerEvent {
  /** The kind of the event; `message` where none is given. */
  readonly event: string
  readonly id: string | null
  readonly data: string
}

/** Yields the events of a stream; an incomplete event at its end is dropped. */
export async function* eventsIn(
  stream: AsyncIterable<Uint8Array>,
): AsyncGenerator<ServerEvent, void, undefined> {
  const decoder = new TextDecoder()
  let text = ''
  for await (const chunk of stream) {
    text += decoder.decode(chunk, { stream: true })
    const blocks = text.split('\n\n')
    text = blocks.pop() ?? ''
    for (const block of blocks) {
      const event = eventOf(block)
      if (event !== null) yield event
    }
  }
}

/** Returns the event of a block of lines; null for a comment, and for a block without data. */
function eventOf(block: string): ServerEvent | null {
  const fields = new Map<string, string>()
  for (const line of block.split('\n')) {
    const colon = line.indexOf(':')
    if (colon > 0) fields.set(line.slice(0, colon), line.slice(colon + 1).replace(/^ /, ''))
  }
  const data = fields.get('data')
  if (data === undefined) return null
  return { event: fields.get('event') ?? 'message', id: fields.get('id') ?? null, data }
}
