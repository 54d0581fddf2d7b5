// The bar above every view.
import type {ComponentChildren} from 'preact';
import {connected} from '../lib/live';
import {offlineSince} from '../lib/api';
import {theme} from '../lib/theme';

interface Props { title: string; openPalette: () => void; state?: string | undefined; children?: ComponentChildren }

const following = {system: 'light', light: 'dark', dark: 'system'} as const;
const names = {system: 'system', light: 'light', dark: 'dark'};

export function Top({title, openPalette, state, children}: Props) {
  const away = offlineSince.value !== null;
  const word = away ? 'Offline' : connected.value ? 'Live' : 'Every 4 s';
  return <div class="bar-top">
    <h1>{title}</h1>
    <span class={`live ${connected.value && !away ? '' : 'away'}`}>{state && !away ? `${word} · ${state}` : word}</span>
    <button type="button" class="button" onClick={openPalette}>Search or run <kbd class="wide-only">Ctrl K</kbd></button>
    <button type="button" class="button wide-only" title={`Theme: ${names[theme.value]}`} onClick={() => { theme.value = following[theme.value]; }}>
      Theme<span class="hidden">, now {names[theme.value]}</span></button>
    {children}
  </div>;
}
