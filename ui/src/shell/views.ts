// The tabs, in the order of the rail.
import type {ComponentType} from 'preact';
import {Alerts} from '../alerts/alerts';
import {Allocations} from '../allocations/allocations';
import {Budgets} from '../budgets/budgets';
import {Chat} from '../chat/chat';
import {Cli} from '../cli/cli';
import {Dashboard} from '../dashboard/dashboard';
import {Team} from '../team/team';
import {Usage} from '../usage/usage';

export interface ViewProps { openPalette: () => void }
export interface View { key: string; name: string; icon: string; view: ComponentType<ViewProps>; wide?: boolean }

export const views: View[] = [
  {key: 'dashboard', name: 'Dashboard', icon: 'dashboard', view: Dashboard},
  {key: 'usage', name: 'Usage', icon: 'usage', view: Usage, wide: true},
  {key: 'budgets', name: 'Budgets', icon: 'budgets', view: Budgets},
  {key: 'alerts', name: 'Alerts', icon: 'alerts', view: Alerts},
  {key: 'allocations', name: 'Allocations', icon: 'allocations', view: Allocations},
  {key: 'cli', name: 'Command line', icon: 'cli', view: Cli},
  {key: 'chat', name: 'Budget Chat', icon: 'chat', view: Chat},
  {key: 'team', name: 'Team Chat', icon: 'team', view: Team},
];

export function viewOf(key: string): View {
  return views.find((each) => each.key === key) ?? views[0]!;
}
