// Pieces of forms. A field that is written in has a `data-key`, so that another one in its place never takes its text.

import { h } from './dom.mjs';

export const button = (text, onclick, { primary = false, disabled = false } = {}) =>
  h('button', { type: 'button', class: primary ? 'primary' : null, disabled, onclick }, text);
export const submit = (text, disabled = false) => h('button', { type: 'submit', class: 'primary', disabled }, text);
export const buttons = (...children) => h('p', { class: 'buttons' }, ...children);

export const form = (key, onsubmit, ...children) =>
  h('form', { class: 'card form', 'data-key': key, onsubmit }, ...children);
export const field = (label, control, hint) =>
  h('label', {}, h('span', {}, label), control, hint ? h('small', {}, hint) : null);
export const input = (name, attributes) => h('input', { name, 'data-key': name, ...attributes });
export const textarea = (name, attributes) => h('textarea', { name, 'data-key': name, ...attributes });
export const SECRET = { autocomplete: 'off', autocapitalize: 'none', spellcheck: 'false' };

// One of several, as radio buttons or check boxes have it: the mark first, then what it means.
export const option = (attributes, text, label = { class: 'check' }) =>
  h('label', label, h('input', attributes), h('span', {}, text));

// One step of several, which gets the focus when it comes, so that nobody has to look for it.
export const step = (name, attributes, ...children) =>
  h('div', { ...attributes, tabindex: -1, 'data-step': true, 'data-key': name }, ...children);

// What is done when a person asks for it: one thing at a time for each `state`, whose `problem` says why it failed.
// `before` and `after` show that it has begun and ended.
export const doing =
  (state, before, after = before) =>
  (work) =>
  async (event) => {
    event?.preventDefault();
    if (state.isBusy) return;
    Object.assign(state, { isBusy: true, problem: '' });
    const stood = state.step;
    const data = event?.type === 'submit' ? new FormData(event.currentTarget) : null;
    before();
    try {
      await work(data);
    } catch (error) {
      state.problem = error.message;
    }
    state.isBusy = false;
    await after();
    if (state.step !== stood) document.querySelector('[data-step]')?.focus();
  };
