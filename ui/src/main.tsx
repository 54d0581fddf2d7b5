import {render} from 'preact';
import {watchDenials} from './lib/denials';
import {follow} from './lib/live';
import {resume} from './lib/session';
import {paint} from './lib/theme';
import {App} from './shell/app';
import './style/tokens.css';
import './style/base.css';
import './style/pieces.css';
import './style/views.css';
import 'uplot/dist/uPlot.min.css';

paint(document.documentElement);
watchDenials();
follow();
render(<App host={null} />, document.body);
// Without a server there is nobody to ask who is logged in: it is asked again.
function begin(): void {
  resume().catch(() => setTimeout(begin, 2000));
}
begin();
