/** Parses server-sent events from a stream of bytes, as far as a gateway uses them. */

import { eventIn, type ServerEvent } from '../api/event-block.ts'

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
      const event = eventIn(block)
      if (event !== null) yield event
    }
  }
}
