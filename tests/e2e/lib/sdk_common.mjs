// What every client is asked, and how its stream is read.
export const schema = {type: 'object', properties: {city: {type: 'string'}}, required: ['city']};
export const prompt = 'Say something about the weather.';
export const messages = [{role: 'user', content: prompt}];
export const openaiTool = {type: 'function', function: {name: 'get_weather', parameters: schema}};
export const path = (component, provider = 'simulated') =>
  `/@${component};task_type=coding/${provider}`;

export async function collect(stream, read) {
  const told = {text: '', finish: undefined, input: undefined, output: undefined, events: []};
  for await (const event of stream) {
    told.events.push(event);
    const {text, ...rest} = read(event) ?? {};
    told.text += text ?? '';
    for (const [name, value] of Object.entries(rest)) if (value != null) told[name] = value;
  }
  return told;
}
