// Tekton's slash commands, as the palette and the command line list them.
export const commands: {name: string; takes: string; does: string}[] = [
  {name: '/help', takes: '', does: 'What there is'},
  {name: '/budget', takes: '[BUDGET]', does: 'What is spent of each limit'},
  {name: '/limits', takes: '[BUDGET]', does: 'The policies and their limits'},
  {name: '/usage', takes: '[today|week|month] [by FIELD]', does: 'Spend and tokens, by a field'},
  {name: '/query', takes: 'FIELD=VALUE …', does: 'Calls that fit'},
  {name: '/models', takes: '[PROVIDER]', does: 'Models that were used, and what they cost'},
  {name: '/prices', takes: 'MODEL', does: 'Prices of models'},
  {name: '/recommend', takes: '[MODEL] [today|week|month]', does: 'Cheaper ways to do the same'},
  {name: '/analyze', takes: '[today|week|month] [FIELD=VALUE …]', does: 'What the numbers say'},
  {name: '/optimize', takes: '[today|week|month]', does: 'Where money could be saved'},
  {name: '/alerts', takes: '', does: 'Alerts that are open'},
  {name: '/refresh', takes: '', does: 'Read everything again'},
  {name: '/clear', takes: '', does: 'Empty this page'},
];
