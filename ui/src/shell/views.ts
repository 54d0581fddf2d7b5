// The tabs, in the order of the rail.
import type {ComponentType} from 'preact';
import {Dashboard} from '../dashboard/dashboard';
import {Usage} from '../usage/usage';

export interface ViewProps { openPalette: () => void }
export interface View { key: string; name: string; icon: string; view: ComponentType<ViewProps>; wide?: boolean }

export const views: View[] = [
  {key: 'dashboard', name: 'Dashboard', icon: 'dashboard', view: Dashboard},
  {key: 'usage', name: 'Usage', icon: 'usage', view: Usage, wide: true},
];

export function viewOf(key: string): View {
  return views.find((each) => each.key === key) ?? views[0]!;
}
