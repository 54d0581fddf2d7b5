// Where one can go, and what this is.
import {session} from '../lib/api';
import {useHealth, useOpenAlerts} from '../lib/shared';
import {route} from '../lib/route';
import {logOut} from '../lib/session';
import {Icon, Mark} from '../pieces/icons';
import {viewOf, views} from './views';

function Footer() {
  const health = useHealth();
  const own = session.value;
  const ok = health.data?.status === 'ok';
  return <footer>
    <div>{own?.name} · {own?.role}</div>
    <div class={ok || !health.data ? 'dim' : 'bad-ink'}>
      {health.data ? `Budget ${health.data.version} · ${ok ? 'ok' : 'degraded'}` : ' '}</div>
    <div><button type="button" class="as-link" onClick={() => void logOut()}>Log out</button></div>
  </footer>;
}

export function Rail() {
  const open = useOpenAlerts();
  const here = viewOf(route.value.view).key;
  return <nav class="rail" aria-label="Main">
    <div class="brand"><Mark />Budget</div>
    {views.map(({key, name, icon}) =>
      <a key={key} class="nav" href={`#/${key}`} title={name}
         {...(key === here ? {'aria-current': 'page' as const} : {})}>
        <Icon name={icon} /><span>{name}</span>
        {key === 'alerts' && open.length > 0 && <> <span class="count">{open.length}<span class="hidden"> open</span></span></>}
      </a>)}
    <Footer />
  </nav>;
}
