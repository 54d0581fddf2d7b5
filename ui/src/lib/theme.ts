// Light, dark, or as the system has it.
import {effect, signal} from '@preact/signals';

export type Theme = 'system' | 'light' | 'dark';
const name = 'budget.theme';
const stored = localStorage.getItem(name);

export const theme = signal<Theme>(stored === 'light' || stored === 'dark' ? stored : 'system');
// Grows when colours have changed: charts read theirs once.
export const colours = signal(0);

const system = matchMedia('(prefers-color-scheme: dark)');
system.addEventListener('change', () => { colours.value += 1; });

export const isDark = () => theme.value === 'dark' || (theme.value === 'system' && system.matches);

// On the element that holds the tokens.
export function paint(root: HTMLElement): void {
  effect(() => {
    if (theme.value === 'system') delete root.dataset['theme'];
    else root.dataset['theme'] = theme.value;
    if (theme.value === 'system') localStorage.removeItem(name);
    else localStorage.setItem(name, theme.value);
    queueMicrotask(() => { colours.value += 1; });
  });
}
