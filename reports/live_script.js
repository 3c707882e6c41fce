(function () {
  'use strict';
  const at = id => document.getElementById(id);
  const ROWS = 50, ROWS_REFRESH_MS = 5000, TYPED_MS = 250, SAY_MS = 60000, DEAF_MS = 30000;
  const RETRY_MS = [1000, 2000, 5000, 10000];

  // ---- Parts are put in place by changing what is there, so that focus, scrolling, selected text and what
  // ---- is unfolded stay as they are.

  const keyOf = node => node.nodeType === Node.ELEMENT_NODE ? node.dataset.key : undefined;

  function become(have, want) {
    if (have.nodeType !== Node.ELEMENT_NODE) {
      if (have.data !== want.data) have.data = want.data;
      return;
    }
    for (const name of want.getAttributeNames())
      if (have.getAttribute(name) !== want.getAttribute(name)) have.setAttribute(name, want.getAttribute(name));
    for (const name of have.getAttributeNames())
      if (!want.hasAttribute(name) && !(name === 'open' && have.nodeName === 'DETAILS')) have.removeAttribute(name);
    childrenBecome(have, want);
  }

  function childrenBecome(have, want) {
    const keyed = new Map();
    for (const child of have.children) if (keyOf(child)) keyed.set(keyOf(child), child);
    let next = have.firstChild;
    for (const wanted of Array.from(want.childNodes)) {
      let found = keyOf(wanted) ? keyed.get(keyOf(wanted)) : next;
      if (!keyOf(wanted) && found && keyOf(found)) found = null;
      if (found && found.nodeType === wanted.nodeType && found.nodeName === wanted.nodeName) {
        if (found !== next) have.insertBefore(found, next);
        else next = next.nextSibling;
        become(found, wanted);
      } else {
        have.insertBefore(wanted, next);
      }
    }
    while (next) {
      const after = next.nextSibling;
      next.remove();
      next = after;
    }
  }

  function parsed(html) {
    const template = document.createElement('template');
    template.innerHTML = html;
    return template.content;
  }

  // A count is a button that narrows the rows to its state.
  function cardsPress(tree) {
    for (const card of tree.querySelectorAll('.counts li[class]')) {
      const button = document.createElement('button');
      button.type = 'button';
      button.dataset.state = card.className.replace(/^level-/, '');
      button.setAttribute('aria-pressed', String(button.dataset.state === state.value));
      button.append(...card.childNodes);
      card.append(button);
    }
  }

  // ---- What is said aloud: the verdict, when it becomes another kind of verdict, or once a minute.

  let saidKind = '', saidAt = 0;

  function verdictSay() {
    const header = at('verdict').querySelector('header'), heading = header && header.querySelector('h1');
    if (!heading || heading.textContent === at('said').textContent) return;
    const now = Date.now();
    if (header.className === saidKind && now - saidAt < SAY_MS) return;
    saidKind = header.className;
    saidAt = now;
    at('said').textContent = heading.textContent;
  }

  // ---- Parts arrive.

  const waiting = new Map(); // while nobody looks, only the newest of each part is kept
  let newest = '';

  function partsPlace() {
    for (const [name, html] of waiting) {
      const place = at(name);
      if (!place) return location.reload(); // another kind of page is served now
      if (name === 'title') {
        place.innerHTML = html;
        continue;
      }
      const tree = parsed(html);
      cardsPress(tree);
      localTimes(tree);
      childrenBecome(place, tree);
    }
    waiting.clear();
    verdictSay();
  }

  function partsTake(event) {
    const news = JSON.parse(event.data);
    newest = news.at;
    heardAt = Date.now();
    for (const name in news.parts) waiting.set(name, news.parts[name]);
    if (!document.hidden) {
      partsPlace();
      rowsRefresh();
    }
  }

  // ---- The connection, and what is said of it.

  let source = null, tries = 0, heardAt = 0, retry = 0, link = 'waits';

  const clock = when => when ? when.replace(/^.*T/, '').replace(/\..*$/, '') + ' UTC' : '';
  function ago(ms) {
    const s = Math.round(ms / 1000);
    return s < 60 ? s + ' s' : s < 3600 ? Math.floor(s / 60) + ' min' : Math.floor(s / 3600) + ' h ' + Math.floor(s / 60) % 60 + ' min';
  }

  function linkShow() {
    const last = newest ? 'Last change ' + clock(newest) + ', ' + ago(Date.now() - heardAt) + ' ago.' : '';
    const words = {waits: 'Connecting.', live: 'Live.', lost: 'Connection lost; trying again. What is below is old.',
      ended: 'The server has ended. What is below is the last state.',
      locked: 'The server here wants the token again: load this page anew to give it. What is below is old.'}[link];
    const text = words + (last ? ' ' + last : '');
    at('link').className = 'link ' + link;
    if (at('link-words').textContent !== text) at('link-words').textContent = text;
  }

  function linkIs(state) {
    link = state;
    document.body.classList.toggle('old', state !== 'live' && state !== 'waits');
    linkShow();
  }

  // An EventSource does not tell its status. Another process serves the page now, and knows no cookie of before.
  function lockedAsk() {
    fetch('api/status', {method: 'HEAD', cache: 'no-store', signal: AbortSignal.timeout(5000)})
      .then(reply => {
        if (link === 'live') return;
        if (reply.status === 401) linkIs('locked');
        else if (link === 'locked') linkIs('lost');
      })
      .catch(() => { if (link === 'locked') linkIs('lost'); });
  }

  function connect() {
    clearTimeout(retry);
    if (source) source.close();
    source = new EventSource('events');
    source.addEventListener('open', () => {
      tries = 0;
      heardAt = heardAt || Date.now();
      linkIs('live');
    });
    source.addEventListener('parts', event => {
      linkIs('live');
      partsTake(event);
      linkShow();
    });
    source.addEventListener('closing', () => {
      source.close();
      linkIs('ended');
      retry = setTimeout(connect, RETRY_MS[RETRY_MS.length - 1]);
    });
    source.addEventListener('error', () => {
      source.close();
      if (link !== 'ended' && link !== 'locked') linkIs('lost');
      retry = setTimeout(connect, RETRY_MS[Math.min(tries++, RETRY_MS.length - 1)]);
      lockedAsk();
    });
  }

  // A connection may be dead without a word: a computer slept, a cable was pulled.
  let askedAt = Date.now();
  setInterval(() => {
    linkShow();
    const now = Date.now();
    if (link !== 'live' || document.hidden || now - Math.max(heardAt, askedAt) < DEAF_MS) return;
    askedAt = now;
    fetch('api/status', {method: 'HEAD', cache: 'no-store', signal: AbortSignal.timeout(5000)})
      .catch(() => { linkIs('lost'); connect(); });
  }, 1000);

  document.addEventListener('visibilitychange', () => {
    if (document.hidden) return;
    partsPlace();
    rowsRefresh();
    if (link !== 'live') connect();
  });

  // ---- Rows.

  const words = at('words'), state = at('state'), list = at('rows');
  let from = 0, found = 0, askedRows = 0, asking = null, later = 0;

  // Which cells say what a row is of: those of an identity, else also the type of a record set or the problem.
  const ofKey = list.closest('.kind-0') ? [0, 4, 5] : [0, 2, 4, 5];

  function rowsShow(answer) {
    const tree = parsed(answer.html || '');
    for (const row of tree.children) {
      const cells = row.firstElementChild ? row.firstElementChild.children : [];
      row.dataset.key = ofKey.map(i => cells[i] ? cells[i].textContent : '').join('\n');
    }
    // Of rows that are alike in all of this only the first has a key.
    const seen = new Set();
    for (const row of tree.children) {
      if (seen.has(row.dataset.key)) delete row.dataset.key;
      else seen.add(row.dataset.key);
    }
    const open = Array.from(list.querySelectorAll('details[open]'));
    childrenBecome(list, tree);
    for (const row of open) localTimes(row);
    found = answer.found;
    from = answer.from;
    const until = Math.min(from + ROWS, found);
    at('shown').textContent = found === answer.total ? found + ' in all' : found + ' of ' + answer.total;
    at('pages').hidden = found <= ROWS;
    at('page').textContent = (found ? from + 1 : 0) + ' to ' + until + ' of ' + found;
    at('before').disabled = from === 0;
    at('after').disabled = until >= found;
  }

  function rowsAsk() {
    clearTimeout(later);
    later = 0;
    askedRows = Date.now();
    if (asking) asking.abort();
    const mine = asking = new AbortController();
    const query = new URLSearchParams({q: words.value, state: state.value, from, limit: ROWS});
    fetch('api/rows?' + query, {cache: 'no-store', signal: mine.signal})
      .then(reply => reply.ok ? reply.json() : Promise.reject(reply.status))
      .then(answer => {
        if (answer.found && answer.from >= answer.found) {
          from = 0;
          rowsAsk();
        } else {
          rowsShow(answer);
        }
      })
      .catch(() => {})
      .finally(() => { if (asking === mine) asking = null; });
  }

  // Once in a while, however often something changes.
  function rowsRefresh() {
    const due = askedRows + ROWS_REFRESH_MS - Date.now();
    if (due <= 0) rowsAsk();
    else if (!later) later = setTimeout(rowsAsk, due);
  }

  let typing = 0;
  function narrowed() {
    from = 0;
    for (const button of document.querySelectorAll('.counts button'))
      button.setAttribute('aria-pressed', String(button.dataset.state === state.value));
    rowsAsk();
  }
  words.addEventListener('input', () => {
    clearTimeout(typing);
    typing = setTimeout(narrowed, TYPED_MS);
  });
  words.addEventListener('keydown', event => {
    if (event.key !== 'Escape' || !words.value) return;
    event.preventDefault();
    words.value = '';
    narrowed();
  });
  state.addEventListener('change', narrowed);
  at('tools').addEventListener('submit', event => {
    event.preventDefault();
    clearTimeout(typing);
    narrowed();
  });
  at('clear').addEventListener('click', () => {
    words.value = state.value = '';
    narrowed();
  });
  function turn(by) {
    from = Math.max(0, from + by);
    rowsAsk();
    at('search').scrollIntoView({block: 'nearest'});
  }
  at('before').addEventListener('click', () => turn(-ROWS));
  at('after').addEventListener('click', () => turn(ROWS));
  at('verdict').addEventListener('click', event => {
    const card = event.target.closest('.counts button');
    if (!card) return;
    state.value = state.value === card.dataset.state ? '' : card.dataset.state;
    narrowed();
  });

  // ---- Orders, where the server takes them.

  at('controls').addEventListener('click', event => {
    const button = event.target.closest('button[data-order]');
    if (!button || (button.dataset.ask && !confirm(button.dataset.ask))) return;
    const order = button.dataset.order, rate = at('rate');
    const body = order === 'pace' ? new URLSearchParams({rate: rate.value}) : '';
    if (order === 'pace' && !rate.reportValidity()) return;
    button.disabled = true;
    fetch('api/' + order, {method: 'POST', body})
      .then(reply => reply.json())
      .then(answer => { at('answer').textContent = answer.said || answer.error || ''; })
      .catch(() => { at('answer').textContent = 'The order did not reach the server.'; })
      .finally(() => { button.disabled = false; });
  });

  connect();
})();
