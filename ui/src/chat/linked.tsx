// The assistant's words, with the things they name as links to where these are
// shown. Text stays text: nothing of it is read as HTML.
import type {ComponentChildren} from 'preact';
import {link} from '../lib/route';
import {isInstant, Times} from '../pieces/times';

export interface Names { policies: Set<string>; components: Set<string>; models: Set<string> }

function target(word: string, names: Names): string | null {
  if (/^req_\w+$/.test(word)) return link('usage', {record: word});
  if (names.policies.has(word)) return link('budgets', {policy: word});
  if (names.components.has(word)) return link('usage', {component: word});
  if (names.models.has(word)) return link('usage', {model: word});
  return null;
}

function inline(text: string, names: Names): ComponentChildren[] {
  return text.split(/(\d{4}-\d\d-\d\dT[\d:.]+Z|\*\*[^*\n]+\*\*|`[^`\n]+`|\$[\d,]+(?:\.\d+)?|[\w@][\w@:./-]*[\w])/).map((part, i) => {
    if (part.startsWith('**') && part.endsWith('**') && part.length > 4) return <b key={i}>{inline(part.slice(2, -2), names)}</b>;
    if (isInstant(part)) return <Times key={i} text={part} />;
    const bare = part.startsWith('`') && part.endsWith('`') ? part.slice(1, -1) : part;
    const where = /^\$\d/.test(bare) ? link('usage') : target(bare, names);
    if (where) return <a key={i} href={where}>{bare}</a>;
    return bare === part ? part : <code key={i} class="mono">{bare}</code>;
  });
}

// Paragraphs, headings and lists; nothing else of Markdown.
export function Linked({text, names}: {text: string; names: Names}) {
  return <div class="text">{text.split('\n').map((line, i) => {
    const item = /^\s*(?:[-*•]|\d+\.)\s+(.*)$/.exec(line);
    if (item) return <div key={i} class="item">{inline(item[1]!, names)}</div>;
    const heading = /^#{1,4}\s+(.*)$/.exec(line);
    if (heading) return <div key={i}><b>{inline(heading[1]!, names)}</b></div>;
    return <div key={i}>{line ? inline(line, names) : <br />}</div>;
  })}</div>;
}
