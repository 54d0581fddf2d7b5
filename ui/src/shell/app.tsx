// The frame: rail, banner, the view that the address names.
import {useEffect, useLayoutEffect, useRef} from 'preact/hooks';
import {useSignal} from '@preact/signals';
import {offlineSince, session} from '../lib/api';
import {changed} from '../lib/live';
import {now} from '../lib/now';
import {onLink, route} from '../lib/route';
import {span} from '../lib/time';
import {Mark} from '../pieces/icons';
import {Toasts} from '../pieces/toast';
import {Login} from './login';
import {Palette} from './palette';
import {Rail} from './rail';
import {viewOf} from './views';

function Offline() {
  const since = offlineSince.value;
  if (since === null) return null;
  return <div class="offline" role="status">
    <span>Budget has not answered for {span(now.value - since)}. What you see is from before; it is asked again by itself.</span>
    <button type="button" onClick={() => changed('updates', 'alerts', 'allocations', 'prices')}>Ask now</button>
  </div>;
}

function Waiting() {
  return <div class="login"><div class="row-flex soft" role="status"><span class="brand"><Mark />Budget</span>
    {offlineSince.value === null ? <span class="hidden">Loading</span> : <span>cannot be reached. It is asked again every two seconds.</span>}
  </div></div>;
}

const wantsText = (event: KeyboardEvent) => {
  const target = event.composedPath()[0];
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
};

// `host`: the element that the console is embedded in; null when the page is its own.
export function App({host}: {host: HTMLElement | null}) {
  const palette = useSignal(false);
  const main = useRef<HTMLElement>(null);
  const {view} = route.value;
  const known = viewOf(view);
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      const asks = (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k';
      if (asks || (event.key === '/' && !wantsText(event) && !event.ctrlKey)) {
        if (!session.peek()) return;
        event.preventDefault();
        palette.value = true;
      }
    };
    const target: EventTarget = host ?? window;
    target.addEventListener('keydown', press as EventListener);
    return () => target.removeEventListener('keydown', press as EventListener);
  }, []);
  const first = useRef(true);
  useLayoutEffect(() => {
    if (!host) document.title = `${known.name} · Budget`;
    if (first.current) { first.current = false; return; }
    (host ?? window).scrollTo(0, 0);
    main.current?.focus({preventScroll: true});
  }, [view]);
  if (session.value === undefined) return <Waiting />;
  if (session.value === null) return <><Login titled={!host} /><Toasts /></>;
  const View = known.view;
  return <div onClick={onLink}>
    <a class="skip" href="#main" onClick={(event) => { event.preventDefault(); main.current?.focus(); }}>Skip to the content</a>
    <Offline />
    <div class="app">
      <Rail />
      <main ref={main} id="main" tabIndex={-1} class={known.wide ? 'wide' : ''}>
        <View openPalette={() => { palette.value = true; }} />
      </main>
    </div>
    {palette.value && <Palette close={() => { palette.value = false; }} />}
    <Toasts />
  </div>;
}
