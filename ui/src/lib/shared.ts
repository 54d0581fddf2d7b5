// What several views show of the server, read once for all of them.
import {api, ApiError} from './api';
import {useResource, type Resource} from './resource';
import type {Alert, Budget, Line, Page, Policy} from './types';

export interface Health { status: string; version: string; workers: number; components: Record<string, unknown> }
export const useHealth = (): Resource<Health> => useResource('health', () => api.get<Health>('/health'), ['alerts']);

export interface BudgetLines { budget: Budget; lines: Line[] }

export async function readLines(): Promise<BudgetLines[]> {
  const budgets = await api.all<Budget>('/api/budgets');
  const read = await Promise.all(budgets.map(async (budget): Promise<BudgetLines | null> => {
    try {
      return {budget, lines: await api.all<Line>(`/api/budgets/${encodeURIComponent(budget.id)}/summary`)};
    } catch (error) {
      // Removed since it was listed.
      if (error instanceof ApiError && error.status === 404) return null;
      throw error;
    }
  }));
  return read.filter((each) => each !== null);
}

export const useLines = () => useResource('lines', readLines, ['updates']);
export const usePolicies = () => useResource('policies', () => api.all<Policy>('/api/policies'), ['updates'], 1000);

export async function readAlerts(): Promise<Alert[]> {
  return (await api.get<Page<Alert>>('/api/alerts', {limit: 200})).items;
}

export const useAlerts = () => useResource('alerts', readAlerts, ['alerts']);

export const isOpen = (alert: Alert) => !alert.acknowledged;

export function useOpenAlerts(): Alert[] {
  return (useAlerts().data ?? []).filter(isOpen);
}

// The sum of a metric's samples, all of them or those with that label.
export function metric(text: string, name: string, label = ''): number {
  let total = 0;
  for (const line of text.split('\n')) {
    if (!line.startsWith(name)) continue;
    const rest = line.slice(name.length);
    if (rest[0] !== ' ' && rest[0] !== '{') continue;
    if (label && !rest.includes(label)) continue;
    total += Number(rest.slice(rest.lastIndexOf(' ') + 1));
  }
  return total;
}
