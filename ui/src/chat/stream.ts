// Server-sent events of an answer, as they come.
export interface Sent { event: string; data: string }

export async function* eventsOf(body: ReadableStream<Uint8Array>): AsyncGenerator<Sent> {
  const reader = body.pipeThrough(new TextDecoderStream() as unknown as ReadableWritablePair<string, Uint8Array>).getReader();
  let rest = '';
  let event = 'message';
  let data: string[] = [];
  for (;;) {
    const {value, done} = await reader.read();
    rest += value ?? '';
    const lines = rest.split(/\r\n|\n|\r/);
    rest = done ? '' : lines.pop()!;
    for (const line of lines) {
      if (line === '') {
        if (data.length > 0) yield {event, data: data.join('\n')};
        event = 'message';
        data = [];
      } else if (line.startsWith('event:')) event = line.slice(6).trim();
      else if (line.startsWith('data:')) data.push(line.slice(5).replace(/^ /, ''));
    }
    if (done) {
      if (data.length > 0) yield {event, data: data.join('\n')};
      return;
    }
  }
}
