// This page's own settings, the server's state, and who changed what.
import {api, base, session} from '../lib/api';
import {useHealth} from '../lib/shared';
import {useResource} from '../lib/resource';
import {logOut} from '../lib/session';
import {theme, type Theme} from '../lib/theme';
import {full, moment, viewerZone} from '../lib/time';
import type {Page} from '../lib/types';
import {Badge, Card, Choice, Empty, Loaded} from '../pieces/basics';

const themes = [['system', 'As the system'], ['light', 'Light'], ['dark', 'Dark']] as const;

function Own() {
  const own = session.value;
  return <Card title="You" note={<button type="button" class="button push" onClick={() => void logOut()}>Log out</button>}>
    <div class="form"><dl class="facts-list">
      <dt>Key</dt><dd>{own?.name}</dd><dt>Role</dt><dd>{own?.role}</dd>
      {own?.expires_at && <><dt>Logged in until</dt><dd>{moment(own.expires_at)}</dd></>}
      <dt>Times are in</dt><dd>{viewerZone}</dd></dl>
      <div class="field"><span class="name">Theme</span>
        <Choice<Theme> label="Theme" options={themes} value={theme.value} choose={(value) => { theme.value = value; }} /></div></div>
  </Card>;
}

interface Component { status?: string; message?: string; file?: string }

function Server() {
  const health = useHealth();
  const license = document.querySelector<HTMLLinkElement>('link[rel=license]')?.href;
  return <Card title="Server"><Loaded of={health} lines={3}>{({status, version, workers, components}) => <div class="form"><dl class="facts-list">
    <dt>State</dt><dd><Badge tone={status === 'ok' ? 'ok' : 'bad'}>{status}</Badge></dd>
    <dt>Version</dt><dd>{version}</dd><dt>Workers</dt><dd>{workers}</dd>
    {Object.entries(components).map(([name, value]) => {
      const part = value as Component | boolean;
      if (typeof part === 'boolean') return part ? <div key={name} style={{display: 'contents'}}><dt>{name}</dt><dd>yes</dd></div> : null;
      return <div key={name} style={{display: 'contents'}}><dt>{name.replace(/^./, (first) => first.toUpperCase())}</dt>
        <dd>{part.status ?? ''} {part.file && <span class="mono dim">{part.file}</span>}{part.message && <div class="bad-ink">{part.message}</div>}</dd></div>;
    })}
    <dt>API</dt><dd><a href={`${base.value}/api/docs`} target="_blank" rel="noreferrer">described here</a></dd>
    {license && <><dt>This page contains</dt><dd><a href={license} target="_blank" rel="noreferrer">others’ work</a></dd></>}
  </dl></div>}</Loaded></Card>;
}

interface Entry { id: number | string; timestamp: string; who: string; method: string; path: string; status?: number; before: {name?: unknown} | null; after: {name?: unknown} | null }

function Audit() {
  const log = useResource('audit', () => api.get<Page<Entry>>('/api/audit', {limit: 50}), ['updates', 'allocations', 'prices']);
  return <Card title="Who changed what"><Loaded of={log} lines={4}>{({items}) => items.length === 0 ? <Empty>Nothing has been changed through the API.</Empty>
    : <div class="scroll-x" tabIndex={0} role="region" aria-label="Changes"><table><thead><tr><th>When</th><th>Who</th><th>What</th><th class="num">Answer</th></tr></thead>
      <tbody>{items.map((each) => <tr key={each.id}><td class="dim" title={full(each.timestamp)}>{moment(each.timestamp)}</td><td>{each.who}</td>
        <td class="wrap"><span class="mono">{each.method} {each.path}</span> <span class="dim">{String(each.after?.name ?? each.before?.name ?? '')}</span></td><td class="num dim">{each.status ?? ''}</td></tr>)}</tbody></table></div>}</Loaded></Card>;
}

export function Settings() {
  return <>
    <section class="grid g2"><Own /><Server /></section>
    <Audit />
  </>;
}
