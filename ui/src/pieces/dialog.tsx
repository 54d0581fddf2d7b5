// Dialogs and drawers: the browser's own, so that focus and Escape are right.
import type {ComponentChildren} from 'preact';
import {useLayoutEffect, useRef} from 'preact/hooks';

interface Props { kind?: 'box' | 'box large' | 'drawer' | 'palette'; label: string; close: () => void; children: ComponentChildren }

export function Dialog({kind = 'box', label, close, children}: Props) {
  const element = useRef<HTMLDialogElement>(null);
  const open = useRef(true);
  // Before the next key is read: whoever types on at once types into the dialog.
  useLayoutEffect(() => {
    const dialog = element.current!;
    const before = (dialog.getRootNode() as Document | ShadowRoot).activeElement;
    open.current = true;
    dialog.showModal();
    return () => {
      open.current = false;  // its event comes later, and is nobody's
      dialog.close();
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  return <dialog ref={element} class={kind} aria-label={label}
                 onCancel={(event) => { event.preventDefault(); close(); }}
                 onClose={() => { if (open.current) close(); }}
                 onClick={(event) => { if (event.target === element.current) close(); }}>
    {children}
  </dialog>;
}

interface ConfirmProps { title: string; text: string; action: string; confirm: () => void; close: () => void }
// Only for what cannot be undone.
export function Confirm({title, text, action, confirm, close}: ConfirmProps) {
  return <Dialog label={title} close={close}>
    <div>
      <h2>{title}</h2>
      <p class="soft wrap">{text}</p>
      <div class="ends">
        <button type="button" class="button" onClick={close}>Cancel</button>
        <button type="button" class="button danger" onClick={() => { close(); confirm(); }}>{action}</button>
      </div>
    </div>
  </Dialog>;
}
