// Budgets and policies, and what belongs to them: prices, providers, keys,
// settings.
import type {ComponentType} from 'preact';
import {route} from '../lib/route';
import {may} from '../lib/session';
import {Top} from '../pieces/top';
import type {ViewProps} from '../shell/views';
import {Keys} from '../keys/keys';
import {Prices} from '../prices/prices';
import {Providers} from '../providers/providers';
import {Settings} from '../settings/settings';
import {Tree} from './tree';

const parts: [string, string, ComponentType, boolean?][] = [
  ['', 'Budgets', Tree], ['prices', 'Prices', Prices], ['providers', 'Providers', Providers],
  ['keys', 'Keys', Keys, true], ['settings', 'Settings', Settings],
];

export function Budgets({openPalette}: ViewProps) {
  const here = route.value.rest[0] ?? '';
  const shown = parts.filter(([, , , admin]) => !admin || may('admin'));
  const [key, name, Part] = shown.find(([part]) => part === here) ?? shown[0]!;
  return <>
    <Top title={name} openPalette={openPalette} />
    <nav class="subnav" aria-label="Budgets">{shown.map(([part, title]) =>
      <a key={part} href={part ? `#/budgets/${part}` : '#/budgets'} {...(part === key ? {'aria-current': 'page' as const} : {})}>{title}</a>)}</nav>
    <Part />
  </>;
}
