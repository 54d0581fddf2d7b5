// <tekton-budget url="/budget">: the console inside another page. Its styles
// and its address stay its own; nothing of the host's is touched.
import {render} from 'preact';
import uplot from 'uplot/dist/uPlot.min.css';
import {base} from './lib/api';
import {watchDenials} from './lib/denials';
import {follow} from './lib/live';
import {embed, go, link} from './lib/route';
import {resume} from './lib/session';
import {paint, theme} from './lib/theme';
import {App} from './shell/app';
import baseStyle from './style/base.css';
import embedded from './style/embedded.css';
import pieces from './style/pieces.css';
import tokens from './style/tokens.css';
import views from './style/views.css';

let begun = false;

class TektonBudget extends HTMLElement {
  connectedCallback(): void {
    if (this.shadowRoot) return;
    // What the console knows of its server is kept once a page.
    if (begun) throw new Error('A page holds one <tekton-budget>.');
    begun = true;
    const root = this.attachShadow({mode: 'open'});
    root.adoptedStyleSheets = [tokens, baseStyle, pieces, views, uplot, embedded].map((text) => {
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(text);
      return sheet;
    });
    base.value = (this.getAttribute('url') ?? '').replace(/\/+$/, '');
    embed();
    const view = this.getAttribute('view');
    if (view) go(link(view));
    const wanted = this.dataset['theme'];
    if (theme.value === 'system' && (wanted === 'light' || wanted === 'dark')) theme.value = wanted;
    paint(this);
    watchDenials();
    follow();
    render(<App host={this} />, root);
    this.begin();
  }

  private begin(): void {
    resume().catch(() => setTimeout(() => this.begin(), 2000));
  }
}

customElements.define('tekton-budget', TektonBudget);
