// The time of day, as often as a minute's reading needs it.
import {signal} from '@preact/signals';

export const now = signal(Date.now());
setInterval(() => { if (!document.hidden) now.value = Date.now(); }, 5000);
document.addEventListener('visibilitychange', () => { now.value = Date.now(); });
